"""The last hybrid time of a file: what it has to be after a restart."""

from pathlib import Path

from syncore.core.hybrid_clock import HybridTime
from syncore.core.ports import SqlConnection
from syncore.protocol.commit_codec import decode_commit
from syncore.replica.space_state import SpaceState
from syncore.replica.times import load_last_time, write_last_time
from syncore.storage.pending_rows import PendingRows
from tests.replica.world import Device, make_world


async def last_time(device: Device) -> HybridTime:
    """What the file knows."""
    states: list[SpaceState] = list(device.local.spaces.values())
    return await device.local.read(lambda sql: load_last_time(sql, states))


async def test_the_newest_pending_commit_counts_and_survives_its_confirmation(tmp_path: Path) -> None:
    """A file's time is that of its newest commit, while it is pending and after it has left the log."""
    _, (device,) = make_world(tmp_path, "times", 1)
    await device.open()
    for number in range(3):
        await device.collection("notes").insert({"n": number})

    def newest(sql: SqlConnection) -> HybridTime:
        row = PendingRows(sql, device.number).newest()
        assert row is not None
        return decode_commit(row.body).time

    time = await device.local.read(newest)
    assert await last_time(device) == time
    await device.exchange()
    assert device.local.spaces[device.number].pending_count == 0
    assert await last_time(device) == time
    await device.close()
    await device.open()
    assert await last_time(device) == time
    await device.close()


async def test_the_greater_of_what_is_stored_and_pending_counts(tmp_path: Path) -> None:
    """A stored time beyond the pending log is not forgotten for it."""
    _, (device,) = make_world(tmp_path, "times", 1)
    await device.open()
    await device.collection("notes").insert({"n": 1})
    later = HybridTime(await last_time(device) + 99)
    await device.local.change(
        device.number, lambda sql, _state, _work: write_last_time(sql, later), is_local=True
    )
    assert await last_time(device) == later
    await device.close()
