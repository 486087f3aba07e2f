"""The command for people, and what it needs to work without data of its own."""
