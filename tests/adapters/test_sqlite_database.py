"""What the driver for programs promises beyond the port: the event loop never waits for the disk."""

# ruff: noqa: ASYNC240 - the files that these tests look at are small, and nobody else waits for the loop

import asyncio
import logging
import resource
import sqlite3
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable
from functools import partial
from pathlib import Path

import pytest

from syncore.adapters.sqlite_database import SqliteDatabase, open_database
from syncore.adapters.sqlite_log import LogGauge
from syncore.adapters.sqlite_opening import (
    LOG_LIMIT_BYTES,
    connect_to_read,
    connect_to_write,
    open_to_write,
)
from syncore.adapters.sqlite_thread import ThreadConnection
from syncore.core.errors import DiskFull, StorageError
from syncore.core.ports import Durability, SqlConnection

APPLICATION_ID = 12
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[SqliteDatabase]:
    """A new database, past its first write, which goes to the thread in any case."""
    database = await open_database(tmp_path / "a.db", application_id=APPLICATION_ID)
    await database.write(
        lambda sql: sql.execute("CREATE TABLE item (number INTEGER PRIMARY KEY)"), Durability.FULL
    )
    yield database
    await database.close()


def insertion(number: int) -> Callable[[SqlConnection], int]:
    """Work that inserts a number and tells the thread that it ran on."""

    def insert(sql: SqlConnection) -> int:
        sql.execute("INSERT INTO item VALUES (?)", (number,))
        return threading.get_ident()

    return insert


async def numbers(database: SqliteDatabase) -> list[object]:
    """What is in the table."""
    return [number for (number,) in await database.read(lambda sql: sql.rows("SELECT number FROM item"))]


async def test_small_work_runs_on_the_loop_and_the_rest_on_threads(database: SqliteDatabase) -> None:
    """NORMAL writes and quick reads stay on the loop's thread; FULL and large writes and long reads
    leave it.
    """
    here = threading.get_ident()
    assert await database.write(insertion(1), Durability.NORMAL) == here
    assert await database.read(lambda _: threading.get_ident()) == here
    writers = {
        await database.write(insertion(2), Durability.FULL),
        await database.write(insertion(3), Durability.NORMAL, is_large=True),
    }
    readers = {await database.read(lambda _: threading.get_ident(), is_long=True)}
    assert len(writers | readers | {here}) == 3


async def test_small_writes_give_way_to_nothing(database: SqliteDatabase) -> None:
    """A NORMAL write and a quick read end without the event loop turning once."""
    turned: list[int] = []
    asyncio.get_running_loop().call_soon(turned.append, 1)
    await database.write(insertion(1), Durability.NORMAL)
    assert await numbers(database) == [1]
    assert turned == []


async def test_a_whole_write_takes_one_hop(
    database: SqliteDatabase, caplog: pytest.LogCaptureFixture
) -> None:
    """A FULL write of a hundred statements is one call on aiosqlite's thread, and so is a long read."""

    def work(sql: SqlConnection) -> None:
        for number in range(100):
            insertion(number)(sql)

    def hops() -> int:
        return sum(record.message.startswith("executing") for record in caplog.records)

    with caplog.at_level(logging.DEBUG, logger="aiosqlite"):
        await database.write(work, Durability.FULL)
        assert hops() == 1
        await database.read(lambda sql: [sql.row("SELECT ?", (n,)) for n in range(100)], is_long=True)
        assert hops() == 2
        await database.write(insertion(200), Durability.NORMAL)
        assert hops() == 2


async def test_a_cancelled_caller_keeps_its_turn_until_its_work_has_ended(database: SqliteDatabase) -> None:
    """While the work of a cancelled caller still runs on the thread, no other write begins."""
    begun, gate = threading.Event(), threading.Event()

    def slow(sql: SqlConnection) -> None:
        begun.set()
        assert gate.wait(30)
        insertion(1)(sql)

    cancelled = asyncio.ensure_future(database.write(slow, Durability.FULL))
    await asyncio.to_thread(begun.wait, 30)
    cancelled.cancel()
    followers = [asyncio.ensure_future(database.write(insertion(n), Durability.NORMAL)) for n in (2, 3)]
    closing = asyncio.ensure_future(numbers_then_close(database))
    for _ in range(50):
        await asyncio.sleep(0)
    assert cancelled.cancelled()
    assert not any(follower.done() for follower in followers)
    assert await numbers(database) == []
    gate.set()
    await asyncio.gather(*followers)
    assert await closing == [1, 2, 3]


async def numbers_then_close(database: SqliteDatabase) -> list[object]:
    """What is in the table once every write called before has ended."""
    await database.write(lambda _: None, Durability.NORMAL)
    found = await numbers(database)
    await database.close()
    return found


async def test_a_long_read_holds_up_nobody(database: SqliteDatabase) -> None:
    """While a long read runs, writes and quick reads go on, and the long one keeps its snapshot."""
    begun, gate = threading.Event(), threading.Event()

    def slow(sql: SqlConnection) -> tuple[object, object]:
        before = sql.row("SELECT count(*) FROM item")
        begun.set()
        assert gate.wait(30)
        return before, sql.row("SELECT count(*) FROM item")

    reading = asyncio.ensure_future(database.read(slow, is_long=True))
    await asyncio.to_thread(begun.wait, 30)
    await database.write(insertion(1), Durability.NORMAL)
    await database.write(insertion(2), Durability.FULL)
    assert await numbers(database) == [1, 2]
    gate.set()
    assert await reading == ((0,), (0,))


async def test_the_log_is_cut_back_after_a_reader_that_held_it(database: SqliteDatabase) -> None:
    """The log grows while an old snapshot is read, is not checkpointed at every commit, and shrinks
    afterwards.
    """
    begun, gate = threading.Event(), threading.Event()

    def slow(sql: SqlConnection) -> None:
        sql.row("SELECT count(*) FROM item")
        begun.set()
        assert gate.wait(30)

    async def rewrite(times: int) -> None:
        def update(sql: SqlConnection) -> None:
            sql.execute("UPDATE big SET body = randomblob(200000)")

        for _ in range(times):
            await database.write(update, Durability.NORMAL)

    create = "CREATE TABLE big AS SELECT randomblob(200000) AS body"
    await database.write(lambda sql: sql.execute(create), Durability.FULL)
    reading = asyncio.ensure_future(database.read(slow, is_long=True))
    await asyncio.to_thread(begun.wait, 30)
    log = Path(f"{database.path}-wal")
    await rewrite(100)
    assert log.stat().st_size > LOG_LIMIT_BYTES
    gate.set()
    await reading
    await rewrite(2 * LOG_LIMIT_BYTES // 200_000)
    assert log.stat().st_size < LOG_LIMIT_BYTES + 1_000_000


async def test_another_program_that_writes_is_waited_for_off_the_loop(database: SqliteDatabase) -> None:
    """While another connection holds the write lock, a NORMAL write waits on the thread and the
    loop turns.
    """
    other = sqlite3.connect(database.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    other.execute("INSERT INTO item VALUES (1)")
    writing = asyncio.ensure_future(database.write(insertion(2), Durability.NORMAL))
    for _ in range(50):
        await asyncio.sleep(0)
    assert not writing.done()
    assert await numbers(database) == []
    other.execute("COMMIT")
    other.close()
    assert await writing != threading.get_ident()
    assert await numbers(database) == [1, 2]


class AlwaysDue(LogGauge):
    """A log that asks for a checkpoint after every commit."""

    def note_commit(self) -> bool:
        """A transaction was committed; a checkpoint is due."""
        super().note_commit()
        return True


async def test_checkpoints_take_turns_with_writes(tmp_path: Path) -> None:
    """With a checkpoint after every one of 600 concurrent and single commits, each still has its own turn."""
    path = tmp_path / "a.db"
    opening = partial(open_to_write, path, application_id=APPLICATION_ID, durability=Durability.NORMAL)
    database = SqliteDatabase(
        path,
        writer=await ThreadConnection.open(opening),
        inline=connect_to_write(path, durability=Durability.NORMAL, wait_ms=0),
        reader=await ThreadConnection.open(partial(connect_to_read, path)),
        log=AlwaysDue(path),
    )
    await database.write(
        lambda sql: sql.execute("CREATE TABLE item (number INTEGER PRIMARY KEY)"), Durability.NORMAL
    )
    for first in range(0, 600, 4):
        await database.write(insertion(first), Durability.NORMAL)
        async with asyncio.TaskGroup() as callers:
            callers.create_task(database.write(insertion(first + 1), Durability.NORMAL))
            callers.create_task(database.write(insertion(first + 2), Durability.FULL))
        await database.write(insertion(first + 3), Durability.NORMAL, is_large=True)
    assert await numbers(database) == list(range(600))
    await database.close()


async def test_the_first_commit_after_a_checkpoint_leaves_the_loop(tmp_path: Path) -> None:
    """The commit that begins the log anew syncs it, so the first after opening and after
    checkpoints is a thread's.
    """
    database = await open_database(tmp_path / "a.db", application_id=APPLICATION_ID)
    here = threading.get_ident()

    def insert(sql: SqlConnection) -> bool:
        sql.execute("CREATE TABLE IF NOT EXISTS big (body BLOB)")
        sql.execute("INSERT INTO big VALUES (zeroblob(100000))")
        return threading.get_ident() == here

    times = 5 * LOG_LIMIT_BYTES // 2 // 100_000
    seen = [await database.write(insert, Durability.NORMAL) for _ in range(times)]
    await database.close()
    assert seen[:3] == [False, True, True]
    assert 1 < seen.count(False) < 5


async def test_a_checkpoint_that_never_began_blocks_nobody(database: SqliteDatabase) -> None:
    """When every task of the loop is cancelled just as a checkpoint is due, writing and closing
    still work.
    """
    before = asyncio.all_tasks()
    await database.write(lambda sql: sql.execute("CREATE TABLE big (body BLOB)"), Durability.NORMAL)
    for _ in range(1_000):
        await database.write(
            lambda sql: sql.execute("INSERT INTO big VALUES (zeroblob(50000))"), Durability.NORMAL
        )
        if begun := asyncio.all_tasks() - before:
            break
    else:
        raise AssertionError("no checkpoint in fifty megabytes")
    for task in begun:
        task.cancel()
    await database.write(insertion(1), Durability.NORMAL)
    await database.write(insertion(2), Durability.FULL)
    assert await numbers(database) == [1, 2]


async def test_nothing_is_written_after_a_failed_sync(database: SqliteDatabase) -> None:
    """Once the disk could not sync, every later write fails until the file is opened anew; reading
    goes on.
    """

    def fail(_: SqlConnection) -> None:
        raise StorageError("disk I/O error", sqlite_code=sqlite3.SQLITE_IOERR_FSYNC)

    failing = asyncio.ensure_future(database.write(fail, Durability.FULL))
    waiting = asyncio.ensure_future(database.write(insertion(1), Durability.NORMAL))
    with pytest.raises(StorageError) as first:
        await failing
    with pytest.raises(StorageError, match="earlier writes"):
        await waiting
    for durability in Durability:
        with pytest.raises(StorageError) as caught:
            await database.write(insertion(1), durability)
        assert caught.value.__cause__ is first.value
    assert await numbers(database) == []
    await database.close()
    reopened = await open_database(database.path, application_id=APPLICATION_ID)
    await reopened.write(insertion(1), Durability.FULL)
    await reopened.close()


def test_a_checkpoint_without_room_is_told_by_the_next_write(tmp_path: Path) -> None:
    """When the file cannot grow, commits stay in the log, the next write says DiskFull, and all goes on with
    room.
    """
    command = [sys.executable, "-m", "tests.adapters.test_sqlite_database", str(tmp_path / "a.db")]
    ended = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, timeout=50)
    assert ended.returncode == 0, ended.stderr


async def fill_a_file_that_may_not_grow(path: Path) -> None:
    """The program of the test above; it limits the size of its own files."""
    database = await open_database(path, application_id=APPLICATION_ID)
    rows = 0

    async def insert() -> None:
        nonlocal rows
        await database.write(
            lambda sql: sql.execute("INSERT INTO big VALUES (zeroblob(50000))"), Durability.NORMAL
        )
        rows += 1

    await database.write(lambda sql: sql.execute("CREATE TABLE big (body BLOB)"), Durability.NORMAL)
    while path.stat().st_size < 5 * LOG_LIMIT_BYTES // 2:
        await insert()
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size, resource.RLIM_INFINITY))
    refusals, rows_before = 0, rows
    while refusals < 3:
        try:
            await insert()
        except DiskFull:
            refusals += 1
        assert rows < rows_before + 2 * LOG_LIMIT_BYTES // 50_000, "the next write did not tell"
        await asyncio.sleep(0)
    assert await database.read(lambda sql: sql.row("SELECT count(*) FROM big")) == (rows,)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    await insert()
    await database.close()
    assert not Path(f"{path}-wal").exists()
    reopened = await open_database(path, application_id=APPLICATION_ID)
    assert await reopened.read(lambda sql: sql.row("SELECT count(*) FROM big")) == (rows,)
    await reopened.close()


def test_a_program_that_never_closes_still_ends(tmp_path: Path) -> None:
    """A program that forgets to close ends, and what it committed is in the file."""
    program = (
        "import asyncio, sys\n"
        "from pathlib import Path\n"
        "from syncore.adapters.sqlite_database import open_database\n"
        "from syncore.core.ports import Durability\n"
        "async def main():\n"
        "    global database\n"
        "    database = await open_database(Path(sys.argv[1]), application_id=12)\n"
        "    await database.write(lambda sql: sql.execute('CREATE TABLE kept (x)'), Durability.NORMAL)\n"
        "asyncio.run(main())\n"
    )
    command = [sys.executable, "-c", program, str(tmp_path / "a.db")]
    ended = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, timeout=50)
    assert ended.returncode == 0, ended.stderr
    connection = sqlite3.connect(tmp_path / "a.db")
    assert connection.execute("SELECT count(*) FROM kept").fetchone() == (0,)
    connection.close()


if __name__ == "__main__":
    asyncio.run(fill_a_file_that_may_not_grow(Path(sys.argv[1])))
