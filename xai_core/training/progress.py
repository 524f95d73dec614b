"""The progress bar of a training run."""

from __future__ import annotations

import time
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

_SAY_EVERY = 30.0  # seconds


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
    console = Console(stderr=True)
    said = 0.0
    with Progress(*columns, console=console) as bar:

        def log(phase: str, fraction: float, loss: float) -> None:
            nonlocal said
            if phase not in tasks:
                recent.clear()
                tasks[phase] = bar.add_task(phase, total=1.0, loss=loss)
            recent.append(loss)
            mean = sum(recent) / len(recent)
            bar.update(tasks[phase], completed=fraction, loss=mean)
            # In a file the bar itself leaves no trace.
            if not console.is_terminal and time.monotonic() - said > _SAY_EVERY:
                said = time.monotonic()
                console.print(f"{phase}: {100 * fraction:.1f} %  loss {mean:.4f}", highlight=False)

        yield log
