"""The relay's SQLite file."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from relay.adapters.database import StoreDatabase, translate
from syncore.core.errors import (
    Closed,
    DiskFull,
    IntegrityError,
    NewerFormat,
    NotAReplica,
    NotWritable,
    StorageError,
)
from syncore.core.ports import Durability, SqlConnection

ID = 0x1234
SCHEMA = ("CREATE TABLE numbers (number INTEGER PRIMARY KEY) STRICT",)


async def opened(path: Path, *, version: int = 1) -> StoreDatabase:
    """The database under test."""
    return await StoreDatabase.open(path, application_id=ID, version=version, schema=SCHEMA)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[StoreDatabase]:
    """A fresh database."""
    database = await opened(tmp_path / "relay.db")
    yield database
    await database.close()


def numbers(sql: SqlConnection) -> list[int]:
    """Work that reads all numbers."""
    return [int(str(number)) for (number,) in sql.rows("SELECT number FROM numbers ORDER BY 1")]


async def test_what_was_written_is_there_after_reopening(tmp_path: Path) -> None:
    """A commit survives closing, and reopening finds the same format."""
    database = await opened(tmp_path / "relay.db")
    assert (
        await database.write(lambda sql: sql.execute("INSERT INTO numbers VALUES (1)"), Durability.FULL) == 1
    )
    await database.close()
    await database.close()
    again = await opened(tmp_path / "relay.db")
    assert await again.read(numbers) == [1]
    await again.close()


async def test_a_failed_write_leaves_nothing(database: StoreDatabase) -> None:
    """When the work raises, what it did before is undone, and the next write works."""

    def half(sql: SqlConnection) -> None:
        sql.execute("INSERT INTO numbers VALUES (1)")
        raise ValueError("half-way")

    with pytest.raises(ValueError, match="half-way"):
        await database.write(half)
    with pytest.raises(StorageError):
        await database.write(lambda sql: sql.execute("INSERT INTO absent VALUES (1)"))
    await database.write(lambda sql: sql.execute_many("INSERT INTO numbers VALUES (?)", [(2,), (3,)]))
    assert await database.read(numbers) == [2, 3]


async def test_commits_are_synced_to_the_disk(database: StoreDatabase) -> None:
    """The writing connection is in WAL mode with FULL synchronisation (2)."""
    assert await database.write(lambda sql: sql.row("PRAGMA synchronous")) == (2,)
    assert await database.write(lambda sql: sql.row("PRAGMA journal_mode")) == ("wal",)


async def test_a_read_sees_one_snapshot_while_another_thread_writes(database: StoreDatabase) -> None:
    """A write that commits during a read is not seen by it, and does not wait for it."""
    loop = asyncio.get_running_loop()

    def slow_read(sql: SqlConnection) -> tuple[list[int], list[int]]:
        before = numbers(sql)
        asyncio.run_coroutine_threadsafe(
            database.write(lambda inner: inner.execute("INSERT INTO numbers VALUES (7)")), loop
        ).result()
        return before, numbers(sql)

    assert await database.read(slow_read) == ([], [])
    assert await database.read(numbers) == [7]


async def test_a_full_disk_is_told_apart_and_reads_go_on(database: StoreDatabase) -> None:
    """At the page limit a write raises DiskFull and leaves nothing; reading, and writing later, work."""
    await database.write(lambda sql: sql.execute("INSERT INTO numbers VALUES (1)"))
    # The pragma answers with a row, so it cannot be `execute`d for a count alone.
    pages = await database.write(lambda sql: sql.row("PRAGMA page_count"))
    assert pages is not None
    await database.write(lambda sql: sql.row(f"PRAGMA max_page_count = {pages[0]!r}"))
    with pytest.raises(DiskFull):
        await database.write(
            lambda sql: sql.execute_many("INSERT INTO numbers VALUES (?)", [(n,) for n in range(2, 9000)])
        )
    assert await database.read(numbers) == [1]
    await database.write(lambda sql: sql.execute("INSERT INTO numbers VALUES (2)"))
    assert await database.read(numbers) == [1, 2]


async def test_other_files_are_refused_untouched(tmp_path: Path) -> None:
    """Another program's database, a later format and plain text are refused and stay as they were."""
    other, later, text = tmp_path / "other.db", tmp_path / "later.db", tmp_path / "text.db"
    for path, application_id, version in ((other, 1, 1), (later, ID, 2)):
        with sqlite3.connect(path) as connection:
            connection.execute("CREATE TABLE things (x)")
            connection.execute(f"PRAGMA application_id = {application_id}")
            connection.execute(f"PRAGMA user_version = {version}")
        connection.close()
    text.write_bytes(b"not a database at all, but long enough to be looked at" * 20)
    for path, kind in ((other, NotAReplica), (later, NewerFormat), (text, NotAReplica)):
        before = path.read_bytes()
        with pytest.raises(kind):
            await opened(path)
        assert path.read_bytes() == before
    with pytest.raises(NotWritable):
        await opened(tmp_path / "absent" / "relay.db")


async def test_a_closed_database_says_so(tmp_path: Path) -> None:
    """Use after close is Closed, not a crash."""
    database = await opened(tmp_path / "relay.db")
    await database.close()
    with pytest.raises(Closed):
        await database.read(numbers)
    with pytest.raises(Closed):
        await database.write(numbers)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (sqlite3.SQLITE_FULL, DiskFull),
        (sqlite3.SQLITE_CORRUPT, IntegrityError),
        (sqlite3.SQLITE_IOERR | (5 << 8), StorageError),
        (sqlite3.SQLITE_READONLY, NotWritable),
        (None, StorageError),
    ],
)
def test_errors_of_sqlite_become_ours(code: int | None, kind: type[Exception]) -> None:
    """Every code, known or not, has a place in the tree; extended codes count as their primary one."""
    error = sqlite3.OperationalError("because")
    if code is not None:
        error.sqlite_errorcode = code
    assert type(translate(error)) is kind
