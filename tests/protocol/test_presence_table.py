"""Tests of syncore.protocol.presence_table."""

from datetime import UTC, datetime

import pytest

from syncore.core import limits
from syncore.core.identifiers import DeviceIndex
from syncore.core.limits import MAX_PRESENT, MAX_PRESENT_SESSIONS, MAX_REMEMBERED_SESSIONS
from syncore.protocol.presence import PresencePlain
from syncore.protocol.presence_table import Heard, PresenceTable
from tests.protocol.presences import NOBODY, shows

WALL_MS = 1_700_000_000_000


def hear(
    table: PresenceTable,
    plain: PresencePlain,
    *,
    device: int = 1,
    name: bytes = b"session1",
    counter: int = 1,
    now_ms: int = 0,
) -> Heard:
    """Let the table hear somebody."""
    wall_ms = WALL_MS + now_ms
    return table.hear(DeviceIndex(device), name, counter, plain, now_ms=now_ms, wall_ms=wall_ms)


def names(table: PresenceTable) -> list[tuple[int, str]]:
    """Who is here."""
    return [(one.device, bytes.fromhex(one.session).decode()) for one in table.others]


def test_who_is_heard_is_here_with_what_it_shows() -> None:
    """A session is shown with its value, since when it is here, and when it last said so."""
    table = PresenceTable()
    assert names(table) == []
    assert hear(table, shows({"at": "a"}), now_ms=0) is Heard.TAKEN
    assert hear(table, shows({"at": "b"}), now_ms=700, counter=2) is Heard.TAKEN
    (one,) = table.others
    assert (one.device, one.session, one.value) == (1, b"session1".hex(), {"at": "b"})
    assert one.since == datetime.fromtimestamp(WALL_MS / 1000, UTC)
    assert (one.last_heard - one.since).total_seconds() == 0.7


def test_the_time_to_live_runs_from_the_last_word() -> None:
    """Everybody is gone exactly when their own time to live is over since they were last heard."""
    table = PresenceTable()
    hear(table, shows(1, ttl_ms=1_000), device=1)
    hear(table, shows(1, ttl_ms=2_000), device=2)
    hear(table, shows(1, ttl_ms=1_000), device=1, counter=2, now_ms=1_500 - 501)
    assert table.next_expiry_ms is not None
    assert table.next_expiry_ms <= 1_999
    table.expire(1_998)
    assert len(names(table)) == 2
    table.expire(1_999)
    assert [device for device, _ in names(table)] == [2]
    table.expire(2_000)
    assert names(table) == []
    assert table.next_expiry_ms is None


def test_counters_that_do_not_rise_are_dropped() -> None:
    """An older message, or the same again, changes nothing, nor after its session has left or expired."""
    table = PresenceTable()
    hear(table, shows("new"), counter=5)
    for counter in (5, 4, 1):
        assert hear(table, shows("old"), counter=counter) is Heard.STALE
        assert hear(table, NOBODY, counter=counter) is Heard.STALE
    assert [one.value for one in table.others] == ["new"]
    assert hear(table, NOBODY, counter=6) is Heard.TAKEN
    assert hear(table, shows("old"), counter=5, now_ms=1) is Heard.STALE
    assert names(table) == []
    hear(table, shows("again"), counter=7, now_ms=2)
    table.expire(10**9)
    assert hear(table, shows("again"), counter=7, now_ms=10**9) is Heard.STALE
    assert names(table) == []


def test_who_left_and_comes_back_is_here_anew() -> None:
    """After leaving, a session's presence begins at its next word."""
    table = PresenceTable()
    hear(table, shows(1))
    hear(table, NOBODY, counter=2)
    hear(table, shows(1), counter=3, now_ms=5_000)
    (one,) = table.others
    assert one.since == one.last_heard


def test_what_can_be_seen_is_counted() -> None:
    """Coming, another value, leaving and expiring are changes; saying the same again is none."""
    table = PresenceTable()
    steps = [
        (NOBODY, 0, 0),
        (shows(1), 0, 1),
        (shows(1), 0, 1),
        (shows(True), 0, 2),  # noqa: FBT003 - a value
        (NOBODY, 0, 3),
        (NOBODY, 0, 3),
        (shows(1, ttl_ms=1_000), 0, 4),
        (shows(1, ttl_ms=1_000), 1_000, 6),
    ]
    for counter, (plain, now_ms, revision) in enumerate(steps, start=1):
        hear(table, plain, counter=counter, now_ms=now_ms)
        assert table.revision == revision, counter


def test_sessions_of_one_device_are_entries_of_their_own() -> None:
    """Two programs on one device, and the same name on two devices, are shown beside each other."""
    table = PresenceTable()
    hear(table, shows(1), device=2, name=b"session1")
    hear(table, shows(1), device=1, name=b"session2")
    hear(table, shows(1), device=1, name=b"session1")
    assert names(table) == [(1, "session1"), (1, "session2"), (2, "session1")]


def test_a_device_crowds_out_itself_alone() -> None:
    """Beyond the bound the session that was silent longest makes room, of the same device."""
    table = PresenceTable()
    hear(table, shows(1), device=1)
    for number in range(MAX_PRESENT_SESSIONS):
        hear(table, shows(1), device=2, name=b"%08d" % number)
    hear(table, shows(1), device=2, name=b"00000000", counter=2)
    for number in range(100, 100 + MAX_REMEMBERED_SESSIONS):
        assert hear(table, shows(1), device=2, name=b"%08d" % number) is Heard.TAKEN
        assert len(table.others) == 1 + MAX_PRESENT_SESSIONS
        if number == 100:
            assert (2, "00000000") in names(table)
            assert (2, "00000001") not in names(table)
    assert (1, "session1") in names(table)


def test_counters_are_remembered_up_to_the_bound() -> None:
    """The counters of sessions that are gone are known, the last of them, and no more than the bound."""
    table = PresenceTable()
    for number in range(2 * MAX_REMEMBERED_SESSIONS):
        hear(table, NOBODY, name=b"%08d" % number)
    assert hear(table, shows(1), name=b"%08d" % (2 * MAX_REMEMBERED_SESSIONS - 1)) is Heard.STALE
    assert hear(table, shows(1), name=b"%08d" % MAX_REMEMBERED_SESSIONS) is Heard.STALE
    assert hear(table, shows(1), name=b"%08d" % (MAX_REMEMBERED_SESSIONS - 1)) is Heard.TAKEN


def test_a_full_space_takes_nobody_new() -> None:
    """Beyond the bound newcomers are turned away; those who are here go on, and who leaves makes room."""
    table = PresenceTable()
    for device in range(MAX_PRESENT):
        hear(table, shows(1), device=device)
    assert hear(table, shows(1), device=MAX_PRESENT) is Heard.CROWDED
    assert hear(table, NOBODY, device=MAX_PRESENT, counter=2) is Heard.TAKEN
    assert hear(table, shows(2), device=0, counter=2) is Heard.TAKEN
    hear(table, NOBODY, device=1, counter=2)
    assert hear(table, shows(1), device=MAX_PRESENT, counter=3) is Heard.TAKEN
    assert len(table.others) == MAX_PRESENT


def test_devices_are_remembered_up_to_the_bound() -> None:
    """Devices that are gone are forgotten, the oldest first, and those that are here never."""
    table = PresenceTable()
    hear(table, shows(1), device=0)
    for device in range(1, limits.MAX_PRESENCE_DEVICES + 1):
        hear(table, NOBODY, device=device)
    assert hear(table, shows(1), device=0) is Heard.STALE
    assert hear(table, shows(1), device=2) is Heard.STALE
    assert hear(table, shows(1), device=1) is Heard.TAKEN


@pytest.mark.parametrize("counter", [1, 2**63 - 1])
def test_asking_first_tells_whether_verifying_is_worth_it(counter: int) -> None:
    """What would be stale is known by its header alone."""
    table = PresenceTable()
    assert table.is_new(DeviceIndex(1), b"session1", counter)
    hear(table, NOBODY, counter=counter)
    assert not table.is_new(DeviceIndex(1), b"session1", counter)
    assert table.is_new(DeviceIndex(1), b"session2", counter)
    assert table.is_new(DeviceIndex(2), b"session1", counter)
