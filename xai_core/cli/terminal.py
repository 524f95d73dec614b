"""Progress bars, error sentences and exit codes of the command line.

Progress bars go to standard error, so that standard output holds results only.  Exit codes: 0 for
success, 2 with one sentence for bad input, 130 after Ctrl-C.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import typer
from typer.core import TyperGroup

from xai_core.errors import XaiError
from xai_core.types import ProgressCallback


@contextmanager
def progress_bar(title: str) -> Iterator[ProgressCallback]:
    """A progress bar, drawn only on a terminal and removed at the end."""
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
    """Ctrl-C, with a sentence about how to continue."""


# What to give for an option's value, by pydantic's type of error and with its limits.
_GIVE = {
    "int_parsing": "a whole number",
    "int_parsing_size": "a smaller number",
    "int_from_float": "a whole number",
    "float_parsing": "a number",
    "greater_than_equal": "at least {ge:g}",
    "less_than_equal": "at most {le:g}",
    "value_error": "a name without a NUL character",  # the one that a path is refused for
}
_SHOWN = 60  # characters of a value in a sentence


def _usage_sentence(error: typer.TyperException) -> str:
    """What is wrong with the words of a command, and where it is explained, in one sentence."""
    text = error.format_message()
    faults: list[Any] = getattr(
        error.__cause__, "errors", list
    )()  # of pydantic, if a value is at fault
    give = _GIVE.get(faults[0]["type"]) if faults else None
    name = getattr(getattr(error, "param", None), "opts", [""])[0]
    if give and name:
        value = repr(str(faults[0]["input"]))[:_SHOWN]
        text = f"{name} is {value}; give {give.format(**faults[0].get('ctx', {}))}"
    context = getattr(error, "ctx", None)
    where = f"; see {context.command_path} --help" if context else ""
    return f"{' '.join(text.split()).rstrip('.')}{where}."


class SentenceGroup(TyperGroup):
    """Turns the project's errors into one line on standard error and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        """Run the verb.  Any other error is a defect of the program: its traceback is shown."""
        try:
            return super().invoke(ctx)
        except XaiError as error:
            typer.echo(" ".join(str(error).split()), err=True)
            raise typer.Exit(BAD_INPUT) from None
        except typer.TyperException as error:
            typer.echo(_usage_sentence(error), err=True)
            raise typer.Exit(BAD_INPUT) from None
        except EOFError as error:  # Typer would say "Aborted!" alone
            raise RuntimeError("A file ended before what its reader expected.") from error
        except OSError as error:
            if error.errno != errno.ENAMETOOLONG:
                raise
            typer.echo(
                "A name that was given is too long for this file system; most allow 255 bytes.",
                err=True,
            )
            raise typer.Exit(BAD_INPUT) from None
        except KeyboardInterrupt as stop:
            typer.echo(str(stop) or "Stopped; nothing was written to --out.", err=True)
            raise typer.Exit(INTERRUPTED) from None
