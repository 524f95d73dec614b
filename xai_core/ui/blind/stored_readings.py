"""Committed readings as a text that a browser keeps: written, signed, read and checked.

The text holds the reader's own answers alone: the case's alias, class, confidence, marks, and
whether the model was shown.  Nothing of the truth is in it, and grades are computed anew.  It is
signed, since an answer opens the truth of its case: a text that was changed, or made elsewhere, is
no answer.  No Streamlit.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

from xai_core.types import CLASS_NAMES
from xai_core.ui.blind.reading import (
    CONFIDENCES,
    LOW,
    RECOMBINED,
    Answer,
    CommittedReading,
    alias,
    cases_by_alias,
    read_marks,
)

LIMIT = 2**18
"""The most characters of a text; more than 1000 readings, of which the oldest are left out."""
_VERSION = 1  # of the format
_DIGITS = 64  # of a signature
_ANY_PLACE = (math.inf, math.inf)  # the size of the picture is not known before the case is read


def source_key(name: str, case_ids: Iterable[str]) -> str:
    """Identifies a source of cases: readings of another one do not count."""
    parts = json.dumps([_VERSION, name, *case_ids])
    return hashlib.sha256(parts.encode()).hexdigest()


def write(readings: Mapping[str, CommittedReading], source: str, secret: str) -> str:
    """The signed text of ``readings``, by case id, the oldest first; empty if there are none.

    Args:
        readings: what the reader committed.
        source: see :func:`source_key`.
        secret: the key of the signature, known to the server alone.
    """
    entries: list[str] = []
    room = LIMIT - _DIGITS - 2
    for case_id, reading in reversed(tuple(readings.items())):
        entry = json.dumps(_entry(case_id, reading), separators=(",", ":"))
        room -= len(entry) + 1
        if room < 0:
            break
        entries.append(entry)
    if not entries:
        return ""
    body = f"[{','.join(reversed(entries))}]"
    return _signature(body, source, secret) + body


def _entry(case_id: str, reading: CommittedReading) -> list[Any]:
    answer = reading.answer
    marks = [[mark.picture, *mark.centre] for mark in answer.marks]
    return [alias(case_id), answer.class_index, answer.confidence, marks, reading.model_shown]


def read(
    text: object, source: str, secret: str, case_ids: Iterable[str]
) -> dict[str, CommittedReading]:
    """The readings in a text from a browser, by case id; none where it is not a text of
    :func:`write` with the same source and secret.

    Args:
        text: unchecked.
        source, secret: as of :func:`write`.
        case_ids: of the source; readings of other cases are left out.
    """
    if not isinstance(text, str) or not _DIGITS < len(text) <= LIMIT:
        return {}
    signature, body = text[:_DIGITS], text[_DIGITS:]
    expected = _signature(body, source, secret)
    if not hmac.compare_digest(signature.encode(errors="replace"), expected.encode()):
        return {}
    ids = cases_by_alias(case_ids)
    try:
        read_entries = [_read_entry(entry) for entry in json.loads(body)]
    except (TypeError, ValueError, KeyError, IndexError, RecursionError):
        return {}
    return {ids[key]: reading for key, reading in read_entries if key in ids}


def _read_entry(entry: Any) -> tuple[str, CommittedReading]:
    key, class_index, confidence, marks, model_shown = entry
    if class_index not in range(len(CLASS_NAMES)) or confidence not in CONFIDENCES:
        raise ValueError("no class or confidence that a reader can choose")
    from_browser = [{"picture": picture, "x": x, "y": y} for picture, x, y in marks]
    shapes = {LOW: _ANY_PLACE, RECOMBINED: _ANY_PLACE}
    answer = Answer(int(class_index), int(confidence), read_marks(from_browser, shapes))
    return str(key), CommittedReading(answer, model_shown is True)


def _signature(body: str, source: str, secret: str) -> str:
    message = f"blind readings {source} {body}".encode(errors="replace")
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
