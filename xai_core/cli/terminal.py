"""How the command line talks: progress bars, sentences, exit codes.

Progress bars on standard error, so that standard output holds results only.

How the command line ends: 0, or 2 with one sentence for bad input, or 130 after Ctrl-C."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer
from typer.core import TyperGroup

from xai_core.errors import XaiError
from xai_core.types import ProgressCallback


@contextmanager
def progress_bar(title: str) -> Iterator[ProgressCallback]:
    """A bar that is drawn on a terminal only and goes away at the end."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as bar:
        task = bar.add_task(title, total=None)

        def advance(done: int, total: int, what: str = "") -> None:
            text = f"{title} {what}".strip()
            bar.update(task, completed=done, total=total, description=text)

        yield advance


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
