"""``python -m retailrec``."""

from retailrec.cli import app

app(prog_name="retailrec")
