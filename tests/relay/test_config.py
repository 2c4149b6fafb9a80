"""How a relay is run unless somebody says otherwise, and that its bounds are those that operators read."""

import re
from pathlib import Path

import pytest

from relay import config
from relay.config import Rate, RelayConfig, Timeouts
from syncore.core.limits import HANDSHAKE_TIMEOUT_MS, KIB, MIB

MANUAL = (Path(__file__).parents[2] / "docs" / "relay.md").read_text()
DAY_MS = 24 * 60 * 60 * 1000


def told_of(limit: str) -> str:
    """What the manual's table of limits says of one."""
    row = re.search(rf"^\| {re.escape(limit)} \| (.*?) \|", MANUAL, re.MULTILINE)
    assert row is not None, limit
    return row.group(1)


def test_a_relay_is_private_unless_it_is_told_otherwise() -> None:
    """Without options it listens on loopback, has no certificate, and asks for one anywhere else."""
    plain = RelayConfig(store=Path("store"))
    assert (plain.host, plain.port) == ("127.0.0.1", 8787)
    assert (plain.certificate, plain.key, plain.allow_plaintext) == (None, None, False)


def test_the_options_defaults_are_those_of_the_manual() -> None:
    """Address, connections, spaces and quota are what the table of options says."""
    plain = RelayConfig(store=Path("store"))
    assert f"default `{plain.host}:{plain.port}`" in MANUAL
    assert f"| `--max-connections N` | default {plain.max_connections} |" in MANUAL
    assert f"| `--max-spaces N` | default {plain.max_spaces} |" in MANUAL
    assert f"for each space, default {plain.quota_bytes // (1024 * MIB)} GiB" in MANUAL


def test_the_bounds_are_those_of_the_manual() -> None:
    """Every bound of the relay's own in the manual's table of limits is the one that is in force."""
    plain, timeouts = RelayConfig(store=Path("store")), Timeouts()
    append, requests = plain.append_bytes, plain.requests
    for limit, value in {
        "connections that have not finished their HTTP request": f"{config.MAX_OPENING_CONNECTIONS}",
        "from connecting to authenticated": f"{timeouts.handshake:.0f} s",
        "appended bytes of one connection": (
            f"{append.per_second // MIB} MB/s, {append.burst // MIB} MB at once"
        ),
        "other requests of one connection": f"{requests.per_second}/s, {requests.burst} at once",
        "appends waiting for a commit": (f"{config.MAX_QUEUED_APPENDS}, {config.MAX_QUEUED_BYTES // MIB} MB"),
        "answers that a client does not read": (
            f"{config.MAX_WAITING_REPLIES}, {config.MAX_WAITING_BYTES // KIB} KB"
        ),
        "a frame that a client does not take": f"{timeouts.send:.0f} s",
        "no pong": f"{timeouts.ping_timeout:.0f} s",
    }.items():
        assert told_of(limit) == value
    assert f"{config.MAX_SLOT_LIFE_MS // DAY_MS} days at most" in told_of("invitation slot")
    assert f"after {timeouts.drain:.0f} seconds it stops waiting" in MANUAL


def test_timeouts_fit_each_other() -> None:
    """The handshake ends when the protocol says; a drain has time to say goodbye, and ends before a kill."""
    timeouts = Timeouts()
    assert timeouts.handshake * 1000 == HANDSHAKE_TIMEOUT_MS
    assert timeouts.close < timeouts.drain < 30


@pytest.mark.parametrize(("per_second", "burst"), [(0, 1), (1, 0), (-1, 1)])
def test_a_rate_lets_something_through(per_second: int, burst: int) -> None:
    """A bucket that never fills, or holds nothing, would stop everything: it is not made."""
    with pytest.raises(AssertionError):
        Rate(per_second=per_second, burst=burst)
