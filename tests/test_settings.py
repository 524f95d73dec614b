"""Settings: read from the environment and validated, with a sentence for invalid values."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from xai_core.errors import BadSetting
from xai_core.settings import PRECOMPUTED, read_settings


def test_default_limit_and_precomputed_folder() -> None:
    settings = read_settings({})
    assert settings.store_limit == 2048 * 1024 * 1024
    assert settings.precomputed == PRECOMPUTED


def test_limit_and_precomputed_folder_from_the_environment() -> None:
    settings = read_settings({"XAI_STORE_LIMIT_MB": "3", "XAI_PRECOMPUTED": "made/before"})
    assert settings.store_limit == 3 * 1024 * 1024
    assert settings.precomputed == Path("made/before")


def test_older_name_of_the_precomputed_folder_is_read_after_the_newer_one() -> None:
    assert read_settings({"XAI_READY": "older"}).precomputed == Path("older")
    both = {"XAI_READY": "older", "XAI_PRECOMPUTED": "newer"}
    assert read_settings(both).precomputed == Path("newer")


@pytest.mark.skipif(sys.platform != "linux", reason="the cache folder of Linux")
def test_default_store_on_linux(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert read_settings({}).store == Path.home() / ".cache" / "xai-cesm"
    assert read_settings({"XDG_CACHE_HOME": "/c"}).store == Path("/c/xai-cesm")
    assert read_settings({"XDG_CACHE_HOME": "/c", "XAI_STORE": "/s"}).store == Path("/s")
    monkeypatch.setenv("XDG_CACHE_HOME", "/d")
    assert read_settings().store == Path("/d/xai-cesm")


def test_an_empty_value_is_the_default() -> None:
    names = (
        "CASES", "WEIGHTS", "STORE", "STORE_LIMIT_MB", "PRECOMPUTED", "READY", "DEVICE", "BATCH",
        "ENGINE", "THRESHOLD", "HOSTS", "SESSIONS",
    )  # fmt: skip
    assert read_settings({f"XAI_{name}": "" for name in names}) == read_settings({})


PATHS = ("XAI_WEIGHTS", "XAI_STORE", "XAI_PRECOMPUTED", "XAI_READY")


@pytest.mark.parametrize("name", PATHS)
@pytest.mark.parametrize("value", [" ", "\n", "a\nb", "\u202ex", "x" * 5000, "a/" + "x" * 256])
def test_what_is_no_path_is_told(name: str, value: str) -> None:
    with pytest.raises(BadSetting, match=rf"^{name} is '.{{1,250}}'; give the path of a"):
        read_settings({name: value})


@pytest.mark.parametrize("value", [".", "..", "/", "x"])
def test_short_paths_are_taken(value: str) -> None:
    assert read_settings({"XAI_STORE": value}).store == Path(value)


def test_a_path_may_begin_with_the_user_s_folder() -> None:
    settings = read_settings({"XAI_STORE": "~/kept", "XAI_WEIGHTS": "~/w.safetensors"})
    assert settings.store == Path.home() / "kept"
    assert settings.weights == Path.home() / "w.safetensors"
    with pytest.raises(BadSetting, match="XAI_STORE is '~no-such-user/x'; there is no user"):
        read_settings({"XAI_STORE": "~no-such-user/x"})


@pytest.mark.parametrize("value", ["0", "-1", "1.5", "2 GB", "1048577", "9" * 5000, "²", "٣"])
def test_invalid_limit_raises_bad_setting(value: str) -> None:
    with pytest.raises(BadSetting, match=r"XAI_STORE_LIMIT_MB .* from 1 to 1048576"):
        read_settings({"XAI_STORE_LIMIT_MB": value})


@pytest.mark.parametrize("name", ["XAI_BATCH", "XAI_SESSIONS"])
@pytest.mark.parametrize("value", ["0", "-1", "1.5", "x", "99999", "9" * 5000, "²", "٣", "１"])
def test_what_is_no_whole_number_raises_bad_setting(name: str, value: str) -> None:
    with pytest.raises(BadSetting, match=rf"^{name} is .{{1,50}}; give a whole number from 1 to"):
        read_settings({name: value})


def test_the_operating_point_is_the_weights_own_unless_set() -> None:
    assert read_settings({}).threshold is None
    assert read_settings({"XAI_THRESHOLD": ""}).threshold is None
    assert read_settings({"XAI_THRESHOLD": "0.3"}).threshold == 0.3


@pytest.mark.parametrize(
    "value",
    ["0", "1", "-0.2", "30 %", "30", "nan", "inf", "none", "1_0e-2", "٠.٣", "0." + 5000 * "x"],
)
def test_an_operating_point_that_is_no_probability_is_refused(value: str) -> None:
    with pytest.raises(BadSetting, match=r"^XAI_THRESHOLD is .{1,50}; give a probability above 0"):
        read_settings({"XAI_THRESHOLD": value})


def test_hosts_and_sessions() -> None:
    assert read_settings({}).hosts == ()
    assert read_settings({"XAI_HOSTS": " A.example.org, *.b.org,"}).hosts == (
        "a.example.org",
        "*.b.org",
    )
    assert read_settings({"XAI_SESSIONS": "3"}).sessions == 3


@pytest.mark.parametrize(
    "hosts",
    ["http://a.org", "a.org:80", "a.org/x", "*", "a.*.org", "a b", "é.org", "a" * 300, "*."],
)
def test_invalid_hosts_raise_bad_setting(hosts: str) -> None:
    with pytest.raises(BadSetting, match=r"XAI_HOSTS has .* without port"):
        read_settings({"XAI_HOSTS": hosts})


@pytest.mark.parametrize("value", ["0", "-1", "ten", "10001", "²", "9" * 5000])
def test_invalid_number_of_sessions_raises_bad_setting(value: str) -> None:
    with pytest.raises(BadSetting, match=r"XAI_SESSIONS is .* from 1 to 10000"):
        read_settings({"XAI_SESSIONS": value})
