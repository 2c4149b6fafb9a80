"""Tests of syncore.replica.bookkeeping."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from syncore.core.errors import IntegrityError
from tests.replica.world import Device, ListConnection, make_world


@pytest.fixture
async def device(tmp_path: Path) -> AsyncIterator[Device]:
    """A device that has written, and read what another one wrote; its file is closed."""
    _, (device, other) = make_world(tmp_path, "bookkeeping", 2)
    for one in (device, other):
        await one.open()
        await one.collection("notes").insert({"n": one.index}, id=one.name)
        await one.exchange()
    await device.pull()
    assert len(device.state.heads) == 2
    await other.close()
    await device.close()
    yield device
    await device.close()


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("UPDATE spaces SET generation = zeroblob(16)", "the place in the relay's log"),
        ("UPDATE spaces SET running_hash = zeroblob(32)", "the place in the relay's log"),
        ("UPDATE spaces SET log_offset = log_offset - 1", "the place in the relay's log"),
        ("UPDATE spaces SET log_offset = log_offset + 64", "the place in the relay's log"),
        ("UPDATE spaces SET log_offset = 0", "the place in the relay's log"),
        ("UPDATE running_hashes SET running = zeroblob(40)", "the running hash"),
        ("UPDATE writers SET hash = zeroblob(32)", "how far writer"),
        ("UPDATE writers SET number = number + 8", "how far writer"),
        ("UPDATE writers SET writer = writer + 16", "how far writer"),
        ("UPDATE segments SET hash = zeroblob(32) WHERE writer < 4294967296", "how far writer"),
        ("DELETE FROM segments WHERE writer < 4294967296", "how far writer"),
    ],
)
async def test_damaged_notes_stop_the_syncing_and_nothing_else(
    device: Device, statement: str, what: str
) -> None:
    """Nothing is asked of the relay by them, and no loss is counted; documents are read and written."""
    with closing(sqlite3.connect(device.path)) as file:
        assert file.execute(statement).rowcount
        file.commit()
    await device.open()
    assert what in device.state.damage
    connection = ListConnection(device.relay)
    with pytest.raises(IntegrityError, match=what):
        device.sync.open_on(connection)  # type: ignore[arg-type]  # stands for a RelayConnection
    assert connection.opened_at is None
    assert device.state.row.relay_losses == 0
    await device.collection("notes").update(device.name, n=7)
    assert (await device.collection("notes").get(device.name))["n"] == 7


async def test_a_whole_file_is_not_suspected(device: Device) -> None:
    """After writing, reading, opening anew, and while a relay is healed, in which there is no cursor."""
    await device.open()
    assert device.state.damage == ""
    await device.exchange()
    with closing(sqlite3.connect(device.path)) as connection:
        connection.execute("UPDATE spaces SET generation = NULL, running_hash = NULL, log_offset = 0")
        connection.commit()
    await device.reopen()
    assert device.state.damage == ""
