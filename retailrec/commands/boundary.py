"""The outermost layer of the command: errors become one red sentence and an exit code."""

import sys
from io import TextIOWrapper
from typing import Any

from typer import Exit
from typer.core import TyperGroup

from retailrec.client.place import Place, choose
from retailrec.client.problems import explain
from retailrec.views.screen import complain

INTERRUPTED = 130  # 128 + SIGINT, as shells count


class Commands(TyperGroup):
    """A group of commands that prints every error as a sentence, except in debug mode."""

    def invoke(self, ctx: Any) -> Any:
        """Run the chosen command; errors go to stderr, with exit code 1."""
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, TextIOWrapper):  # a description may not fit the terminal's encoding
                stream.reconfigure(errors="replace")
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as interrupt:
            raise Exit(INTERRUPTED) from interrupt
        except (Exit, BrokenPipeError):
            raise
        except Exception as error:
            if ctx.params.get("debug") or _is_usage(error):
                raise
            complain(explain(error))
            raise Exit(1) from error
        finally:
            choose(Place())


def _is_usage(error: Exception) -> bool:
    """Return whether this is a usage error, which typer itself explains."""
    return hasattr(error, "exit_code")
