"""How the command line ends: 0, or 2 with one sentence for bad input, or 130 after Ctrl-C."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

from xai_core.errors import XaiError

BAD_INPUT = 2
INTERRUPTED = 130  # 128 + SIGINT, as shells expect


class Interrupted(KeyboardInterrupt):
    """Ctrl-C, with a sentence that says how to go on."""


class SentenceGroup(TyperGroup):
    """Turns the project's errors into one line on standard error and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the verb.  An error of another kind is a defect of ours and is shown whole."""
        try:
            return super().invoke(ctx)
        except XaiError as error:
            typer.echo(" ".join(str(error).split()), err=True)
            raise typer.Exit(BAD_INPUT) from None
        except KeyboardInterrupt as stop:
            typer.echo(str(stop) or "Stopped; nothing was written to --out.", err=True)
            raise typer.Exit(INTERRUPTED) from None
