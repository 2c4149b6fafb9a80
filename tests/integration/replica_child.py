"""Replicas that commit until they are killed: a process that forks one life after the other on the same file.

Forking saves the second or so that importing takes. Each line on standard input begins a life; it prints its
process id, then one line for each commit that returned. The other lines are the ends of lives.
"""

import asyncio
import os
import random
import sys
from pathlib import Path

from syncore.adapters.key_files import FileKeyFiles
from syncore.adapters.owner_lock import acquire_owner_lock
from syncore.adapters.sqlite_database import open_database
from syncore.core.ports import Database
from syncore.documents.changes import Counter, List, Text, add, increment, rewrite, splice
from syncore.protocol.segments import decode_segment
from syncore.storage.log_rows import LogRows
from syncore.storage.schema import APPLICATION_ID
from tests.replica.world import Device, make_world

SEED = "killed"
SHARED = ("notes", "shared")


async def open_threaded(path: Path) -> Database:
    """The file as programs open it."""
    return await open_database(path, application_id=APPLICATION_ID)


def make_device(folder: Path) -> Device:
    """The one device, with its keystore in files; its relay has forgotten everything but who is a member."""
    _, (device,) = make_world(folder, SEED, 1)
    device.key_files = FileKeyFiles(folder / "keys")
    device.open_file = open_threaded
    return device


async def remind_relay(device: Device) -> None:
    """Give the relay back what it had acknowledged: the file knows."""
    segments = await device.local.read(
        lambda sql: LogRows(sql, device.number).segments(after=0, limit=100_000)
    )
    for _, data in segments:
        device.relay.append_unjudged(decode_segment(data))


async def live(folder: Path, number: int) -> None:
    """Open the file, then commit and sync until killed."""
    rng = random.Random(f"life {number}")
    device = make_device(folder)
    device.lives = number  # fresh entropy in each life
    with acquire_owner_lock(device.path):
        await device.open()
        assert not device.has_returned, "a crash was taken for a return in time"
        await remind_relay(device)
        if await device.collection("notes").find_one("shared") is None:
            shared = {"text": Text(), "marks": List(), "set": set(), "count": Counter()}
            await device.collection("notes").insert(shared, id="shared")
        syncing = asyncio.ensure_future(_sync(device))
        for turn in range(1_000_000):
            marks = [f"<{number}.{turn}.{index}>" for index in range(rng.choice([1, 1, 2, 5]))]
            await asyncio.gather(*(_commit(device, mark) for mark in marks))
            if syncing.done():
                syncing.result()


async def _commit(device: Device, mark: str) -> None:
    async with device.transaction() as transaction:
        await transaction.update(
            SHARED,
            text=rewrite(lambda text: f"{text}{mark}"),
            marks=splice(0, 0, [mark]),
            set=add(mark),
            count=increment(),
        )
        await transaction.insert("edits", {"mark": mark}, id=mark)
    _say(mark)


async def _sync(device: Device) -> None:
    connection = await device.pull()
    while True:
        await asyncio.sleep(0)
        if device.state.pending_count:
            await device.sync.push()
            await device.pull(connection=connection, step=3)


def _say(line: str) -> None:
    os.write(1, f"{line}\n".encode())


def main(folder: Path) -> None:
    """Begin a life for each line."""
    for number, _ in enumerate(sys.stdin, start=1):
        child = os.fork()
        if not child:
            _say(str(os.getpid()))
            asyncio.run(live(folder, number))
        _, status = os.waitpid(child, 0)
        _say(f"end {os.waitstatus_to_exitcode(status)}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
