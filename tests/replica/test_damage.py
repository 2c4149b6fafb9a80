"""A bit of the file flipped: whoever reads it is told what is damaged, and nothing is mended in silence."""

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

import pytest

from syncore.codec.values import encode_value
from syncore.core.commits import Entry
from syncore.core.errors import IntegrityError
from syncore.core.identifiers import CommitId, DeviceIndex, Dot, Incarnation, make_writer
from syncore.core.ports import Durability, SqlConnection
from syncore.documents.changes import Text, splice
from syncore.documents.operations import SetField
from syncore.replica.digesting import space_digest
from syncore.storage.finding_rows import FindingKind, FindingRow, FindingRows
from syncore.storage.log_rows import LogRows
from syncore.storage.long_projections import LONG_BYTES
from syncore.storage.pending_rows import PendingRows
from syncore.storage.protection import protect
from syncore.storage.running_rows import RunningRows
from syncore.storage.schema import _FORMATS
from tests.replica.hostile import Forger, record_entry
from tests.replica.world import Device, make_world

Reading = Callable[[Device], Awaitable[object]]


async def _open(_: Device) -> None:
    """Opening has read it already."""


async def _digest(device: Device) -> None:
    await space_digest(device.local, device.number)


async def _update(device: Device) -> None:
    await device.collection("notes").update("a", t=splice(0, 0, "x"))


async def _get(device: Device) -> None:
    await device.collection("notes").get("a")


async def _get_long(device: Device) -> None:
    await device.collection("notes").get("z")


async def _find(device: Device) -> None:
    _ = [one async for one in device.collection("notes").find()]


async def _segments(device: Device) -> None:
    number = device.number
    await device.local.read(lambda sql: LogRows(sql, number).segments(after=0, limit=99))


async def _running(device: Device) -> None:
    number, generation = device.number, device.state.row.generation
    assert generation is not None
    await device.local.read(lambda sql: RunningRows(sql, number).at(generation, 1))


async def _set_aside(device: Device) -> None:
    number = device.number
    await device.local.read(lambda sql: PendingRows(sql, number).all_set_aside())


async def _undo(device: Device) -> None:
    await device.collection("notes").undo("u")


async def _write(device: Device) -> None:
    await device.collection("people").update("p", n=1)


async def _redo(device: Device) -> None:
    await device.collection("notes").redo("u")


DAMAGES: list[tuple[str, str, Reading, str]] = [
    ("meta", "value", _open, "the value"),
    ("spaces", "receipt", _open, "the relay's receipt"),
    ("control", "item", _open, "a control record"),
    ("writers", "reach", _open, "a writer's head"),
    ("closed_writers", "evidence", _open, "evidence against a writer"),
    ("sealed", "segment", _open, "a sealed segment"),
    ("pending", "body", _open, "a pending commit"),
    ("documents", "projection", _get, "the projection of notes/a"),
    ("documents", "projection", _find, "the projection of notes/"),
    ("projection_parts", "bytes", _get_long, "a document's long projection"),
    ("projection_parts", "bytes", _find, "a document's long projection"),
    ("states", "state", _digest, "a document's state"),
    ("states", "state", _update, "a document's state"),
    ("rich_updates", "update_bytes", _digest, "a document's rich part"),
    ("rich_updates", "update_bytes", _update, "a document's rich part"),
    ("segments", "segment", _segments, "the segment at position"),
    ("running_hashes", "running", _running, "the running hash at offset"),
    ("findings", "shown", _open, "the receipt of a finding"),
    ("findings", "own", _open, "our receipt of a finding"),
    ("set_aside", "body", _set_aside, "a commit set aside"),
    ("pending", "steps", _undo, "what a pending commit is undone by"),
    ("undo_steps", "step", _undo, "a change that can be undone"),
    ("undo_steps", "documents", _undo, "a transaction that can be undone"),
    ("redo_steps", "step", _redo, "a change that can be undone"),
    ("standings", "facts", _write, "the facts of a document"),
    ("standings", "standing", _write, "the standing of a document"),
    ("indexes", "definition", _open, "the definition of an index"),
    ("redo_steps", "documents", _redo, "a transaction that can be undone"),
]


async def make_file(folder: Path, *, is_constrained: bool = False) -> Device:
    """A file that holds every kind of blob."""
    relay, devices = make_world(folder, "damage", 3)
    device, _, third = devices
    forger = Forger(relay, third, make_writer(DeviceIndex(2), Incarnation(1)))
    relay.append_unjudged(forger.seal([Entry(99, b"later")]))
    bad = SetField(field="x", value=encode_value(1), replaces=(Dot(forger.writer, 9),))
    relay.append_unjudged(forger.seal([record_entry(bad)]))
    await device.open()
    if is_constrained:
        await device.collection("people").configure(unique=["email"])
        await device.collection("people").insert({"email": "p"}, id="p")
    await device.collection("notes").insert({"t": Text("abc")}, id="a")
    await device.collection("notes").insert({"t": Text("abc" * LONG_BYTES)}, id="z")
    await (await device.collection("notes").create_index("t")).built()
    for _ in range(2):
        async with device.transaction() as transaction:
            for id_ in ("u", "v"):
                await transaction.insert("notes", {"n": 1}, id=id_)
        await device.collection("notes").undo("u")
        await device.collection("notes").redo("u")
        async with device.transaction() as transaction:
            for id_ in ("u", "v"):
                await transaction.delete(("notes", id_))
    await device.collection("notes").undo("u")
    await device.exchange()
    await device.collection("notes").update("a", t=splice(0, 0, "x"))
    connection = await device.pull()
    connection.is_deaf = True
    await device.sync.push()
    number = device.number

    def add(sql: SqlConnection) -> None:
        PendingRows(sql, number).set_aside(CommitId(b"i" * 8), b"body", "reason")
        FindingRows(sql, number).write(FindingRow(FindingKind.DISPUTE, "reason", b"shown", b"own"))
        sql.execute("UPDATE spaces SET receipt = ? WHERE space = ?", (protect(b"r"), number))

    await device.local.database.write(add, Durability.NORMAL)
    await device.close()
    return device


def flip(path: Path, table: str, column: str, at: int) -> list[bytes]:
    """Flip a bit of a byte in every blob of a column; all of them as they are now."""
    with closing(sqlite3.connect(path)) as connection:
        key = "rowid" if "WITHOUT ROWID" not in _table(table) else None
        where = "rowid" if key else ", ".join(_keys(table))
        found = connection.execute(
            f"SELECT {where}, {column} FROM {table} WHERE {column} IS NOT NULL"  # noqa: S608 - from this test
        ).fetchall()
        damaged = []
        for *place, data in found:
            changed = bytearray(data)
            changed[at % len(data)] ^= 4
            damaged.append(bytes(changed))
            condition = " AND ".join(f"{name} = ?" for name in where.split(", "))
            connection.execute(
                f"UPDATE {table} SET {column} = ? WHERE {condition}",  # noqa: S608 - the same
                (bytes(changed), *place),
            )
        connection.commit()
        assert damaged, f"the file holds no {table}.{column}"
        return damaged


def blobs(path: Path, table: str, column: str) -> list[bytes]:
    """The blobs of a column."""
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute(
            f"SELECT {column} FROM {table} WHERE {column} IS NOT NULL"  # noqa: S608 - from this test
        )
        return [data for (data,) in found.fetchall()]


def _table(name: str) -> str:
    return next(one for statements in _FORMATS for one in statements if f"CREATE TABLE {name} " in one)


def _keys(name: str) -> list[str]:
    statement = _table(name)
    if "PRIMARY KEY (" not in statement:
        return ["name"]
    return statement.split("PRIMARY KEY (")[1].split(")")[0].split(", ")


@pytest.mark.parametrize("at", [0, 8, -1])
@pytest.mark.parametrize(("table", "column", "reading", "what"), DAMAGES)
async def test_a_flipped_bit_is_found_where_it_is_read(
    tmp_path: Path, table: str, column: str, reading: Reading, what: str, at: int
) -> None:
    """A damaged blob raises an error that names it, every time, and stays as it is."""
    device = await make_file(tmp_path, is_constrained=table == "standings")
    damaged = flip(device.path, table, column, at)
    for _ in range(2):
        with pytest.raises(IntegrityError, match=what):
            await _open_and(device, reading)
    assert sorted(blobs(device.path, table, column)) == sorted(damaged)


async def _open_and(device: Device, reading: Reading) -> None:
    try:
        await device.open()
        await reading(device)
    finally:
        await device.local.database.close()


async def test_damage_in_one_document_leaves_the_others(tmp_path: Path) -> None:
    """Documents beside a damaged one are read and written, in the same group of commits too."""
    device = await make_file(tmp_path)
    await device.open()
    await device.close()
    flip(device.path, "states", "state", 9)
    await device.open()
    await device.collection("tasks").insert({"n": 1}, id="b")
    await device.reopen()
    found = await asyncio.gather(
        device.collection("notes").update("a", n=1),
        device.collection("tasks").update("b", n=2),
        return_exceptions=True,
    )
    assert isinstance(found[0], IntegrityError)
    assert dict(await device.collection("tasks").get("b")) == {"n": 2}
    await device.close()


def test_every_column_of_blobs_is_tried() -> None:
    """Every blob that is no key, hash or name of a log's life is protected, and tried above."""
    unprotected = {"id", "generation", "running_hash", "hash"}
    columns = {
        (statement.split("CREATE TABLE ")[1].split(" ")[0], part.split()[0])
        for statements in _FORMATS
        for statement in statements
        if "CREATE TABLE" in statement
        for part in statement.split("(", 1)[1].replace("\n", " ").split(",")
        if len(part.split()) > 1 and part.split()[1] == "BLOB"
    }
    tried = {(table, column) for table, column, _, _ in DAMAGES}
    assert {(table, name) for table, name in columns if name not in unprotected} - tried == {
        ("waiting_entries", "body")  # read by a later version
    }


async def test_a_damaged_hash_is_not_held_against_the_relay(tmp_path: Path) -> None:
    """Where a segment does not fit what is held, the held bytes say whether it is the file that is wrong."""
    _, (first, second) = make_world(tmp_path, "hashes", 2)
    await first.open()
    await second.open()
    await first.collection("notes").insert({"n": 1}, id="a")
    await first.exchange()
    await second.pull()
    await second.close()
    with closing(sqlite3.connect(second.path)) as connection:
        connection.execute("UPDATE writers SET hash = zeroblob(32)")
        connection.commit()
    await second.open()
    await first.collection("notes").update("a", n=2)
    await first.exchange()
    with pytest.raises(IntegrityError, match="is damaged"):
        await second.pull()
    await first.close()
    await second.close()
