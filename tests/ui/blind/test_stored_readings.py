"""Readings as a signed text: nothing of the truth is in it, and nothing else is read as one."""

from __future__ import annotations

import hashlib
import hmac
import json

import pytest
from hypothesis import given
from hypothesis import strategies as some

from xai_core.ui.blind import stored_readings
from xai_core.ui.blind.reading import Answer, CommittedReading, alias, point_mark
from xai_core.ui.blind.stored_readings import LIMIT, read, source_key, write

IDS = ("malignant/one", "benign/two", "benign/three")
SOURCE = source_key("library", IDS)
SECRET = "a secret"
READINGS = {
    IDS[0]: CommittedReading(
        Answer(1, 75, (point_mark("low", 10, 20.5), point_mark("recombined", 3, 4))), True
    ),
    IDS[1]: CommittedReading(Answer(0, 50)),
}


def signed(body: str, source: str = SOURCE, secret: str = SECRET) -> str:
    """A text of any content with a valid signature."""
    message = f"blind readings {source} {body}".encode()
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest() + body


def taken(text: object) -> dict[str, CommittedReading]:
    return read(text, SOURCE, SECRET, IDS)


def test_readings_are_read_as_they_were_written() -> None:
    text = write(READINGS, SOURCE, SECRET)
    assert taken(text) == READINGS
    assert list(taken(text)) == list(READINGS)
    assert write({}, SOURCE, SECRET) == ""
    assert text == signed(text[64:])


def test_a_text_holds_the_readers_answers_and_no_id() -> None:
    """An id may hold the truth: a folder called "malignant"."""
    text = write(READINGS, SOURCE, SECRET)
    assert json.loads(text[64:]) == [
        [alias(IDS[0]), 1, 75, [["low", 10, 20.5], ["recombined", 3, 4]], True],
        [alias(IDS[1]), 0, 50, [], False],
    ]
    assert not any(word in text for case_id in IDS for word in case_id.split("/"))
    assert SECRET not in text


def test_a_text_that_was_changed_is_none() -> None:
    text = write(READINGS, SOURCE, SECRET)
    for i in range(0, len(text), 3):
        changed = text[:i] + ("0" if text[i] != "0" else "1") + text[i + 1 :]
        assert taken(changed) == {}
    forged = text[:64] + json.dumps([[alias(IDS[2]), 1, 75, [], False]])
    assert taken(forged) == {}


def test_a_text_of_another_source_server_or_format_is_none() -> None:
    text = write(READINGS, SOURCE, SECRET)
    assert read(text, source_key("library", IDS[:2]), SECRET, IDS) == {}
    assert read(text, source_key("other", IDS), SECRET, IDS) == {}
    assert read(text, SOURCE, "another secret", IDS) == {}
    assert source_key("a", ["b", "c"]) != source_key("a", ["b,c"])


@pytest.mark.parametrize(
    "text",
    [
        None, 7, [], {}, b"x" * 100, "", "x", "x" * 64, "x" * 65, "\ud800" * 100,
        "x" * (LIMIT + 1), signed(""), signed("null"), signed("{}"), signed("7"), signed("[7]"),
        signed("[[]]"), signed("[" * 100_000), signed('["abcde"]'), signed("[[0, 1, 75, 3, true]]"),
    ],
    ids=range(20),
)  # fmt: skip
def test_anything_else_is_none(text: object) -> None:
    assert taken(text) == {}


@pytest.mark.parametrize(
    "entry",
    [
        [alias(IDS[0]), 2, 75, [], True], [alias(IDS[0]), None, 75, [], True],
        [alias(IDS[0]), "1", 75, [], True], [alias(IDS[0]), 1, 74, [], True],
        [alias(IDS[0]), 1, None, [], True], [alias(IDS[0]), 1, 75, [["low", 1]], True],
        [alias(IDS[0]), [1], 75, [], True], [alias(IDS[0]), 1, 75, [], True, 1],
        [IDS[0], 1, 75, [], True],  # an id is no alias
        ["0123456789", 1, 75, [], True],  # a case that is not of the source
    ],
)  # fmt: skip
def test_signed_entries_are_checked_all_the_same(entry: object) -> None:
    assert taken(signed(json.dumps([entry]))) == {}


def test_marks_nowhere_are_left_out() -> None:
    marks = [["low", 1, 2], ["low", -1, 2], ["low", "x", 2], ["other", 1, 2], ["low", 1e400, 2]]
    entry = [alias(IDS[0]), 1, 75, marks, "yes"]
    assert taken(signed(json.dumps([entry]))) == {
        IDS[0]: CommittedReading(Answer(1, 75, (point_mark("low", 1, 2),)), False)
    }


@given(some.text(max_size=200))
def test_random_text_is_none_and_raises_nothing(text: str) -> None:
    assert taken(text) == taken(signed(text.encode(errors="replace").decode())) == {}


def test_what_exceeds_the_limit_is_left_out_the_oldest_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stored_readings, "LIMIT", 200)
    ids = [f"case {n}" for n in range(20)]
    readings = {case_id: CommittedReading(Answer(0, 50)) for case_id in ids}
    text = write(readings, SOURCE, SECRET)
    assert len(text) <= 200
    kept = list(read(text, SOURCE, SECRET, ids))
    assert kept == ids[-len(kept) :]
    assert 1 <= len(kept) < 20
    longer = {case_id: readings[case_id] for case_id in ids[-len(kept) - 1 :]}
    assert write(longer, SOURCE, SECRET) == text
