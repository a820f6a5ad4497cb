import logging
import os
import re
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paddock.durations import FOREVER
from paddock.settings import TRACE, Settings, connectable_url, server_url

SECOND = 1_000_000_000


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith(("PADDOCK_", "OLLAMA_")):
            monkeypatch.delenv(name)


def test_an_empty_environment_gives_the_defaults(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    settings = Settings()
    assert settings.models == tmp_path / ".paddock" / "models"
    assert settings.keep_alive == 300 * SECOND
    assert (settings.max_loaded_models, settings.max_queue, settings.num_parallel) == (0, 512, 0)
    assert settings.flash_attention is None
    assert settings.kv_cache_type == "f16"


def test_paddock_goes_before_ollama_and_an_empty_value_counts_as_absent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OLLAMA_MAX_QUEUE", "7")
    monkeypatch.setenv("PADDOCK_MAX_QUEUE", "")
    assert Settings().max_queue == 7
    monkeypatch.setenv("PADDOCK_MAX_QUEUE", "9")
    assert Settings().max_queue == 9


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("KEEP_ALIVE", "1m", 60 * SECOND),
        ("KEEP_ALIVE", "5m0s", 300 * SECOND),
        ("KEEP_ALIVE", "0", 0),
        ("KEEP_ALIVE", "-0", 0),
        ("KEEP_ALIVE", "120", 120 * SECOND),
        ("KEEP_ALIVE", "-1", FOREVER),
        ("KEEP_ALIVE", "-1m", FOREVER),
        ("KEEP_ALIVE", "99999999999999", FOREVER),
        ("LOAD_TIMEOUT", "0", FOREVER),
        ("LOAD_TIMEOUT", "-1m", FOREVER),
        ("LOAD_TIMEOUT", "90s", 90 * SECOND),
        ("NUM_PARALLEL", " '4' ", 4),
        ("NUM_PARALLEL", '  ""  ', 0),
        ("FLASH_ATTENTION", "TRUE", True),
        ("FLASH_ATTENTION", "f", False),
        ("FLASH_ATTENTION", "something", True),
        ("KV_CACHE_TYPE", "Q8_0", "q8_0"),
        ("HOST", "''x''", "x"),
    ],
)
def test_values_are_read_like_the_reference_reads_them(
    monkeypatch: pytest.MonkeyPatch, name: str, text: str, expected: object
) -> None:
    monkeypatch.setenv(f"OLLAMA_{name}", text)
    assert getattr(Settings(), name.lower()) == expected


@pytest.mark.parametrize(
    ("name", "text", "default"),
    [
        ("KEEP_ALIVE", "???", 300 * SECOND),
        ("KEEP_ALIVE", "1y", 300 * SECOND),
        ("KEEP_ALIVE", "1.5", 300 * SECOND),
        ("LOAD_TIMEOUT", "1y", 300 * SECOND),
        ("MAX_QUEUE", "0o10", 512),
        ("MAX_QUEUE", "-1", 512),
        ("MAX_QUEUE", "1_000", 512),
        ("CONTEXT_LENGTH", "lots", 0),
        ("GPU_OVERHEAD", str(2**64), 0),
    ],
)
def test_a_bad_value_is_reported_and_replaced_by_the_default(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    name: str,
    text: str,
    default: int,
) -> None:
    monkeypatch.setenv(f"PADDOCK_{name}", text)
    with caplog.at_level(logging.WARNING):
        assert getattr(Settings(), name.lower()) == default
    assert f"PADDOCK_{name}" in caplog.text
    assert repr(text) in caplog.text


def test_the_models_folder_may_start_with_a_tilde(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("OLLAMA_MODELS", "~/weights")
    assert Settings().models == tmp_path / "weights"


def test_arguments_go_before_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PADDOCK_MODELS", "elsewhere")
    assert Settings(models=tmp_path).models == tmp_path


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        Settings().max_queue = 3  # type: ignore[misc]


def test_a_setting_that_is_none_is_refused() -> None:
    with pytest.raises(TypeError, match="max_queu"):
        Settings(max_queu=3)


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("DEBUG", "1", logging.DEBUG),
        ("DEBUG", "true", logging.DEBUG),
        ("DEBUG", "2", TRACE),
        ("DEBUG", "99", TRACE),
        ("DEBUG", "0", logging.INFO),
        ("DEBUG", "-2", logging.ERROR),
        ("NOHISTORY", "yes", True),
        ("GO_TEMPLATE", "0", False),
        ("EDITOR", " 'nano -w' ", "nano -w"),
    ],
)
def test_what_the_command_line_reads_is_read_alike(
    monkeypatch: pytest.MonkeyPatch, name: str, text: str, expected: object
) -> None:
    monkeypatch.setenv(f"OLLAMA_{name}", text)
    assert getattr(Settings(), name.lower()) == expected


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("", "http://127.0.0.1:11434"),
        (":1234", "http://:1234"),
        ("example.com", "http://example.com:11434"),
        ("http://example.com", "http://example.com:80"),
        ("HTTPS://example.com/api/", "https://example.com:443/api"),
        ("::1", "http://[::1]:11434"),
        ("[::1]:1337", "http://[::1]:1337"),
        ("host:99999", "http://host:11434"),
        ("host:", "http://host:11434"),
        ("'1.2.3.4'", "http://1.2.3.4:11434"),
        ("ollama.com", "https://ollama.com:443"),
    ],
)
def test_a_host_becomes_a_url(host: str, url: str) -> None:
    assert server_url(host) == url


@pytest.mark.parametrize(
    ("url", "dialled"),
    [
        ("http://0.0.0.0:1234", "http://127.0.0.1:1234"),
        ("http://[::]:1234/path", "http://[::1]:1234/path"),
        ("http://:1234", "http://127.0.0.1:1234"),
        ("https://example.com:443", "https://example.com:443"),
    ],
)
def test_a_server_that_listens_everywhere_is_dialled_here(url: str, dialled: str) -> None:
    assert connectable_url(url) == dialled


@given(st.text(alphabet="ab.:/[]09\"' "))
def test_any_host_becomes_a_url_that_stays_the_same(text: str) -> None:
    url = server_url(text)
    assert re.match(r".+://.*:\d+", url)
    assert server_url(url).rstrip("/") == url.rstrip("/")


@pytest.mark.parametrize("value", [-1, 0.5, None])
def test_a_number_of_the_caller_that_counts_nothing_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="max_queue must be a whole number from 0 on"):
        Settings(max_queue=value)
