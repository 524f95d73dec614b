"""The dashboard and the command line ask nobody: no connection leaves this machine, none is missed.

Where the machine allows it, they run in a network namespace that has the loopback alone (``unshare
--net``), so that everything must work without a network, and under ``strace``, so that every
attempt to reach something else is seen.
"""

from __future__ import annotations

import ipaddress
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.e2e.conftest import ROOT

pytestmark = pytest.mark.e2e

# Brings the namespace's loopback up (SIOCGIFFLAGS, SIOCSIFFLAGS; IFF_UP), then becomes the command.
_LOOPBACK_UP = """
import fcntl, os, socket, struct, sys
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
    name, flags = struct.unpack("16sH14x", fcntl.ioctl(s, 0x8913, struct.pack("16sH14x", b"lo", 0)))
    fcntl.ioctl(s, 0x8914, struct.pack("16sH14x", name, flags | 1))
os.execv(sys.argv[1], sys.argv[1:])
"""
_TRUE = shutil.which("true") or ""
_ADDRESS = re.compile(
    r"sin6?_port=htons\((?P<port>\d+)\).*?"
    r"(?:sin_addr=inet_addr\(\"(?P<four>[^\"]+)\"|inet_pton\(AF_INET6, \"(?P<six>[^\"]+)\")"
)


def _works(*command: str) -> bool:
    return (
        shutil.which(command[0]) is not None
        and not subprocess.run([*command, _TRUE], capture_output=True, check=False).returncode
    )


def _namespace() -> list[str]:
    """The beginning of a command that runs in a namespace of its own; empty where none can be."""
    for how in (["unshare", "--net"], ["unshare", "--map-root-user", "--net"]):
        found = [*how, sys.executable, "-c", _LOOPBACK_UP]
        if _works(*found):
            return found
    return []


def _tracing(log: Path) -> list[str]:
    """The beginning of a command whose use of the network is logged; empty where it cannot be."""
    how = ["strace", "-f", "-qq", "-o", str(log), "-e",
           "trace=connect,sendto,sendmsg,sendmmsg"]  # fmt: skip
    faster = [*how[:1], "--seccomp-bpf", *how[1:]]
    return next((found for found in (faster, how) if _works(*found)), [])


def outgoing(trace: str) -> list[str]:
    """The lines of a trace that name an address outside this machine, or ask for a name (DNS)."""
    found = []
    for line in trace.splitlines():
        for address in _ADDRESS.finditer(line):
            host = ipaddress.ip_address(address["four"] or address["six"])
            if not host.is_loopback or address["port"] in ("53", "5353"):
                found.append(line)
    return found


def test_lines_that_leave_this_machine_are_told_apart() -> None:
    v4 = '7 connect(3, {sa_family=AF_INET, sin_port=htons(%d), sin_addr=inet_addr("%s")}, 16) = 0'
    v6 = (
        "7 connect(3, {sa_family=AF_INET6, sin6_port=htons(%d), sin6_flowinfo=htonl(0), "
        'inet_pton(AF_INET6, "%s", &sin6_addr), sin6_scope_id=0}, 28) = 0'
    )
    leaving = [v4 % (443, "192.0.2.1"), v4 % (53, "127.0.0.53"), v6 % (80, "2001:db8::1")]
    staying = [v4 % (8501, "127.0.0.1"), v6 % (8501, "::1"), "7 sendto(3, ..., NULL, 0) = 5",
               '7 connect(3, {sa_family=AF_UNIX, sun_path="/run/x"}, 110) = 0']  # fmt: skip
    assert outgoing("\n".join([*staying, *leaving])) == leaving


@pytest.mark.skipif(sys.platform != "linux", reason="namespaces and strace are Linux's")
def test_nothing_is_sent_and_nothing_is_missed(tmp_path: Path, tiny_weights: Path) -> None:
    log = tmp_path / "trace.txt"
    isolated, traced = _namespace(), _tracing(log)
    if not isolated and not traced:
        pytest.skip("neither unshare --net nor strace can be used here: missing, or forbidden")
    command = [sys.executable, "-m", "tests.e2e.session_client", str(tmp_path), str(tiny_weights)]
    if traced:  # a path, since the namespace's command is not looked up
        traced[0] = shutil.which(traced[0]) or traced[0]
    store = {"XAI_STORE": str(tmp_path / "command's store")}
    done = subprocess.run(
        [*isolated, *traced, *command], cwd=ROOT, env={**os.environ, **store}, timeout=600,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "drawn and explained" in done.stdout
    if traced:
        trace = log.read_text(encoding="utf-8", errors="replace")
        assert re.search(r"connect\(.*127\.0\.0\.1", trace), "the client's own is seen"
        assert outgoing(trace) == []
    print(
        f"\nnamespace: {'yes' if isolated else 'no'}; "
        f"traced: {f'{len(trace.splitlines())} calls' if traced else 'no'}"
    )
