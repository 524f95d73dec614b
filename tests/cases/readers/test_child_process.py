"""The child process that decodes files: its limits, and what it contains."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from tests.cases.builders import encode, noise
from xai_core.cases.readers import child_process, fork_server, picture_child
from xai_core.cases.readers.child_process import AT_ONCE, MEMORY, SECONDS, write_answer
from xai_core.cases.readers.fork_server import ForkServers
from xai_core.cases.readers.raster import decode_picture, read_picture, read_raster
from xai_core.errors import UnreadableImage


def test_limits_are_a_gibibyte_and_ten_seconds() -> None:
    assert MEMORY <= 2**30
    assert SECONDS <= 10


def test_child_gives_what_this_process_would() -> None:
    data = encode(noise(top=4095))
    found, own = read_raster(data, "a.png"), decode_picture(data, "a.png")
    np.testing.assert_array_equal(found.image, own.image())
    assert found.image.dtype == np.float32
    assert not found.image.flags.writeable
    assert found.warnings == own.warnings
    assert found.header == own.header
    assert found.windowed == own.windowed


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limits")
def test_child_is_limited_in_memory_and_time() -> None:
    """The limits, asked for in a process that set them: they would stay on this one."""
    program = (
        "import resource as r; from xai_core.cases.readers.child_process import limit_resources;"
        f"limit_resources({2**30});"
        "print(r.getrlimit(r.RLIMIT_AS), r.getrlimit(r.RLIMIT_CPU))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert run.stdout.split() == [f"({2**30},", f"{2**30})", "(10,", "10)"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limits")
def test_picture_beyond_the_memory_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child_process, "MEMORY", 300 * 2**20)
    data = encode(np.zeros((8_000, 8_000, 3), np.uint8) + 7)
    with pytest.raises(UnreadableImage, match=r"^big\.png (does not fit|needs more|could not be)"):
        read_picture(data, "big.png")


def test_crashed_child_gives_a_sentence(
    monkeypatch: pytest.MonkeyPatch, servers: ForkServers
) -> None:
    monkeypatch.setattr(fork_server.sys, "executable", "/bin/false")
    with pytest.raises(UnreadableImage, match="limits of memory and time"):
        read_picture(encode(noise()), "a.png")


@pytest.mark.skipif(not fork_server.CAN_FORK, reason="this system cannot fork")
@pytest.mark.parametrize("whole", [True, False], ids=["the server", "its fork"])
def test_a_file_after_a_killed_process_is_read(
    monkeypatch: pytest.MonkeyPatch, servers: ForkServers, whole: bool
) -> None:
    """A decoder that crashes costs its own file alone."""
    good = encode(noise())
    read_picture(good, "a.png")
    if whole:
        os.killpg(servers._idle[0]._process.pid, signal.SIGKILL)
    else:
        killer = ["tests.cases.readers.killed_child", "a", "b"]
        assert servers.run(killer, wait=60) == -signal.SIGKILL
        assert len(servers._idle) == 1
    assert read_raster(good, "a.png").image.shape == noise().shape


@pytest.mark.skipif(not fork_server.CAN_FORK, reason="this system cannot fork")
def test_files_share_a_server_and_not_a_process(servers: ForkServers, tmp_path: Path) -> None:
    for name in ("first", "second"):
        path = tmp_path / name
        assert servers.run(["tests.cases.readers.reporting_child", str(path)], wait=60) == 0
    first, second = ((tmp_path / name).read_text().split() for name in ("first", "second"))
    assert first[0] != second[0], "two processes"
    assert first[1:] == second[1:] == [str(servers._idle[0]._process.pid), "0"], "one server"


@pytest.mark.skipif(not fork_server.CAN_FORK, reason="this system cannot fork")
def test_a_fork_of_this_process_has_servers_of_its_own(
    servers: ForkServers, tmp_path: Path
) -> None:
    """A pool of processes for training, for example: both would read the answers of one server."""
    words = ["tests.cases.readers.reporting_child", str(tmp_path / "fork")]
    assert servers.run(["tests.cases.readers.reporting_child", os.devnull], wait=60) == 0
    (kept,) = servers._idle
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            status = servers.run(words, wait=60)
            servers.end()
        finally:
            os._exit(status)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
    assert int((tmp_path / "fork").read_text().split()[1]) != kept._process.pid
    assert servers.run(["tests.cases.readers.reporting_child", os.devnull], wait=60) == 0
    assert servers._idle == [kept], "this process's goes on"


@pytest.mark.skipif(not fork_server.CAN_FORK, reason="this system cannot fork")
def test_servers_without_their_parent_end() -> None:
    program = (
        "from xai_core.cases.readers.fork_server import SERVERS; import os, signal;"
        "SERVERS.run(['tests.cases.readers.reporting_child', os.devnull], 60);"
        "print(SERVERS._idle[0]._process.pid, flush=True); os.kill(os.getpid(), signal.SIGKILL)"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    server = int(run.stdout)
    end = time.monotonic() + 60
    while Path(f"/proc/{server}").exists() and time.monotonic() < end:
        if Path(f"/proc/{server}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
            break  # ended, and nobody has asked for its status
        time.sleep(0.05)
    else:
        assert not Path(f"/proc/{server}").exists()


def test_a_file_that_takes_too_long_is_refused(
    monkeypatch: pytest.MonkeyPatch, servers: ForkServers
) -> None:
    monkeypatch.setattr(child_process, "WAIT_SECONDS", 0.01)  # no process starts so fast
    with pytest.raises(UnreadableImage, match="took longer than"):
        read_picture(encode(noise()), "slow.png")


def test_only_so_many_files_are_decoded_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    running, most = 0, 0
    lock, full = threading.Lock(), threading.Event()

    def run(*_: object) -> int:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
            if running >= AT_ONCE:
                full.set()
        full.wait(10)  # until as many run as may
        with lock:
            running -= 1
        return 1

    monkeypatch.setattr(child_process, "_run", run)

    def read() -> None:
        with pytest.raises(UnreadableImage):
            read_picture(b"x", "a.png")

    threads = [threading.Thread(target=read) for _ in range(3 * AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == AT_ONCE


def test_program_writes_image_or_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The program itself, without its limits: they would stay on the test process."""
    monkeypatch.setattr(picture_child, "limit_resources", lambda memory: None)
    path = tmp_path / "a.png"
    path.write_bytes(encode(noise()))
    assert picture_child.main([str(path), "a.png", str(tmp_path), "1"]) == 0
    np.testing.assert_allclose(np.load(tmp_path / "image.npy"), noise() / 255, atol=1e-6)
    path.write_bytes(b"text")
    assert picture_child.main([str(path), "a.png", str(tmp_path), "1"]) == 1
    assert "not a picture" in (tmp_path / "error.txt").read_text()


def test_answer_of_several_bands_is_whole(tmp_path: Path) -> None:
    words = np.random.default_rng(0).integers(0, 256, (5, 2**21), dtype=np.uint8)
    levels = (np.arange(256) / 255).astype(np.float32)
    write_answer(tmp_path, words, levels, {})
    np.testing.assert_array_equal(np.load(tmp_path / "image.npy"), levels[words])


@pytest.mark.parametrize("what", ["mkdir", "open"])
def test_a_full_folder_for_temporary_files_is_told_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    if what == "mkdir":
        monkeypatch.setattr(child_process.tempfile, "mkdtemp", full)
    else:
        monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(UnreadableImage, match=r"^a\.png cannot be opened: .*No space left"):
        read_picture(encode(noise(120, 90)), "a.png")
