"""What the gate adds to pytest: a drawn order, a limit of processor time, and no skip that goes unseen."""
