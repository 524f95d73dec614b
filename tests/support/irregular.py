"""What may have the name of a file and is none."""

from __future__ import annotations

import os
import socket
from pathlib import Path

NOT_REGULAR = ("pipe", "socket", "folder", "device", "link", "link to nothing")


def make_irregular(what: str, place: Path, aside: Path) -> None:
    """Put something that is no regular file at ``place``; ``aside``: a file outside."""
    place.parent.mkdir(parents=True, exist_ok=True)
    place.unlink(missing_ok=True)
    if what == "pipe":
        os.mkfifo(place)
    elif what == "socket":
        with socket.socket(socket.AF_UNIX) as one:
            here = os.getcwd()
            os.chdir(place.parent)  # the names of sockets have at most 108 bytes
            one.bind(place.name)
            os.chdir(here)
    elif what == "folder":
        place.mkdir()
    elif what == "device":
        place.symlink_to("/dev/zero")
    else:
        place.symlink_to(aside if what == "link" else aside / "nothing")
