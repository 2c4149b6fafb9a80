"""What the relay's log does to a replica: confirming, closing, keeping, refusing."""

from functools import partial
from pathlib import Path

import pytest

from syncore.codec.values import encode_value
from syncore.core.commits import Entry
from syncore.core.errors import ProtocolViolation
from syncore.core.identifiers import DeviceIndex, Dot, Incarnation, make_writer
from syncore.core.ports import SqlConnection
from syncore.documents.changes import Counter, List, Text, add, increment, splice
from syncore.documents.operations import SetField
from syncore.protocol.segments import Segment, decode_segment, encode_segment, open_segment
from syncore.replica.digesting import space_digest
from syncore.storage.log_rows import LogRows
from syncore.storage.pending_rows import PendingRows
from syncore.storage.protection import protect, recover
from tests.replica.hostile import Forger, commits_of, record_entry
from tests.replica.invariants import check_device
from tests.replica.world import Device, ListRelay, make_world

FORGER = make_writer(DeviceIndex(2), Incarnation(7))


async def open_world(folder: Path, seed: str, count: int = 3) -> tuple[ListRelay, list[Device]]:
    """A relay and two open devices; further members do not take part."""
    relay, devices = make_world(folder, seed, count)
    for device in devices[:2]:
        await device.open()
    return relay, devices


async def test_pending_and_confirmed_are_kept_apart(tmp_path: Path) -> None:
    """At every step states hold the log alone, and what is visible is the log with pending commits on top."""
    _, devices = await open_world(tmp_path, "apart", 2)
    first, second = devices
    fields = {"t": Text("abc"), "l": List([1]), "n": Counter(1), "s": {"x"}, "r": 0}
    await first.collection("notes").insert(fields, id="a")
    await check_device(first)
    states = await first.local.read(lambda sql: sql.rows("SELECT state FROM states"))
    assert states == [(protect(b""),)]
    for device in devices:
        await device.exchange()
    for turn in range(3):
        for device in devices:
            edit = {"t": splice(turn, 1, "zz"), "l": splice(0, 0, [turn]), "n": increment(), "r": turn}
            await device.collection("notes").update("a", edit, s=add(turn))
            await check_device(device)
        await first.exchange()
        await check_device(first)
        await second.pull(step=1)
        await check_device(second)
        await second.collection("notes").delete("a")
        await check_device(second)
        await second.collection("notes").insert(fields, id="a")
        await check_device(second)
        await second.exchange()
        await check_device(second)
    await first.exchange()
    assert await space_digest(first.local, first.number) == await space_digest(second.local, second.number)
    for device in devices:
        await device.close()


async def test_nobody_else_can_have_a_pending_commit_dropped(tmp_path: Path) -> None:
    """A member who repeats the ids of somebody's commits, before the log has these, takes nothing away."""
    relay, devices = await open_world(tmp_path, "repeated")
    honest = devices[0]
    await honest.collection("notes").insert({"title": "mine", "t": Text("abc")}, id="a")
    forger = Forger(relay, devices[2], FORGER)
    forger.ids += await honest.local.read(
        lambda sql: [row.id for row in PendingRows(sql, honest.number).all()]
    )
    forged = forger.seal([record_entry(SetField(field="title", value=encode_value("theirs")))])
    assert relay.offer(forged) == ""
    await honest.exchange()
    assert (await honest.collection("notes").get("a"))["title"] == "mine"
    assert [commit.id for commit in commits_of(honest, relay.segments[-1])] == [
        commit.id for commit in commits_of(honest, forged)
    ]
    assert not honest.state.closed
    await check_device(honest)
    for device in devices[:2]:
        await device.close()


async def test_an_unknown_kind_of_entry_waits(tmp_path: Path) -> None:
    """An entry of a later version is kept and passed on, those beside it are applied, nobody is closed."""
    relay, devices = await open_world(tmp_path, "unknown")
    forger = Forger(relay, devices[2], FORGER)
    known = record_entry(SetField(field="title", value=encode_value("known")))
    segment = forger.seal([Entry(77, b"first"), known, Entry(255, b"third")], [Entry(77, b"alone")])
    assert relay.offer(segment) == ""
    more = forger.seal([record_entry(SetField(field="more", value=encode_value(1)))])
    assert relay.offer(more) == ""
    for device, title in zip(devices[:2], ("known", "goes on"), strict=True):
        await device.exchange()
        assert device.state.closed == {}
        waiting = await device.local.read(
            lambda sql: sql.rows(
                "SELECT writer, number, ordinal, kind, body FROM waiting_entries ORDER BY 2, 3"
            )
        )
        assert [(*row[:4], recover(row[4], what="it")) for row in waiting] == [
            (FORGER, 1, 0, 77, b"first"),
            (FORGER, 1, 2, 255, b"third"),
            (FORGER, 2, 0, 77, b"alone"),
        ]
        shared = await device.collection("notes").get("shared")
        assert dict(shared) == {"title": title, "more": 1}
        log = await device.local.read(partial(_segments, device.number))
        assert log[:2] == [encode_segment(segment), encode_segment(more)]
        await device.collection("notes").update("shared", title="goes on")
        await device.exchange()
        await check_device(device)
        await device.reopen()
        await check_device(device)
        await device.close()


def _segments(space: int, sql: SqlConnection) -> list[bytes]:
    return [data for _, data in LogRows(sql, space).segments(after=0, limit=9)]


async def test_a_closed_writer_is_reported(tmp_path: Path) -> None:
    """Who closed a writer says so in its next segment, with the evidence's hash; everybody else goes on."""
    relay, devices = await open_world(tmp_path, "closed")
    first, second = devices[:2]
    forger = Forger(relay, devices[2], FORGER)
    good = forger.seal([record_entry(SetField(field="title", value=encode_value("good")))])
    unseen = Dot(FORGER, 99)
    bad = forger.seal([record_entry(SetField(field="title", value=encode_value("bad"), replaces=(unseen,)))])
    late = forger.seal([record_entry(SetField(field="late", value=encode_value(1)))])
    for segment in (good, bad, late):
        assert relay.offer(segment) == ""
    await first.exchange()
    assert first.sync.progress.closed_writers == 1
    row = first.state.closed[FORGER]
    assert (row.number, row.evidence) == (1, encode_segment(bad))
    assert dict(await first.collection("notes").get("shared")) == {"title": "good"}
    await first.collection("notes").update("shared", title="after")
    await first.exchange()
    last = relay.segments[-1]
    (report,) = open_segment(last, cipher=first.sync_keys.cipher).closed
    assert (report.writer, report.number, report.hash) == (FORGER, 1, bad.hash)
    assert dict(last.header.dependencies)[FORGER] == 1
    await second.exchange()
    await first.reopen()
    assert first.state.closed[FORGER] == row
    for device in (first, second):
        await check_device(device)
        assert dict(await device.collection("notes").get("shared")) == {"title": "after"}
        await device.close()


async def test_our_segment_that_comes_back_in_full_is_confirmed(tmp_path: Path) -> None:
    """After a broken connection our own segment arrives like anybody's, and confirms our commits."""
    relay, devices = await open_world(tmp_path, "broken", 1)
    (device,) = devices
    await device.collection("notes").insert({"t": Text("abc")}, id="a")
    await device.pull()
    await device.sync.push()
    device.sync.disconnect()
    assert (device.state.pending_count, len(device.state.sealed), len(relay.segments)) == (1, 1, 1)
    await device.reopen()
    await device.exchange()
    assert (device.state.pending_count, device.state.sealed, len(relay.segments)) == (0, [], 1)
    await check_device(device)
    await device.close()


async def test_a_retry_sends_the_same_bytes(tmp_path: Path) -> None:
    """What was sealed before the connection broke, or the program ended, is sent again as it is."""
    relay, devices = await open_world(tmp_path, "retry", 1)
    (device,) = devices
    await device.collection("notes").insert({"n": 1}, id="a")
    connection = await device.pull()
    connection.is_deaf = True
    await device.sync.push()
    (sealed,) = device.state.sealed
    assert relay.segments == []
    await device.reopen()
    await device.collection("notes").update("a", n=2)
    await device.exchange()
    assert encode_segment(relay.segments[0]) == sealed.segment
    await check_device(device)
    await device.close()


@pytest.mark.parametrize("kind", ["signature", "stranger", "gap", "fork"])
async def test_what_no_honest_relay_shows_is_refused(tmp_path: Path, kind: str) -> None:
    """A log that cannot be followed is the relay's fault: nothing of the batch is merged, nobody closed."""
    relay, devices = await open_world(tmp_path, "dishonest")
    device = devices[0]
    forger = Forger(relay, devices[2], FORGER)
    entries = [record_entry(SetField(field="title", value=encode_value("x")))]
    good = forger.seal(entries)
    wrong: Segment
    if kind == "signature":
        wrong = decode_segment(encode_segment(forger.seal(entries))[:-1] + b"\x00")
    elif kind == "stranger":
        wrong = Forger(relay, devices[2], make_writer(DeviceIndex(9), Incarnation(1))).seal(entries)
    elif kind == "gap":
        forger.seal(entries)
        wrong = forger.seal(entries)
    else:
        wrong = Forger(relay, devices[2], FORGER).seal(entries, entries)
    relay.append_unjudged(good)
    relay.append_unjudged(wrong)
    offset = device.state.row.log_offset
    with pytest.raises(ProtocolViolation):
        await device.pull()
    assert device.state.row.log_offset == offset
    assert device.state.closed == {}
    assert await device.collection("notes").find_one("shared") is None
    relay.items.pop()
    await device.reopen()
    await device.pull()
    assert dict(await device.collection("notes").get("shared")) == {"title": "x"}
    await check_device(device)
    for one in devices[:2]:
        await one.close()
