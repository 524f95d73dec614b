"""No identifier in an uploaded file comes through: to no page, address, frame, log, store,
temporary file or export.

Files with hundreds of random texts (tests/support/canaries.py), wherever a file can hold an
identifier, are uploaded in a browser, and everything that the server sends and leaves is searched.

What is decided:

- The names of a machine's manufacturer and model are shown: they identify no person.
  They are the proof here that the search would find what is there.
- A file's name is the browser's to show while it sends the file, and it goes to the server with it:
  in the upload itself, and in the frames by which Streamlit's upload widget asks for a place for it
  and announces it.  The server sends it back in no frame, and writes it nowhere.
- Texts burned into the picture's pixels are the picture, and are shown.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, Request, Response, WebSocket

from tests.cases.builders import make_library
from tests.e2e.conftest import dashboard
from tests.e2e.expecting import expect
from tests.e2e.test_your_image import upload, wait_until_explained
from tests.support.canaries import Canaries, found_in, planted

pytestmark = pytest.mark.e2e
_PAGE = """() => {
  const texts = [document.title, location.href, document.cookie], trees = [document];
  for (const store of [localStorage, sessionStorage]) texts.push(JSON.stringify(store));
  while (trees.length) {
    const tree = trees.pop();
    texts.push(tree === document ? document.documentElement.outerHTML : tree.innerHTML);
    for (const e of tree.querySelectorAll("*")) {
      if (e.shadowRoot) trees.push(e.shadowRoot);
      if ("value" in e) texts.push(String(e.value));
    }
  }
  return texts.join("\\n");
}"""


class Collected:
    """What passes between a page and its server.  ``sent``: by the browser, the uploads' own bodies
    excepted.  ``received``: by the browser, in frames and in answers, static files excepted."""

    def __init__(self, page: Page) -> None:
        self.sent: list[bytes] = []
        self.received: list[bytes] = []
        self._answers: list[Response] = []
        page.on("websocket", self._watch)
        page.on("request", self._note)
        page.on("response", lambda answer: self._answers.append(answer))

    def _watch(self, socket: WebSocket) -> None:
        socket.on("framesent", lambda frame: self.sent.append(_bytes(frame)))
        socket.on("framereceived", lambda frame: self.received.append(_bytes(frame)))

    def _note(self, request: Request) -> None:
        is_upload = "/_stcore/upload_file/" in request.url and request.method != "DELETE"
        body = b"" if is_upload else request.post_data_buffer or b""
        self.sent.append(repr((request.url, request.headers)).encode() + body)

    def finish(self) -> None:
        """Read the answers' bodies, before the browser lets go of them."""
        while self._answers:
            answer = self._answers.pop()
            headers = answer.all_headers()
            self.received.append(repr(headers).encode())
            has_body = answer.ok and answer.status != 204 and "content-disposition" not in headers
            if has_body and "/static/" not in answer.url:
                self.received.append(answer.body())


def _bytes(frame: str | bytes) -> bytes:
    return frame.encode() if isinstance(frame, str) else frame


def test_no_identifier_in_a_file_is_found_anywhere(
    tmp_path: Path, tiny_weights: Path, visit: Callable[[str], Page],
    monkeypatch: pytest.MonkeyPatch, record_property: Callable[[str, object], None],
) -> None:  # fmt: skip
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))  # the server's
    canaries = Canaries(seed=2)
    every = planted(canaries)  # tests/cases/sources/test_upload.py reads all of them
    refused = [file for file in every if file.refused]
    files = [*(file for file in every if not file.refused), *refused[:2]]
    count = len(canaries.in_bytes([file.data for file in files]))
    assert count >= 200
    record_property("canaries", count)
    pages: list[bytes] = []
    library = make_library(tmp_path / "library")
    with dashboard(tmp_path, str(library), tiny_weights) as server:
        page = visit("about:blank")
        collected = Collected(page)
        page.goto(f"{server.url}/your_image?curves=none")
        for number, file in enumerate(files, start=1):
            expect(page.locator(f".st-key-own-file-{number - 1}")).to_be_visible()
            upload(page, file.name, file.data)
            expect(page.locator(f".st-key-own-file-{number}")).to_be_visible()
            # Until then the browser itself shows the name of the file that it sends.
            expect(page.locator(f".st-key-own-file-{number - 1}")).to_have_count(0)
            if file.refused:
                expect(page.get_by_text("The file").first).to_be_visible()
            else:
                wait_until_explained(page)
            collected.finish()
            whole = page.evaluate(_PAGE).encode()
            found = found_in(whole, canaries)
            assert len(set(map(_head, found))) == len(file.shown), found
            assert set(map(_head, found)) == set(file.shown)
            pages.append(b"" if file.shown else whole)
        page.get_by_role("button", name="Forget this image").click()
        expect(page.get_by_role("heading", name="Your image")).to_be_visible()
        pages.append(page.evaluate(_PAGE).encode())
        page.get_by_role("link", name="Compare").click()
        page.get_by_role("button", name="Score-CAM", exact=True).click()  # off: it takes long
        expect(page.get_by_text("All 4 panels ready.")).to_be_visible()
        for kind in ("PNG", "PDF"):
            with page.expect_download() as saved:
                page.get_by_role("button", name=f"Save for print ({kind})").click()
            saved.value.save_as(tmp_path / "exports" / kind)
        pages.append(page.evaluate(_PAGE).encode())
        collected.finish()
    left = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert tmp_path / "exports" / "PDF" in left
    assert tmp_path / "log.txt" in left
    assert [path for path in left if path.is_relative_to(tmp_path / "store")]
    for path in left:
        assert not found_in(path.read_bytes(), canaries), path
        assert not found_in(str(path.relative_to(tmp_path)).encode(), canaries)
    assert not found_in(b"\n".join(pages), canaries)

    names = "".join(file.name for file in files)
    sent = found_in(b"\n".join(collected.sent), canaries)
    assert sent, "the browser announces the file by its name"
    assert [one for one in sent if _head(one) not in names and one not in names] == []
    received = set(map(_head, found_in(b"\n".join(collected.received), canaries)))
    size = sum(map(len, collected.received)) / 2**20
    print(
        f"\n{count} canaries in {len(files)} files; {size:.1f} MiB received, {len(left)} files left"
    )
    assert received == {name for file in files for name in file.shown}


def _head(found: str) -> str:
    """The canary at the beginning of what was found."""
    return found[:16]
