"""``python -m retailrec``."""

from retailrec.cli.verbs import app

app(prog_name="retailrec")
