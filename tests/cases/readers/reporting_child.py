"""A program for the fork server that writes its process, its parent and its runs before."""

from __future__ import annotations

import os
from pathlib import Path

runs = 0


def main(arguments: list[str]) -> int:
    global runs
    Path(arguments[0]).write_text(f"{os.getpid()} {os.getppid()} {runs}")
    runs += 1
    return 0
