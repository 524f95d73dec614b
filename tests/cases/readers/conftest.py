"""Fixtures of the readers' tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from xai_core.cases.readers import fork_server
from xai_core.cases.readers.fork_server import ForkServers


@pytest.fixture
def servers(monkeypatch: pytest.MonkeyPatch) -> Iterator[ForkServers]:
    """Servers of this test alone."""
    own = ForkServers()
    monkeypatch.setattr(fork_server, "SERVERS", own)
    yield own
    own.end()
