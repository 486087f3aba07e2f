"""The serving table, and the lists that an algorithm answers with."""
