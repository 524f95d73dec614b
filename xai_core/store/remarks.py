"""What the store has to say to the user: each sentence once, while the results are shown anyway."""

from __future__ import annotations

import logging
import threading

_log = logging.getLogger(__name__)


class Remarks:
    """Sentences in the user's terms.  Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._said: dict[str, set[str]] = {}  # sentence -> the files it was said about

    def say(self, sentence: str, file: str = "") -> None:
        """Keep ``sentence``, and log it as a warning: once, or once for each ``file`` it is about.

        ``file``: a name without its folder; it goes to the log only.
        """
        with self._lock:
            files = self._said.setdefault(sentence, set())
            if file in files:
                return
            files.add(file)
        _log.warning("%s (%s)" if file else "%s%s", sentence, file)

    def said(self) -> tuple[str, ...]:
        """Every sentence so far, in the order they were first said."""
        with self._lock:
            return tuple(self._said)
