"""A replica file with something in every table, made by real work; and what a file holds, read every way."""

import sqlite3
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from syncore.codec.values import encode_value
from syncore.core.commits import Commit, Entry
from syncore.core.hybrid_clock import HybridTime
from syncore.core.identifiers import CommitId, DeviceIndex, Dot, Incarnation, make_writer
from syncore.core.ports import Durability, SqlConnection
from syncore.documents.changes import Counter, List, Set, Text, increment, splice
from syncore.documents.operations import SetField
from syncore.documents.rules import DeletionRule, Strategy
from syncore.engine.checkup import CheckReport, check_file, read_header
from syncore.protocol.commit_codec import encode_commit
from syncore.protocol.receipts import Receipt, encode_receipt, sign_receipt
from syncore.query.paths import where
from syncore.replica.collection import Collection
from syncore.replica.doctor.subject import Progress
from syncore.replica.space_state import SpaceState
from syncore.storage.finding_rows import FindingKind, FindingRow, FindingRows
from syncore.storage.missing_rows import MissingRows
from syncore.storage.pending_rows import PendingRows
from syncore.storage.space_rows import SpaceRows
from tests.replica.hostile import Forger, record_entry
from tests.replica.world import Device, make_world

PRIVATE = 1


async def make_full_file(folder: Path, documents: int = 12, *, has_accidents: bool = True) -> Device:
    """A closed file of a device that has worked with two others; both spaces have documents of every kind.

    With accidents something is in the tables, too, that are empty as long as everybody behaves.
    """
    relay, devices = make_world(folder, "doctor", 4)
    device, second, third, last = devices
    forger = Forger(relay, last, make_writer(DeviceIndex(3), Incarnation(1)))
    relay.append_unjudged(forger.seal([Entry(99, b"later")]))
    bad = SetField(field="x", value=encode_value(1), replaces=(Dot(forger.writer, 9),))
    relay.append_unjudged(forger.seal([record_entry(bad)]))
    for one in (device, second, third):
        await one.open()
    await _write(Collection(device.local, lambda: PRIVATE, "films"), documents)
    await device.collection("films").configure(fields={"ask": Strategy.ASK}, deletion=DeletionRule.ASK)
    await _index(device.collection("films"))
    await _write(device.collection("films"), documents)
    await _constrain(Collection(device.local, lambda: PRIVATE, "people"))
    await _constrain(device.collection("people"))
    await device.exchange()
    await second.pull()
    await third.pull()
    for round_ in range(3):
        for number, one in enumerate((device, second, third)):
            films = one.collection("films")
            await films.update("0", ask=f"{number}/{round_}", title=f"by {number}", votes=increment(1))
            await films.update("1", review=splice(0, 0, f"{one.name} says so. "))
            await films.update(f"{2 + number}", year=1990 + number)
            await films.insert({"made": f"{number} in {round_}"}, id=f"{number}-{round_}")
        await device.collection("films").delete("5" if not round_ else f"0-{round_ - 1}")
        await second.collection("films").update("5", title=f"kept in {round_}")
        for one in (second, third, device, second, third):
            await one.exchange()
    await device.collection("films").configure(schema={"properties": {"made": {"type": "integer"}}})
    await _undo(device)
    await device.exchange()
    await device.collection("films").update("1", review=splice(0, 0, "not sent, "))
    connection = await device.pull()
    connection.is_deaf = True
    await device.sync.push()
    for number in range(4):
        async with device.transaction() as transaction:
            await transaction.update(("films", "2"), year=number)
            await transaction.insert("notes", {"number": number, "text": Text("a" * 30)}, id=f"n{number}")
    if has_accidents:
        await device.local.database.write(lambda sql: _add(sql, device.state, device), Durability.NORMAL)
    for one in (device, second, third):
        await one.close()
    return device


async def _write(films: Collection, documents: int) -> None:
    for number in range(documents):
        content: dict[str, object] = {
            "title": f"Film {number} " + "é" * (number * 7),
            "year": 1900 + number,
            "gross": Decimal(number) / 7 if number % 2 else None,
            "seen": datetime(2026, 1, 1 + number % 28, tzinfo=UTC),
            "cast": [{"name": f"N{part}", "age": part} for part in range(number % 4)],
            "poster": bytes(range(number * 11 % 256)),
            "votes": Counter(number),
            "tags": Set({"a", f"t{number}"}),
        }
        if number % 2:
            content |= {"review": Text(f"Number {number}. " * 9), "scenes": List([number, "two", None])}
        await films.insert(content, id=str(number))
    await films.insert({"script": Text("A long scene. " * 2_000)}, id="long")
    for number in range(0, documents, 3):
        await films.update(str(number), votes=increment(2), year=number)
    await films.delete(str(documents - 1))
    await films.update("0", title="Again")
    await films.undo("0")
    await films.redo("0")
    await films.update("1", review=splice(0, 6, "No."))
    await films.undo("1")


async def _index(films: Collection) -> None:
    """Something of every kind, complete from the start."""
    made = [
        await films.create_index("year", "-title"),
        await films.create_index("tags", each=True),
        await films.create_index("title", kind="hash", where=where.year > 1902),
        await films.create_text_index("title", "review", where.cast, weights={"title": 2}),
    ]
    for index in made:
        await index.built()


async def _constrain(people: Collection) -> None:
    """Somebody lost a name, somebody went with his boss, and somebody is named who was deleted."""
    for number in range(6):
        await people.insert({"email": f"{number % 5}", "n": number}, id=str(number))
    await people.configure(unique=["email"], references={"boss": ("people", "cascade"), "friend": "people"})
    await people.update("1", boss="2", friend="3")
    await people.update("4", friend="3")
    await people.delete("3")
    await people.delete("2")


async def _undo(device: Device) -> None:
    films = device.collection("films")
    async with device.transaction() as transaction:
        for id_ in ("6", "7"):
            await transaction.update(("films", id_), title="both")
    await films.undo("6")
    await films.redo("6")
    async with device.transaction() as transaction:
        for id_ in ("8", "9"):
            await transaction.update(("films", id_), title="and taken back")
    await films.undo("8")


def _add(sql: SqlConnection, state: SpaceState, device: Device) -> None:
    """What takes an accident to get into a file."""
    pending = PendingRows(sql, state.number)
    refused = Commit(CommitId(b"i" * 8), HybridTime(5), ())
    pending.set_aside(refused.id, encode_commit(refused), "the relay does not take it")
    pending.note_renamed([(Dot(state.writer, 900 + n), Dot(state.writer, 800 + n)) for n in range(5)])
    FindingRows(sql, state.number).write(
        FindingRow(FindingKind.DISPUTE, "it was shown otherwise", b"a", b"b")
    )
    assert state.control is not None
    missing = MissingRows(sql, state.number)
    missing.add_control([state.control.link_at(0) or b"", state.control.link_at(1) or b""])
    missing.add_all_segments()
    row = state.row
    assert row.generation is not None
    assert row.running_hash is not None
    receipt = Receipt(
        space=state.id,
        generation=row.generation,
        offset=row.log_offset,
        running_hash=row.running_hash,
        control_seq=state.control.head_seq,
        control_hash=state.control.head_link,
        time_ms=1,
    )
    signed = sign_receipt(receipt, signer=device.relay.signer)
    SpaceRows(sql).write(replace(row, receipt=encode_receipt(signed), relay_losses=3))


def examine(device: Device, path: Path | None = None, *, progress: Progress | None = None) -> CheckReport:
    """The examination of a device's file, or of a damaged copy, with the device's keystore."""
    found = device.path if path is None else path
    return check_file(found, lambda _id: device.keystore, header=read_header(found), progress=progress)


Dump = dict[str, object]


def dump(path: Path) -> Dump:
    """Everything that can be read of a file: each table, and each table through each of its indexes."""
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
        connection.text_factory = bytes
        return {name: _read(connection, statement) for name, statement in _STATEMENTS.items()} | {
            "schema": _read(connection, "SELECT * FROM sqlite_schema"),
            "format": _read(connection, "PRAGMA user_version"),
            "mark": _read(connection, "PRAGMA application_id"),
        }


def _read(connection: sqlite3.Connection, statement: str) -> object:
    try:
        return connection.execute(statement).fetchall()
    except (sqlite3.Error, OverflowError, UnicodeError) as error:
        return f"{type(error).__name__}"


def learn(path: Path) -> None:
    """Find out by a sound file what there is to be read."""
    _STATEMENTS.clear()
    with closing(sqlite3.connect(path)) as connection:
        tables = [
            (name, sql)
            for name, sql in connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'table'")
        ]
        for table, _ in tables:
            if table.startswith("text_entries_"):
                if not table.endswith(_SHADOWS):
                    _STATEMENTS.update(_searches(table))
                continue
            _STATEMENTS[table] = f"SELECT * FROM {table} NOT INDEXED"  # noqa: S608 - from the file
            for _, index, _, _, is_partial in connection.execute(f"PRAGMA index_list({table})").fetchall():
                names = [
                    row[2] for row in connection.execute(f"PRAGMA index_xinfo({index})").fetchall() if row[2]
                ]
                condition = " WHERE contest > 0" if is_partial else ""
                order = ", ".join(names)
                if index.startswith("sqlite_autoindex") and _is_without_rowid(connection, table):
                    continue  # the table itself
                for what in (order, "*"):
                    _STATEMENTS[f"{table} by {index}: {what}"] = (
                        f"SELECT {what} FROM {table} INDEXED BY {index}{condition} ORDER BY {order}"  # noqa: S608
                    )


def _searches(table: str) -> dict[str, str]:
    """What searches return: words, beginnings, phrases. FTS5's own tables hold what is superseded, too."""
    asked = [f'"{sign}" *' for sign in "abcdefghijklmnopqrstuvwxyz0123456789é"]
    asked += [
        "film",
        "number",
        "c1 : num*",
        '"film 3"',
        '"number 3 number"',
        '"number 5 n" *',
        "a OR by",
        "n1",
    ]
    return {
        f"{table} {what}": f"SELECT rowid, bm25({table}) FROM {table} WHERE {table} MATCH '{what}' ORDER BY 1"  # noqa: S608
        for what in asked
    }


def _is_without_rowid(connection: sqlite3.Connection, table: str) -> bool:
    (sql,) = connection.execute("SELECT sql FROM sqlite_schema WHERE name = ?", (table,)).fetchone()
    return "WITHOUT ROWID" in sql


_SHADOWS = ("_data", "_idx", "_docsize", "_config")
_STATEMENTS: dict[str, str] = {}
