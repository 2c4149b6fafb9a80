"""What a relay writes to standard error."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from relay import logs


@pytest.fixture(autouse=True)
def quiet_afterwards() -> Iterator[None]:
    """Take back what configuring did to the process's log."""
    loggers = [logging.getLogger(name) for name in (logs.LOGGER_NAME, "websockets")]
    before = [(logger.handlers, logger.propagate, logger.level) for logger in loggers]
    yield
    for logger, (handlers, propagate, level) in zip(loggers, before, strict=True):
        logger.handlers, logger.propagate = handlers, propagate
        logger.setLevel(level)


def test_log_lines_have_their_facts_in_both_forms() -> None:
    """People read name=value behind the message, programs one JSON object with a trace where there is one."""
    record = logging.LogRecord("x", logging.INFO, "", 0, "listening", None, None)
    record.__dict__.update(logs.facts(address="ws://x", count=3))
    assert logs.PlainFormatter().format(record).endswith("INFO listening address=ws://x count=3")
    error = ValueError("bad")
    record.exc_info = (ValueError, error, None)
    line = logs.JsonFormatter().format(record)
    assert "\n" not in line
    fields = json.loads(line)
    assert (fields["event"], fields["level"], fields["count"]) == ("listening", "info", 3)
    assert "ValueError: bad" in fields["trace"]


def test_a_line_without_facts_is_the_message_alone() -> None:
    """Facts are optional, arguments are filled in, and the JSON form says when and how serious."""
    record = logging.LogRecord("x", logging.WARNING, "", 0, "stopped after %d", (3,), None)
    record.created = 1_700_000_000.25
    assert logs.PlainFormatter().format(record).endswith("WARNING stopped after 3")
    assert json.loads(logs.JsonFormatter().format(record)) == {
        "time_ms": 1_700_000_000_250,
        "level": "warning",
        "event": "stopped after 3",
    }


def test_json_takes_every_fact() -> None:
    """A fact that JSON has no form for is written as text, and line breaks in one stay within the line."""
    record = logging.LogRecord("x", logging.INFO, "", 0, "x", None, None)
    record.__dict__.update(logs.facts(store=Path("a/b"), error="one\ntwo"))
    line = logs.JsonFormatter().format(record)
    assert "\n" not in line
    fields = json.loads(line)
    assert (fields["store"], fields["error"]) == ("a/b", "one\ntwo")


@pytest.mark.parametrize("as_json", [False, True])
def test_the_relays_log_goes_to_standard_error_once(
    capsys: pytest.CaptureFixture[str], *, as_json: bool
) -> None:
    """However often it is configured, an event is one line there, in the form that was asked for last."""
    logs.configure(as_json=not as_json)
    logs.configure(as_json=as_json)
    logger = logging.getLogger(logs.LOGGER_NAME)
    assert not logger.propagate
    logger.debug("too much")
    logger.info("listening", extra=logs.facts(count=3))
    printed = capsys.readouterr()
    (line,) = printed.err.splitlines()
    assert printed.out == ""
    assert line.startswith("{") is as_json
    assert line.endswith('"count": 3}' if as_json else "listening count=3")


def test_of_the_websockets_only_errors_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    """What every connection does is not in the relay's log; a handler that failed is."""
    logs.configure(as_json=False)
    sockets = logging.getLogger("websockets.server")
    sockets.info("connection open")
    sockets.warning("connection slow")
    assert capsys.readouterr().err == ""
    sockets.error("connection handler failed")
    assert "ERROR connection handler failed" in capsys.readouterr().err


def test_a_line_for_people_cannot_be_broken_or_forged() -> None:
    """What would begin another line, or move the cursor, is written as an escape."""
    record = logging.LogRecord("x", logging.INFO, "", 0, "x", None, None)
    record.__dict__.update(logs.facts(error="a\n2026-01-01 00:00:00 INFO stopped\x1b[2J é"))
    line = logs.PlainFormatter().format(record)
    assert line.isprintable()
    assert line.endswith(r"error=a\n2026-01-01 00:00:00 INFO stopped\x1b[2J é")
