"""What a file knows of a loss: from its first moment on, and after a crash at any point."""

from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from syncore.codec.values import encode_value
from syncore.core.errors import IntegrityError
from syncore.core.identifiers import DeviceIndex, Dot, Incarnation, make_writer
from syncore.core.ports import SqlConnection
from syncore.documents.operations import SetField
from syncore.protocol.control_records import AcceptedRecord
from syncore.protocol.segments import Segment
from syncore.replica.healing import begin_healing, give_up_item, missing_items
from syncore.storage.finding_rows import FindingKind, FindingRow, FindingRows
from syncore.storage.missing_rows import MissingKind, MissingRow
from syncore.storage.running_rows import RunningRows
from tests.replica.hostile import Forger, record_entry
from tests.replica.invariants import check_device
from tests.replica.world import Device, ListRelay, make_world


@pytest.fixture
async def relay_and_device(tmp_path: Path) -> AsyncIterator[tuple[ListRelay, Device]]:
    """A device with a log of control records, segments, and a writer that it closed."""
    relay, (device, member) = make_world(tmp_path, "healing", 2)
    await device.open()
    for number in range(3):
        await device.collection("notes").insert({"n": number}, id=f"{number}")
        await device.exchange()
    forger = Forger(relay, member, make_writer(DeviceIndex(1), Incarnation(1)))
    for number in range(2):
        bad = SetField(field="x", value=encode_value(number), replaces=(Dot(forger.writer, 9),))
        relay.append_unjudged(forger.seal([record_entry(bad)]))
    await device.pull()
    yield relay, device
    await device.close()


async def heal(device: Device) -> None:
    """Let the device know of a loss."""
    await device.local.change(device.number, begin_healing, is_local=False)


async def pages(device: Device, *, control_only: bool = False) -> list[Segment | AcceptedRecord]:
    """Everything that it would upload, page by page."""
    found: list[Segment | AcceptedRecord] = []
    after: MissingRow | None = None
    while True:
        read = partial(missing_items, state=device.state, after=after, control_only=control_only)
        page = await device.local.read(lambda sql, read=read: read(sql))  # type: ignore[misc]
        if not page:
            return found
        found += [item.content for item in page]
        after = page[-1].row


async def test_everything_is_missing_in_the_order_of_the_log(
    relay_and_device: tuple[ListRelay, Device],
) -> None:
    """Control records, then segments, those of closed writers too; the genesis needs no upload."""
    relay, device = relay_and_device
    await heal(device)
    contents = [content for _, content in relay.items]
    control = [one for one in contents if isinstance(one, AcceptedRecord)]
    segments = [one for one in contents if isinstance(one, Segment)]
    assert len(segments) == 5
    assert await pages(device) == control[1:] + segments
    assert await pages(device, control_only=True) == control[1:]
    assert (device.state.missing_count, device.state.missing_total) == (len(contents), len(contents))


async def test_a_loss_is_known_after_a_crash(relay_and_device: tuple[ListRelay, Device]) -> None:
    """Cursor, count and what is missing are in the file; nothing else has changed."""
    relay, device = relay_and_device
    generation = device.state.row.generation
    assert generation is not None
    await heal(device)
    for _ in range(2):
        row = device.state.row
        assert (row.generation, row.log_offset, row.running_hash, row.relay_losses) == (None, 0, None, 1)
        assert device.state.missing_count == len(relay.items)
        await device.reopen()
    kept = await device.local.read(lambda sql: RunningRows(sql, device.number).at(generation, 1))
    assert kept == relay.cursor_at(1).running_hash


async def test_reading_the_log_again_crosses_everything_off(
    relay_and_device: tuple[ListRelay, Device],
) -> None:
    """One by one, at any pace, with a crash between; documents stay as they were."""
    _, device = relay_and_device
    await device.collection("notes").update("1", n=9)
    before = [dict(note) async for note in device.collection("notes").find()]
    await heal(device)
    await device.pull(step=2)
    assert device.state.missing_count == 0
    assert [dict(note) async for note in device.collection("notes").find()] == before
    await device.reopen()
    assert device.state.missing_count == 0
    await check_device(device)


async def test_a_second_loss_counts_once_it_is_one(relay_and_device: tuple[ListRelay, Device]) -> None:
    """Told twice of one loss a file counts it once; what follows a new log is another one."""
    _, device = relay_and_device
    await heal(device)
    await heal(device)
    assert device.state.row.relay_losses == 1
    await device.pull()
    await heal(device)
    assert device.state.row.relay_losses == 2


async def test_a_loss_settles_a_dispute(relay_and_device: tuple[ListRelay, Device]) -> None:
    """The new generation is the relay's answer to a receipt that contradicted its log."""
    _, device = relay_and_device
    finding = FindingRow(FindingKind.DISPUTE, "two logs")

    def dispute(sql: SqlConnection, *_: object) -> None:
        FindingRows(sql, device.number).write(finding)
        device.state.findings[FindingKind.DISPUTE] = finding

    await device.local.change(device.number, dispute, is_local=False)
    await heal(device)
    assert device.state.findings == {}
    await device.reopen()
    assert device.state.findings == {}


async def test_what_cannot_be_uploaded_is_given_up(relay_and_device: tuple[ListRelay, Device]) -> None:
    """Given up, an item is not missing any more; twice is once."""
    relay, device = relay_and_device
    await heal(device)
    for _ in range(2):
        work = partial(give_up_item, hash_=relay.segments[-1].hash)
        await device.local.change(device.number, work, is_local=False)
    assert device.state.missing_count == len(relay.items) - 1
    assert (await pages(device))[-1] == relay.segments[-2]


@pytest.mark.parametrize(
    "place", [(MissingKind.SEGMENT, 2), (MissingKind.CONTROL, 2), (MissingKind.CONTROL, 0)]
)
async def test_a_damaged_hash_is_told_before_healing_waits_for_it(
    relay_and_device: tuple[ListRelay, Device], place: tuple[int, int]
) -> None:
    """A segment's, a record's and the genesis': the relay's stream would never bring what has such a hash."""
    _, device = relay_and_device
    await heal(device)

    def damage(sql: SqlConnection, _state: object, _work: object) -> int:
        return sql.execute("UPDATE missing_at_relay SET hash = x'00' WHERE (kind, place) = (?, ?)", place)

    assert await device.local.change(device.number, damage, is_local=False) == 1
    with pytest.raises(IntegrityError, match="not that of the item"):
        await pages(device)
