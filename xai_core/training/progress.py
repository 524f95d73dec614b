"""The progress bar of a training run."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)


@contextmanager
def training_bar() -> Iterator[Callable[[str, float, float], None]]:
    """A bar per phase on standard error; yields ``log(phase, fraction of it done, loss)``."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %  loss {task.fields[loss]:.3f}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    recent: deque[float] = deque(maxlen=50)
    tasks: dict[str, TaskID] = {}
    with Progress(*columns, console=Console(stderr=True)) as bar:

        def log(phase: str, fraction: float, loss: float) -> None:
            if phase not in tasks:
                recent.clear()
                tasks[phase] = bar.add_task(phase, total=1.0, loss=loss)
            recent.append(loss)
            bar.update(tasks[phase], completed=fraction, loss=sum(recent) / len(recent))

        yield log
