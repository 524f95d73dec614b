"""What every answer of the web server obeys: which hosts it is served to, and its headers.

A page of another site can reach a server on this machine through the reader's browser: by a name
that it lets point here (DNS rebinding), or by opening the websocket itself.  Both are refused by
name, before Streamlit sees the request.  See docs/operating.md for the settings.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import streamlit
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from xai_core.errors import BadSetting
from xai_core.list_text import counted
from xai_core.settings import LOCAL_HOSTS, read_settings

ROUTER = Path(__file__).with_name("router.py")
"""The script that Streamlit runs for every session."""

_CLOSED = ("/_stcore/metrics", "/_stcore/agent/", "/_stcore/script-health-check")
"""Parts of Streamlit that this dashboard does not offer: figures about it, and remote control."""
_SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
_INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)


@cache
def headers() -> Mapping[str, str]:
    """The headers of every answer.

    The policy allows no other origin.  Streamlit needs styles written into the page and
    WebAssembly, and its components' scripts arrive as ``blob:``; its page's own inline scripts are
    allowed by digest.
    """
    page = Path(streamlit.__file__).parent / "static" / "index.html"
    digests = [
        base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        for text in _INLINE.findall(page.read_text(encoding="utf-8"))
    ]
    policy = {
        "default-src": "'self'",
        "script-src": " ".join(
            ["'self'", "'wasm-unsafe-eval'", "blob:", *(f"'sha256-{d}'" for d in digests)]
        ),
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "connect-src": "'self' data: blob:",
        "worker-src": "'self' blob:",
        "object-src": "'none'",
        "base-uri": "'self'",
        "form-action": "'self'",
        "frame-ancestors": "'none'",
    }
    return {
        "content-security-policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "x-content-type-options": "nosniff",
        "x-frame-options": "DENY",
        "referrer-policy": "no-referrer",
        "permissions-policy": "camera=(), geolocation=(), microphone=()",
        "cross-origin-opener-policy": "same-origin",
    }


def host_name(host: str) -> str | None:
    """The name in a Host header, lower case, without port; None where it is malformed."""
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port
    except ValueError:
        return None
    if parts.username is not None or parts.path or parts.query or parts.fragment:
        return None
    return None if parts.hostname is None else parts.hostname.rstrip(".")


def allows(hosts: Iterable[str], name: str | None) -> bool:
    """Whether the host ``name`` is one of ``hosts``; ``*.example.org`` is any host below it."""
    if name is None:
        return False
    return any(name.endswith(host[1:]) if host.startswith("*.") else name == host for host in hosts)


class Guard:
    """ASGI middleware: refuses wrong hosts, wrong origins, closed parts and too many sessions, and
    adds :func:`headers` to every answer."""

    def __init__(self, app: ASGIApp, hosts: tuple[str, ...] = (), sessions: int = 64) -> None:
        """``hosts``: served besides this machine's own names.  ``sessions``: open at once, at
        most."""
        self._app = app
        self._hosts = hosts
        self._sessions = sessions
        self._open = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI: one connection."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] in ("http.response.start", "websocket.http.response.start"):
                ours = [(name.encode(), value.encode()) for name, value in headers().items()]
                theirs = [
                    (name, value)
                    for name, value in message.get("headers", ())
                    if name.decode("latin-1").lower() not in headers()
                ]
                message = {**message, "headers": [*theirs, *ours]}
            await send(message)

        refusal = self._refusal(scope)
        if refusal is not None:
            status, sentence = refusal
            if scope["type"] == "websocket":
                await receive()  # websocket.connect
                await send({"type": "websocket.close", "code": 1008, "reason": sentence})
            else:
                await PlainTextResponse(sentence, status)(scope, receive, send_with_headers)
            return
        if scope["type"] == "http":
            await self._app(scope, receive, send_with_headers)
            return
        self._open += 1
        try:
            await self._app(scope, receive, send_with_headers)
        finally:
            self._open -= 1

    def _refusal(self, scope: Scope) -> tuple[int, str] | None:
        """The status and the sentence of a refused connection; None where it is served."""
        given = _values(scope, b"host")
        host = given[0] if len(given) == 1 else ""
        if not allows((*LOCAL_HOSTS, *self._hosts), host_name(host)):
            return 421, (
                "This dashboard does not answer to this host name. Its operator lists the allowed "
                "ones in XAI_HOSTS."
            )
        if scope["type"] == "websocket" or scope["method"] not in _SAFE_METHODS:
            origins = _values(scope, b"origin")
            if any(not self._is_own(origin, host) for origin in origins):
                return 403, "This dashboard answers to its own pages only."
        path = scope["path"]
        if any(part in f"{path}/" for part in _CLOSED):
            return 404, "There is nothing at this address."
        if scope["type"] == "websocket" and self._open >= self._sessions:
            return 503, (
                f"{counted(self._sessions, 'session is', 'sessions are')} open, which is the "
                "limit; close a tab, or try again later. The operator sets the limit with "
                "XAI_SESSIONS."
            )
        return None

    def _is_own(self, origin: str, host: str) -> bool:
        """Whether a page of ``origin`` may ask: one served from ``host`` itself, or one that the
        operator names, since a proxy may change the host."""
        try:
            own = urlsplit(origin)
        except ValueError:
            return False
        if own.scheme not in ("http", "https"):
            return False
        return own.netloc.lower() == host.lower() or allows(self._hosts, own.hostname)


def _values(scope: Scope, name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in scope["headers"] if key == name]


def middleware() -> list[Middleware]:
    """The middleware of the dashboard, by the settings of this process.

    Raises:
        SystemExit: a setting is not allowed; its message is the sentence.
    """
    try:
        settings = read_settings()
    except BadSetting as problem:
        raise SystemExit(str(problem)) from None
    return [Middleware(Guard, hosts=settings.hosts, sessions=settings.sessions)]


async def answer_error(request: Request, problem: Exception) -> PlainTextResponse:  # noqa: ARG001
    """The answer where the server itself failed: no detail, since the log has it."""
    return PlainTextResponse(
        "The dashboard could not answer; its log says why.", 500, headers=dict(headers())
    )
