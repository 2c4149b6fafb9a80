"""Files that returned in time, and control logs that are not the one that was seen."""

import contextlib
import shutil
from copy import copy
from pathlib import Path

import pytest

from syncore.adapters.memory_key_files import MemoryKeyFiles
from syncore.core.errors import ProtocolViolation
from syncore.core.ports import Durability
from syncore.protocol.control_payloads import Role
from syncore.protocol.control_records import AcceptedRecord
from syncore.replica.digesting import space_digest
from syncore.replica.guarding import FileGuard
from syncore.replica.keystore import ControlPoint, Guard, Keystore
from syncore.replica.sealing import sealed_count, write_sealed_count
from tests.replica.databases import open_private
from tests.replica.world import Device, ListRelay, SeededEntropy, make_world


async def synced_device(folder: Path, seed: str = "guard") -> tuple[ListRelay, Device]:
    """A device that has sealed something, and its relay."""
    relay, (device,) = make_world(folder, seed, 1)
    await device.open()
    await device.collection("notes").insert({"n": 1}, id="a")
    await device.exchange()
    return relay, device


async def is_returned(device: Device) -> bool:
    """Open the file again; whether it was found to have returned in time."""
    await device.reopen()
    return device.has_returned


async def restore(device: Device, backup: Path) -> None:
    """Put an older copy in the place of the file, and open it."""
    await device.close()
    shutil.copy(backup, device.path)
    await device.open()


async def test_a_file_as_it_was_left_goes_on(tmp_path: Path) -> None:
    """Opening the file that was here last starts no incarnation, however often."""
    _, device = await synced_device(tmp_path)
    writer = device.state.writer
    for number in range(4):
        assert not await is_returned(device)
        await device.collection("notes").insert(id=f"{number}")
        await device.exchange()
    assert device.state.writer == writer
    await device.close()


async def test_a_file_behind_its_guard_starts_anew(tmp_path: Path) -> None:
    """A restored file writes under a new number before anything else, and once only."""
    relay, device = await synced_device(tmp_path)
    backup, _ = await device.snapshot(tmp_path / "backup")
    await device.collection("notes").insert(id="b")
    await device.exchange()
    old = device.state.writer
    await restore(device, backup)
    assert device.has_returned
    new = device.state.writer
    assert new != old
    assert (new >> 32, device.state.next_number) == (old >> 32, 1)
    assert not await is_returned(device)
    assert device.state.writer == new
    await device.collection("notes").insert(id="c")
    await device.exchange()
    assert [one.id async for one in device.collection("notes").find()] == ["a", "b", "c"]
    assert relay.head(new) is not None
    await device.close()


async def test_the_count_catches_up(tmp_path: Path) -> None:
    """After a return the file counts on from its guard, so that what it seals next moves the guard."""
    _, device = await synced_device(tmp_path)
    backup, _ = await device.snapshot(tmp_path / "backup")
    for number in range(3):
        await device.collection("notes").insert(id=f"b{number}")
        await device.exchange()
    await restore(device, backup)
    guard = device.keystore.guard()
    assert guard is not None
    assert await device.local.read(sealed_count) == guard.sealed == 4
    await device.collection("notes").insert(id="c")
    await device.exchange()
    guard = device.keystore.guard()
    assert guard is not None
    assert guard.sealed == 5
    await device.close()


async def test_a_missing_guard_means_a_return(tmp_path: Path) -> None:
    """Without its guard a file cannot know whether it is the last one, so it starts anew, once."""
    _, device = await synced_device(tmp_path)
    old = device.state.writer
    await device.close()
    device.files = MemoryKeyFiles()
    device.files.write("device", device.keys.secret_bytes())
    device.files.write(f"content-{device.relay.space.hex()}-1", device.content_key.secret_bytes())
    await device.open()
    assert device.has_returned
    assert device.state.writer != old
    assert not await is_returned(device)
    await device.close()


async def test_a_private_file_needs_no_guard(tmp_path: Path) -> None:
    """A file without shared spaces has nobody who could hold what it lost."""
    async with open_private(tmp_path / "a.db") as replica:
        writer = replica.local.default_space.writer
        guard = FileGuard(replica.local, Keystore(MemoryKeyFiles(), SeededEntropy("x")))
        assert not await guard.check()
        assert replica.local.default_space.writer == writer


async def test_a_copy_beside_the_original_is_noticed(tmp_path: Path) -> None:
    """Two files that share a keystore: whoever seals second sees that the guard moved, and starts anew."""
    relay, device = await synced_device(tmp_path)
    await device.local.flush()
    await device.close()
    shutil.copy(device.path, tmp_path / "copy.db")
    twin = Device(relay, tmp_path / "copy.db", device.keys, device.content_key, "twin", 0)
    twin.files = device.files
    await device.open()
    await twin.open()
    old = device.state.writer
    await device.collection("notes").insert({"by": "original"}, id="o")
    await device.exchange()
    assert device.state.writer == old
    await twin.collection("notes").insert({"by": "twin"}, id="t")
    await twin.exchange()
    assert twin.state.writer != old
    assert twin.sync.progress.returns_in_time > 0
    await device.exchange()
    for one in (device, twin):
        assert [found.id async for found in one.collection("notes").find()] == ["a", "o", "t"]
    assert await space_digest(device.local, device.number) == await space_digest(twin.local, twin.number)
    await device.close()
    await twin.close()


async def test_a_file_restored_with_its_guard_is_noticed_at_the_relay(tmp_path: Path) -> None:
    """What the guard cannot see, because it was restored too, shows when the log holds our number already."""
    _, device = await synced_device(tmp_path)
    backup, _ = await device.snapshot(tmp_path / "backup")
    files = device.files.copy()
    await device.collection("notes").insert({"n": "first life"}, id="b")
    await device.exchange()
    old = device.state.writer
    device.files = files
    await restore(device, backup)
    assert not device.has_returned
    assert device.state.writer == old
    await device.collection("notes").insert({"n": "second life"}, id="c")
    await device.exchange()
    assert device.state.writer != old
    assert [one.id async for one in device.collection("notes").find()] == ["a", "b", "c"]
    await device.close()


async def test_a_file_ahead_of_its_guard_goes_on(tmp_path: Path) -> None:
    """A crash between the file's commit and the guard's leaves the file ahead, which is no return."""
    _, device = await synced_device(tmp_path)
    await device.local.database.write(lambda sql: write_sealed_count(sql, 9), Durability.FULL)
    writer = device.state.writer
    assert not await is_returned(device)
    assert device.state.writer == writer
    await device.close()


def knowing(device: Device, seq: int, link: bytes) -> None:
    """Let the guard have seen a record of the space's control log."""
    guard = device.keystore.guard()
    assert guard is not None
    control = {**guard.control, device.relay.space: ControlPoint(seq=seq, link=link)}
    device.keystore.write_guard(Guard(sealed=guard.sealed, control=control))


async def test_a_control_log_that_was_cut_is_refused(tmp_path: Path) -> None:
    """A relay that shows less of the control log than the guard has seen gets nothing."""
    relay, device = await synced_device(tmp_path)
    knowing(device, relay.control.head_seq + 1, b"x" * 32)
    assert await is_returned(device)
    await device.collection("notes").insert(id="b")
    with pytest.raises(ProtocolViolation):
        await device.exchange()
    assert device.state.pending_count == 1
    await device.close()


@pytest.mark.parametrize("step", [1, 1000])
async def test_a_control_log_with_another_past_is_refused(tmp_path: Path, step: int) -> None:
    """A restored file is not led onto another control log than the one that its guard has seen."""
    relay, devices = make_world(tmp_path, "fork", 3, [Role.OWNER, Role.WRITER, Role.WRITER])
    other, _ = make_world(tmp_path, "fork", 3, [Role.OWNER, Role.WRITER, Role.READER])
    device = devices[0]
    assert other.space == relay.space
    assert other.control.link_at(2) == relay.control.link_at(2)
    assert other.control.head_link != relay.control.head_link
    shown = ListRelay(
        [one.keys for one in devices], device.content_key, [Role.OWNER, Role.WRITER, Role.READER]
    )
    # The file is from the time of record 2, the guard has seen the head of the true log.
    device.relay = relay
    records = [content for _, content in relay.items if isinstance(content, AcceptedRecord)]
    old = make_world(tmp_path, "fork", 1)[0]
    old.items = [(record.link, record) for record in records[:3]]
    device.relay = old
    await device.open()
    knowing(device, relay.control.head_seq, relay.control.head_link)
    device.relay = shown
    assert await is_returned(device)
    await device.collection("notes").insert(id="b")
    with pytest.raises(ProtocolViolation):
        await device.exchange(step=step)
    guard = device.keystore.guard()
    assert guard is not None
    assert guard.control[relay.space] == ControlPoint(
        seq=relay.control.head_seq, link=relay.control.head_link
    )
    device.relay = relay
    await device.close()


async def test_the_guard_is_not_moved_back(tmp_path: Path) -> None:
    """While a restored file catches up, the guard keeps the furthest head that was ever seen."""
    relay, devices = make_world(tmp_path, "back", 4)
    device = devices[0]
    records = [content for _, content in relay.items if isinstance(content, AcceptedRecord)]
    whole = relay.items
    relay.items = [(record.link, record) for record in records[:2]]
    await device.open()
    knowing(device, relay.control.head_seq, relay.control.head_link)
    relay.items = whole
    await device.reopen()
    device.relay = short = copy(relay)
    for end in range(2, len(whole) + 1):
        guard = device.keystore.guard()
        assert guard is not None
        assert guard.control[relay.space].seq == relay.control.head_seq
        short.items = whole[:end]
        with contextlib.suppress(ProtocolViolation):
            await device.pull()
    device.relay = relay
    assert not await is_returned(device)
    await device.exchange()
    await device.close()
