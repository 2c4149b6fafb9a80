"""The driver for tools and tests beyond the port: databases in memory, and what follows a failed sync."""

import sqlite3
from pathlib import Path

import pytest

from syncore.adapters.sqlite_inline import open_inline_database
from syncore.core.errors import Closed, IntegrityError, ReadOnly, StorageError
from syncore.core.ports import Durability, SqlConnection


async def test_a_database_in_memory_ends_with_its_closing() -> None:
    """Two databases in memory do not see each other, keep to transactions, and are gone when closed."""
    first, second = (open_inline_database(":memory:", application_id=1) for _ in range(2))
    await first.write(lambda sql: sql.execute("CREATE TABLE item (x)"), Durability.FULL)
    await first.write(lambda sql: sql.execute("INSERT INTO item VALUES (1)"), Durability.NORMAL)

    def fail(sql: SqlConnection) -> None:
        sql.execute("DELETE FROM item")
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await first.write(fail, Durability.FULL)
    assert await first.read(lambda sql: sql.rows("SELECT x FROM item")) == [(1,)]
    with pytest.raises(IntegrityError, match="no such table"):
        await second.read(lambda sql: sql.rows("SELECT x FROM item"))
    await first.close()
    await second.close()
    with pytest.raises(Closed):
        await first.read(lambda sql: sql.rows("SELECT 1"))


async def test_a_file_called_memory_is_a_file(tmp_path: Path) -> None:
    """Only the word itself means memory; a path to a file of that name is a file."""
    database = open_inline_database(tmp_path / ":memory:", application_id=1)
    await database.close()
    assert (tmp_path / ":memory:").stat().st_size > 0


async def test_a_read_only_database_in_memory_refuses_writes() -> None:
    """read_only holds in memory too."""
    database = open_inline_database(":memory:", application_id=1, read_only=True)
    with pytest.raises(ReadOnly):
        await database.write(lambda _: None, Durability.NORMAL)
    await database.close()


async def test_nothing_is_written_after_a_failed_sync(tmp_path: Path) -> None:
    """Once the disk could not sync, every later write fails until the file is opened anew."""
    database = open_inline_database(tmp_path / "a.db", application_id=1)

    def fail(_: SqlConnection) -> None:
        raise StorageError("disk I/O error", sqlite_code=sqlite3.SQLITE_IOERR_FSYNC)

    for _ in range(2):
        with pytest.raises(StorageError):
            await database.write(fail, Durability.FULL)
    with pytest.raises(StorageError, match="earlier writes"):
        await database.write(lambda _: None, Durability.NORMAL)
    await database.close()
