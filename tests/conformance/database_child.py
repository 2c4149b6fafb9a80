"""Programs for the database tests that are killed, or robbed of their disk."""

import asyncio
import resource
import sys
from collections.abc import Callable
from pathlib import Path

from syncore.core.errors import DiskFull, NotWritable
from syncore.core.ports import Database, Durability, SqlConnection
from tests.conformance.database_drivers import open_driver


async def commit_until_killed(driver: str, path: Path) -> None:
    """Commit rows one by one and print each number after its commit was reported."""
    database = await open_driver(driver, path)
    for number in range(1, 1_000_000):
        await database.write(_insertion(number), Durability.NORMAL)
        print(number, flush=True)  # noqa: T201 - the parent reads it


async def run_out_of_room(driver: str, path: Path) -> None:
    """Fail at commit because files may not grow, keep nothing, and go on when they may again."""
    database = await open_driver(driver, path)
    await database.write(_insertion(1), Durability.FULL)
    await database.write(_insertion(2), Durability.NORMAL)
    for durability in Durability:
        resource.setrlimit(resource.RLIMIT_FSIZE, (_largest_file_bytes(path) + 8192, resource.RLIM_INFINITY))
        await _expect_no_room(database, durability)
        assert await _numbers(database) == [1, 2]
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    await database.write(_insertion(3), Durability.NORMAL)
    await database.write(_insertion(4), Durability.FULL)
    assert await _numbers(database) == [1, 2, 3, 4]
    await database.close()


async def use_read_only_disk(driver: str, path: Path) -> None:
    """Refuse to open a file for writing on a read-only disk, open it for reading."""
    try:
        await open_driver(driver, path)
    except NotWritable:
        pass
    else:
        raise AssertionError("opened for writing")
    database = await open_driver(driver, path, read_only=True)
    assert await _numbers(database) == [1]
    assert await database.read(lambda sql: sql.rows("SELECT number FROM item"), is_long=True) == [(1,)]
    await database.close()


async def _expect_no_room(database: Database, durability: Durability) -> None:
    def fill(sql: SqlConnection) -> None:
        for number in range(100, 150):
            sql.execute("INSERT INTO item VALUES (?, zeroblob(4000))", (number,))

    try:
        await database.write(fill, durability)
    except DiskFull:
        return
    raise AssertionError("the write had no room")


async def _numbers(database: Database) -> list[object]:
    return [number for (number,) in await database.read(lambda sql: sql.rows("SELECT number FROM item"))]


def _insertion(number: int) -> Callable[[SqlConnection], None]:
    def insert(sql: SqlConnection) -> None:
        sql.execute("CREATE TABLE IF NOT EXISTS item (number INTEGER PRIMARY KEY, body BLOB)")
        sql.execute("INSERT INTO item VALUES (?, zeroblob(500))", (number,))

    return insert


def _largest_file_bytes(path: Path) -> int:
    return max(found.stat().st_size for found in path.parent.iterdir())


PROGRAMS = {
    "commit_until_killed": commit_until_killed,
    "run_out_of_room": run_out_of_room,
    "use_read_only_disk": use_read_only_disk,
}

if __name__ == "__main__":
    asyncio.run(PROGRAMS[sys.argv[1]](sys.argv[2], Path(sys.argv[3])))
