"""The command line."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from relay import logs
from relay.adapters.folder import StoreFolder
from relay.cli import is_loopback, main, parse_listen
from syncore.core.errors import Misused


@pytest.fixture(autouse=True)
def quiet_afterwards() -> Iterator[None]:
    """Take back what a command line did to the process's log."""
    loggers = [logging.getLogger(name) for name in (logs.LOGGER_NAME, "websockets")]
    before = [(logger.handlers, logger.propagate, logger.level) for logger in loggers]
    yield
    for logger, (handlers, propagate, level) in zip(loggers, before, strict=True):
        logger.handlers, logger.propagate = handlers, propagate
        logger.setLevel(level)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:8787", ("127.0.0.1", 8787)),
        ("[::1]:0", ("::1", 0)),
        ("example.org:443", ("example.org", 443)),
    ],
)
def test_addresses_are_read(text: str, address: tuple[str, int]) -> None:
    """Host and port, with brackets around an IPv6 address."""
    assert parse_listen(text) == address


@pytest.mark.parametrize("text", ["", "host", ":1", "host:", "host:x", "host:65536", "host:-1", "host:²"])
def test_what_is_no_address_is_refused(text: str) -> None:
    """Anything else is a clear error."""
    with pytest.raises(Misused):
        parse_listen(text)


def test_loopback_is_told_from_the_rest() -> None:
    """Names but localhost count as reachable from outside."""
    assert [is_loopback(host) for host in ("127.0.0.1", "127.9.9.9", "::1", "localhost")] == [True] * 4
    assert not any(is_loopback(host) for host in ("10.0.0.1", "::", "relay.example"))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--listen", "nowhere"], "no address"),
        (["--listen", "0.0.0.0:1"], "no TLS"),
        (["--certificate", "x.pem"], "go together"),
    ],
)
def test_wrong_arguments_exit_with_2(
    arguments: list[str], says: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A mistake in the arguments is told before anything is touched."""
    assert main(["serve", "--store", str(tmp_path / "store"), *arguments]) == 2
    assert says in capsys.readouterr().err
    assert not (tmp_path / "store").exists()


def test_a_store_in_use_exits_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A second relay on one store is told so."""
    with StoreFolder.open(tmp_path):
        assert main(["serve", "--store", str(tmp_path), "--listen", "127.0.0.1:0"]) == 1
    assert "another relay owns" in capsys.readouterr().err


def test_a_certificate_that_is_none_exits_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Files that are no certificate and key are told of."""
    (tmp_path / "x.pem").write_text("nothing")
    files = ["--certificate", str(tmp_path / "x.pem"), "--key", str(tmp_path / "x.pem")]
    assert main(["serve", "--store", str(tmp_path / "store"), "--listen", "0.0.0.0:0", *files]) == 1
    assert "cannot be used" in capsys.readouterr().err
