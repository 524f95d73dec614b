"""A program for the fork server that is killed, as one whose decoder crashes."""

from __future__ import annotations

import os
import signal


def main(arguments: list[str]) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return 0
