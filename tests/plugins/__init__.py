"""What the gate adds to pytest: a verb for each test, drawn order, limited processor time, no unseen skip."""
