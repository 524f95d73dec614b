"""Messages from the viewer to Python: one at a time."""

from __future__ import annotations

import pytest

from tests.viewer.conftest import Js

pytestmark = pytest.mark.e2e

_OUTBOX = """
const sent = [], timers = [];
const send = (name, message) => sent.push([name, message.value, message.id]);
const outbox = new Outbox(send, (act) => timers.push(act));
const values = () => sent.map(([name, value]) => [name, value]);
"""


def test_the_next_message_waits_for_the_answer_to_the_last(js: Js) -> None:
    body = """
      outbox.emit("levels", 1); outbox.emit("levels", 2);
      outbox.emit("marks", 3); outbox.emit("levels", 4);
      const before = values();
      outbox.answered(0); const unrelated = values();
      outbox.answered(sent[0][2]); const second = values();
      outbox.answered(sent[0][2]); outbox.answered(sent[1][2]); const third = values();
      outbox.answered(sent[2][2]); outbox.emit("levels", 5);
      return [before, unrelated, second, third, values()];
    """
    before, unrelated, second, third, last = js(_OUTBOX + body)
    assert before == unrelated == [["levels", 1]]
    assert second == [["levels", 1], ["marks", 3]]
    assert third == [["levels", 1], ["marks", 3], ["levels", 4]]
    assert last == [*third, ["levels", 5]]


def test_messages_that_replace_none_are_all_sent(js: Js) -> None:
    body = """
      for (const text of ["15", "7.5", "4"]) outbox.emit("own", text, false);
      outbox.answered(sent[0][2]); outbox.answered(sent[1][2]);
      return values();
    """
    assert js(_OUTBOX + body) == [["own", "15"], ["own", "7.5"], ["own", "4"]]


def test_an_answer_that_never_comes_holds_up_the_next_message_only_for_a_while(js: Js) -> None:
    body = """
      outbox.emit("levels", 1); outbox.emit("marks", 2);
      timers[0](); const second = values();
      timers[0](); outbox.emit("levels", 3);
      return [second, values()];
    """
    second, last = js(_OUTBOX + body)
    assert second == last == [["levels", 1], ["marks", 2]]


def test_nothing_is_sent_after_the_end(js: Js) -> None:
    body = """
      outbox.emit("levels", 1); outbox.emit("marks", 2);
      outbox.end(); timers[0]();
      return values();
    """
    assert js(_OUTBOX + body) == [["levels", 1]]
