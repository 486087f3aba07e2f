"""The command line: every verb and its arguments."""
