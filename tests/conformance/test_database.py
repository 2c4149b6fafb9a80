"""What every driver of the database port keeps to."""

# ruff: noqa: ASYNC240 - the files that these tests look at are small, and nobody else waits for the loop

import asyncio
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from syncore.core.errors import (
    Closed,
    DiskFull,
    IntegrityError,
    Misused,
    NotAReplica,
    NotWritable,
    ReadOnly,
    StorageError,
)
from syncore.core.ports import Database, Durability, SqlConnection
from tests.conformance.database_drivers import (
    APPLICATION_ID,
    DRIVERS,
    FILE_DRIVERS,
    open_driver,
    store_file,
    stored_files,
)

ROOT = Path(__file__).resolve().parents[2]
BOTH = pytest.mark.parametrize("durability", list(Durability))


@pytest.fixture(params=DRIVERS)
def driver(request: pytest.FixtureRequest) -> str:
    """The name of the driver under test."""
    name: str = request.param
    return name


@pytest.fixture(params=FILE_DRIVERS)
def file_driver(request: pytest.FixtureRequest) -> str:
    """The name of a driver that works on real files."""
    name: str = request.param
    return name


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the database is."""
    return tmp_path / "a replica #1?.db"


@pytest.fixture
async def database(driver: str, path: Path) -> AsyncIterator[Database]:
    """A new database with a table of numbers."""
    database = await open_driver(driver, path)
    await database.write(create_table, Durability.FULL)
    yield database
    await database.close()


def create_table(sql: SqlConnection) -> None:
    """Make the table that the tests write to."""
    sql.execute("CREATE TABLE item (number INTEGER PRIMARY KEY, body BLOB)")


def insertion(*numbers: int) -> Callable[[SqlConnection], int]:
    """Work that inserts numbers and returns how many."""

    def insert(sql: SqlConnection) -> int:
        sql.execute_many("INSERT INTO item VALUES (?, ?)", ((number, b"x" * 50) for number in numbers))
        return len(numbers)

    return insert


def failing_insertion(number: int) -> Callable[[SqlConnection], None]:
    """Work that inserts a number and then fails."""

    def insert(sql: SqlConnection) -> None:
        sql.execute("INSERT INTO item VALUES (?, NULL)", (number,))
        raise ZeroDivisionError

    return insert


async def numbers(database: Database, *, is_long: bool = False) -> list[object]:
    """What is in the table."""
    rows = await database.read(
        lambda sql: sql.rows("SELECT number FROM item ORDER BY rowid"), is_long=is_long
    )
    return [number for (number,) in rows]


# --- transactions ---------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize("is_large", [False, True])
async def test_a_write_is_read_by_every_later_read(
    database: Database,
    durability: Durability,
    is_large: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """A write returns what its work returned, and quick and long reads after it see it."""
    assert await database.write(insertion(1, 2), durability, is_large=is_large) == 2
    assert await numbers(database) == [1, 2]
    assert await numbers(database, is_long=True) == [1, 2]
    await database.write(insertion(3), durability, is_large=is_large)
    assert await numbers(database, is_long=True) == [1, 2, 3]
    assert await numbers(database) == [1, 2, 3]


@BOTH
async def test_nothing_is_kept_of_work_that_raises(database: Database, durability: Durability) -> None:
    """An error in work comes out as it is, what the work had written is gone, and the next write succeeds."""
    await database.write(insertion(1), durability)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            await database.write(failing_insertion(2), durability)
        assert await numbers(database) == [1]
    await database.write(insertion(2), durability)
    assert await numbers(database) == [1, 2]


@BOTH
async def test_nothing_is_kept_of_a_row_that_breaks_a_constraint(
    database: Database, durability: Durability
) -> None:
    """When the third of three rows is refused, the first two are not there either."""
    await database.write(insertion(7), durability)
    with pytest.raises(IntegrityError) as caught:
        await database.write(insertion(5, 6, 7), durability)
    assert caught.value.details["sqlite_code"] == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY
    assert type(caught.value.__cause__).__name__ in {"IntegrityError", "ConstraintError"}
    assert await numbers(database) == [7]


@BOTH
async def test_work_that_outlives_its_transaction_is_refused(
    database: Database, durability: Durability
) -> None:
    """Work can neither end its own transaction and go on, nor keep the connection for later."""
    kept: list[SqlConnection] = []

    def end_early(sql: SqlConnection) -> None:
        kept.append(sql)
        sql.execute("ROLLBACK")
        sql.execute("INSERT INTO item VALUES (1, NULL)")

    with pytest.raises(Misused):
        await database.write(end_early, durability)
    with pytest.raises(Misused):
        await database.write(lambda sql: sql.execute("ROLLBACK"), durability)
    assert await numbers(database) == []
    if durability is Durability.NORMAL:
        with pytest.raises((Misused, StorageError)):
            kept[0].execute("INSERT INTO item VALUES (2, NULL)")
    assert await numbers(database) == []


@pytest.mark.parametrize("is_long", [False, True])
async def test_a_read_cannot_write(database: Database, is_long: bool) -> None:  # noqa: FBT001 - a parameter of the test
    """A read that writes raises, and nothing of it is kept."""
    with pytest.raises((Misused, NotWritable)):
        await database.read(insertion(1), is_long=is_long)
    assert await numbers(database) == []


async def test_an_error_in_a_read_comes_out(database: Database) -> None:
    """What the work of a read raises comes out as it is, and the next read succeeds."""
    for is_long in (False, True):
        with pytest.raises(ZeroDivisionError):
            await database.read(lambda _: 1 // 0, is_long=is_long)
        assert await numbers(database, is_long=is_long) == []


async def test_statements_tell_what_they_found_and_changed(database: Database) -> None:
    """Statements count rows, row gives the first or None, rows gives all, and every kind of value
    comes back.
    """
    extremes = (None, -(2**63), 2**63 - 1, 1.5, "ä\0b", b"\0\xff")

    def work(sql: SqlConnection) -> None:
        assert sql.execute("INSERT INTO item VALUES (1, NULL), (2, NULL), (3, NULL)") == 3
        assert sql.execute("UPDATE item SET body = ? WHERE number > ?", (b"new", 1)) == 2
        assert sql.execute("DELETE FROM item WHERE number = 9") == 0
        assert sql.execute("CREATE TABLE other (x)") == 0
        assert sql.row("SELECT * FROM item WHERE number = 9") is None
        assert sql.row("SELECT * FROM item ORDER BY number DESC") == (3, b"new")
        assert sql.rows("SELECT number FROM item ORDER BY number") == [(1,), (2,), (3,)]
        assert sql.row("INSERT INTO item VALUES (8, NULL) RETURNING number") == (8,)
        assert sql.row("SELECT ?, ?, ?, ?, ?, ?", extremes) == extremes
        assert sql.rows("SELECT 1 WHERE 0") == []
        sql.execute_many("INSERT INTO item VALUES (?, ?)", [])

    await database.write(work, Durability.NORMAL)


@pytest.mark.parametrize(
    ("sql", "parameters", "kind"),
    [
        ("SELEKT 1", (), StorageError),
        ("SELECT * FROM nowhere", (), IntegrityError),
        ("SELECT ?", (), Misused),
        ("SELECT ?", (2**63,), Misused),
        ("SELECT ?", ("\ud800",), Misused),
        ("SELECT CAST(x'ff' AS TEXT)", (), IntegrityError),
    ],
)
async def test_wrong_sql_raises_only_our_errors(
    database: Database, sql: str, parameters: tuple[object, ...], kind: type[Exception]
) -> None:
    """Whatever sqlite3 raises for a statement comes out as one of syncore's errors, chained to its cause."""
    for method in ("execute", "row", "rows"):
        if method == "execute" and kind is IntegrityError:
            continue
        with pytest.raises(kind) as caught:
            await database.write(lambda c, m=method: getattr(c, m)(sql, parameters), Durability.NORMAL)  # type: ignore[misc]
        assert caught.value.__cause__ is not None


async def test_user_version_is_written_like_any_row(database: Database) -> None:
    """The version that a caller sets in a transaction is kept with it, and goes with it."""

    def set_version(sql: SqlConnection) -> None:
        sql.execute("PRAGMA user_version = 7")
        failing_insertion(1)(sql)

    with pytest.raises(ZeroDivisionError):
        await database.write(set_version, Durability.FULL)
    assert await database.read(lambda sql: sql.row("PRAGMA user_version")) == (0,)
    await database.write(lambda sql: sql.execute("PRAGMA user_version = 9"), Durability.NORMAL)
    await database.write(insertion(1), Durability.FULL)
    assert await database.read(lambda sql: sql.row("PRAGMA user_version")) == (9,)


async def test_a_full_write_without_changes_reaches_the_disk(
    driver: str, database: Database, path: Path
) -> None:
    """FULL means that every earlier write is synced, so a FULL write adds to the log even when its work does
    not.
    """
    await database.write(insertion(1), Durability.NORMAL)
    before = stored_files(driver, path.parent)
    await database.write(lambda _: None, Durability.NORMAL)
    assert stored_files(driver, path.parent) == before
    await database.write(lambda _: None, Durability.FULL)
    after = stored_files(driver, path.parent)
    assert after.keys() == before.keys()
    assert after[f"{path.name}-wal"] != before[f"{path.name}-wal"]


async def test_a_full_write_is_synced(database: Database) -> None:
    """FULL writes run where SQLite syncs every commit, whatever ran before."""
    for durability, least in [(Durability.NORMAL, 1), (Durability.FULL, 2)] * 2:
        for is_large in (False, True):
            level = await database.write(
                lambda sql: sql.row("PRAGMA synchronous"), durability, is_large=is_large
            )
            assert level is not None
            assert level >= (least,)


# --- many callers ---------------------------------------------------------------------------------


async def test_concurrent_writes_happen_one_at_a_time_in_the_order_of_the_calls(database: Database) -> None:
    """Of 120 concurrent writes of every kind no two overlap, and they are applied in the order of
    the calls.
    """
    running: list[int] = []

    def work(number: int) -> Callable[[SqlConnection], None]:
        def insert(sql: SqlConnection) -> None:
            running.append(number)
            assert running == [number]
            found = sql.row("SELECT count(*) FROM item")
            assert found == (number,)
            sql.execute("INSERT INTO item VALUES (?, NULL)", (number,))
            running.remove(number)

        return insert

    async with asyncio.TaskGroup() as callers:
        for number in range(120):
            durability = Durability.FULL if number % 3 == 0 else Durability.NORMAL
            callers.create_task(database.write(work(number), durability, is_large=number % 5 == 0))
    assert await numbers(database) == list(range(120))


async def test_concurrent_reads_see_whole_transactions(database: Database) -> None:
    """Reads that run while pairs of rows are written always find an even number of rows."""

    async def write() -> None:
        for number in range(0, 200, 2):
            durability = Durability.FULL if number % 20 == 0 else Durability.NORMAL
            await database.write(insertion(number, number + 1), durability)
            await asyncio.sleep(0)

    async def read(*, is_long: bool) -> None:
        found = 0
        while found < 200:
            found = len(await numbers(database, is_long=is_long))
            assert found % 2 == 0
            await asyncio.sleep(0)

    async with asyncio.TaskGroup() as callers:
        callers.create_task(read(is_long=True))
        callers.create_task(read(is_long=False))
        callers.create_task(write())


@BOTH
async def test_a_cancelled_caller_undoes_nothing_that_was_under_way(
    database: Database, durability: Durability
) -> None:
    """A write that had begun when its caller was cancelled is whole, and later writes follow it."""
    caller = asyncio.ensure_future(database.write(insertion(1, 2, 3), durability))
    await asyncio.sleep(0)
    caller.cancel()
    await asyncio.wait([caller])
    await database.write(insertion(4), durability)
    assert await numbers(database) == [1, 2, 3, 4]


async def test_a_caller_cancelled_while_it_waits_leaves_the_others_alone(database: Database) -> None:
    """Cancelling one of several waiting writes drops that one at most, and none of the others."""
    callers = [asyncio.ensure_future(database.write(insertion(n), Durability.FULL)) for n in range(10)]
    await asyncio.sleep(0)
    callers[5].cancel()
    await asyncio.wait(callers)
    found = await numbers(database)
    assert [number for number in found if number != 5] == [0, 1, 2, 3, 4, 6, 7, 8, 9]
    assert (5 in found) != callers[5].cancelled()


# --- size and room --------------------------------------------------------------------------------


async def test_large_batches_are_written_whole(database: Database) -> None:
    """A batch of 20,000 rows and a row of a megabyte come back, while the log beside the file stays
    bounded.
    """
    await database.write(insertion(*range(20_000)), Durability.NORMAL, is_large=True)
    await database.write(
        lambda sql: sql.execute("INSERT INTO item VALUES (-1, zeroblob(1048576))"), Durability.NORMAL
    )
    assert await database.read(lambda sql: sql.row("SELECT count(*) FROM item"), is_long=True) == (20_001,)
    assert await database.read(lambda sql: sql.row("SELECT length(body) FROM item WHERE number = -1")) == (
        1_048_576,
    )


@BOTH
async def test_the_log_is_bounded_however_much_is_written(
    driver: str, database: Database, path: Path, durability: Durability
) -> None:
    """A writer that never pauses writes 48 MB without the log growing beyond 20 MB."""
    for _ in range(480):
        await database.write(
            lambda sql: sql.execute("INSERT OR REPLACE INTO item VALUES (1, zeroblob(102400))"), durability
        )
        assert len(stored_files(driver, path.parent)[f"{path.name}-wal"]) < 20_000_000


@BOTH
async def test_a_full_database_raises_and_keeps_what_it_had(
    database: Database, durability: Durability
) -> None:
    """When a page cannot be had, the write raises DiskFull, nothing of it is kept, and smaller ones go on."""
    await database.write(insertion(1), durability)

    def fill(sql: SqlConnection) -> None:
        pages = sql.row("PRAGMA page_count")
        assert pages is not None
        sql.row(f"PRAGMA max_page_count = {pages[0]!r}")
        sql.execute("INSERT INTO item VALUES (2, NULL)")
        sql.execute("INSERT INTO item VALUES (3, zeroblob(100000))")

    with pytest.raises(DiskFull) as caught:
        await database.write(fill, durability)
    assert caught.value.hint
    assert await numbers(database) == [1]
    await database.write(insertion(4), durability)
    assert await numbers(database) == [1, 4]


def test_a_disk_without_room_fails_the_commit_and_nothing_else(file_driver: str, path: Path) -> None:
    """When the log cannot grow at commit, DiskFull is raised, nothing is kept, and writing goes on with new
    room.
    """
    run_child("run_out_of_room", file_driver, path)
    assert integrity(path) == "ok"


# --- opening and closing --------------------------------------------------------------------------


async def test_closing_twice_is_closing_once(database: Database) -> None:
    """Closing is idempotent, also when called concurrently, and every later use raises Closed."""
    await asyncio.gather(database.close(), database.close())
    await database.close()
    with pytest.raises(Closed):
        await database.write(insertion(1), Durability.NORMAL)
    with pytest.raises(Closed):
        await database.read(lambda sql: sql.rows("SELECT 1"))


async def test_closing_finishes_what_was_asked_before(driver: str, database: Database, path: Path) -> None:
    """Writes called before close are in the file after it, and nothing is left beside the file."""
    callers = [
        asyncio.ensure_future(database.write(insertion(n), Durability.FULL if n % 2 else Durability.NORMAL))
        for n in range(10)
    ]
    reader = asyncio.ensure_future(numbers(database, is_long=True))
    await asyncio.sleep(0)
    await database.close()
    await asyncio.gather(*callers, reader)
    assert list(stored_files(driver, path.parent)) == [path.name]
    reopened = await open_driver(driver, path)
    assert await numbers(reopened) == list(range(10))
    await reopened.close()


async def test_an_empty_file_becomes_a_database(driver: str, path: Path) -> None:
    """An empty file, as mkstemp makes it, is taken for a new one."""
    store_file(driver, path, b"")
    database = await open_driver(driver, path)
    await database.write(create_table, Durability.NORMAL)
    await database.close()
    path.write_bytes(stored_files(driver, path.parent)[path.name])
    assert sql_of(path, "PRAGMA application_id") == APPLICATION_ID
    assert sql_of(path, "PRAGMA journal_mode") == "wal"


async def test_a_link_names_the_file_that_it_leads_to(file_driver: str, path: Path, tmp_path: Path) -> None:
    """A database made through a link is in the linked file, with its log beside that."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    link = folder / "link.db"
    link.symlink_to(path)
    database = await open_driver(file_driver, link)
    await database.write(create_table, Durability.NORMAL)
    assert [found.name for found in folder.iterdir()] == ["link.db"]
    await database.close()
    assert sql_of(path, "SELECT count(*) FROM item") == 0


@pytest.mark.parametrize("read_only", [False, True])
async def test_paths_that_cannot_be_files_are_refused(
    file_driver: str,
    tmp_path: Path,
    read_only: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    """A folder, a missing folder, a loop of links, a device, a name too long or with a NUL raise
    NotWritable.
    """
    loop = tmp_path / "loop.db"
    loop.symlink_to(loop)
    wrong = [
        tmp_path,
        tmp_path / "none" / "a.db",
        loop,
        Path(os.devnull),
        tmp_path / ("x" * 300),
        tmp_path / "a\0.db",
    ]
    for refused in wrong:
        with pytest.raises(NotWritable) as caught:
            await open_driver(file_driver, refused, read_only=read_only)
        assert caught.value.hint or caught.value.message
    assert [found.name for found in tmp_path.iterdir()] == ["loop.db"]


async def test_a_file_that_is_no_database_is_not_touched(driver: str, path: Path) -> None:
    """Text, a torn header, and a short file are refused as NotAReplica, byte for byte as they were."""
    for content in (b"dear diary\n" * 500, b"SQLite format 3\0", b"\0" * 4096, b"x"):
        store_file(driver, path, content)
        for read_only in (False, True) if driver in FILE_DRIVERS else (False,):
            with pytest.raises(NotAReplica):
                await open_driver(driver, path, read_only=read_only)
        assert stored_files(driver, path.parent) == {path.name: content}


async def test_the_database_of_another_application_is_not_touched(file_driver: str, path: Path) -> None:
    """A SQLite file with another application id is refused, also one that is in use with a log of its own."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("PRAGMA application_id = 77")
    other.execute("CREATE TABLE precious (x)")
    for mode in ("DELETE", "WAL"):
        other.execute(f"PRAGMA journal_mode = {mode}")
        other.execute("INSERT INTO precious VALUES (1)")
        before = stored_files(file_driver, path.parent)
        for read_only in (False, True):
            with pytest.raises(NotAReplica) as caught:
                await open_driver(file_driver, path, read_only=read_only)
            assert caught.value.details["application_id"] == 77
        assert stored_files(file_driver, path.parent) == before
    other.close()


async def test_a_read_only_database_reads_and_does_not_write(file_driver: str, path: Path) -> None:
    """Opened read-only beside its writer, a file shows the writer's commits and refuses to be written."""
    database = await open_driver(file_driver, path)
    await database.write(create_table, Durability.NORMAL)
    await database.write(insertion(1), Durability.NORMAL)
    reader = await open_driver(file_driver, path, read_only=True)
    assert await numbers(reader) == [1]
    await database.write(insertion(2), Durability.NORMAL)
    assert await numbers(reader) == [1, 2]
    assert await numbers(reader, is_long=True) == [1, 2]
    with pytest.raises(ReadOnly):
        await reader.write(insertion(3), Durability.NORMAL)
    await reader.close()
    await database.write(insertion(3), Durability.FULL)
    await database.close()


async def test_a_missing_file_is_not_made_by_reading(file_driver: str, path: Path) -> None:
    """Opening a file that is not there read-only raises and makes none."""
    with pytest.raises(StorageError, match="no file"):
        await open_driver(file_driver, path, read_only=True)
    assert not path.exists()


@pytest.mark.parametrize("what", ["folder", "file"])
def test_a_read_only_disk_is_told_at_opening(file_driver: str, path: Path, what: str) -> None:
    """On a read-only mount of the folder or of the file alone, opening for writing raises
    NotWritable at once, and reading works.
    """
    asyncio.run(make_file(file_driver, path))
    mount = 'mount --bind "$0" "$0" && mount -o remount,ro,bind "$0" && exec "$@"'
    unshared = ["unshare", "--mount", "sh", "-c", mount, str(path.parent if what == "folder" else path)]
    if (
        shutil.which("unshare") is None
        or subprocess.run([*unshared, "true"], check=False, capture_output=True).returncode
    ):
        pytest.skip("this process may not mount")
    run_child("use_read_only_disk", file_driver, path, before=unshared)


# --- damage and death -----------------------------------------------------------------------------


async def test_damaged_bytes_raise_an_integrity_error(driver: str, database: Database, path: Path) -> None:
    """Reading a table whose pages were overwritten raises IntegrityError."""
    await database.write(insertion(*range(5_000)), Durability.FULL, is_large=True)
    await database.close()
    content = bytearray(stored_files(driver, path.parent)[path.name])
    content[8192:] = os.urandom(len(content) - 8192)
    store_file(driver, path, bytes(content))
    reopened = await open_driver(driver, path)
    for is_long in (False, True):
        with pytest.raises(IntegrityError):
            await reopened.read(lambda sql: sql.rows("SELECT * FROM item"), is_long=is_long)
    with pytest.raises(IntegrityError):
        await reopened.write(insertion(9_999), Durability.NORMAL)
    await reopened.close()


@pytest.mark.parametrize("commits", [1, 40, 900])
def test_every_reported_commit_survives_the_death_of_the_process(
    file_driver: str, path: Path, commits: int
) -> None:
    """After SIGKILL amid NORMAL commits, every commit that was reported is in the file, and it is sound."""
    command = child_command("commit_until_killed", file_driver, path)
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        lines = [child.stdout.readline() for _ in range(commits)]
        child.send_signal(signal.SIGKILL)
        reported = [int(line) for line in lines + child.stdout.readlines()]
    assert child.returncode == -signal.SIGKILL
    found = asyncio.run(reopened_numbers(file_driver, path))
    assert found == list(range(1, len(found) + 1))
    assert reported[-1] <= len(found) <= reported[-1] + 1
    assert integrity(path) == "ok"


async def make_file(driver: str, path: Path) -> None:
    """A closed database with one row."""
    database = await open_driver(driver, path)
    await database.write(create_table, Durability.NORMAL)
    await database.write(insertion(1), Durability.NORMAL)
    await database.close()


async def reopened_numbers(driver: str, path: Path) -> list[object]:
    """What is in a table after its file was opened anew."""
    database = await open_driver(driver, path)
    found = await numbers(database)
    await database.close()
    return found


def child_command(program: str, driver: str, path: Path) -> list[str]:
    """How to run one of the programs of ``database_child``."""
    return [sys.executable, "-m", "tests.conformance.database_child", program, driver, str(path)]


def run_child(program: str, driver: str, path: Path, before: list[str] | None = None) -> None:
    """Run one of the programs of ``database_child`` to its good end."""
    command = [*(before or []), *child_command(program, driver, path)]
    ended = subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True, timeout=50)
    assert ended.returncode == 0, ended.stderr


def sql_of(path: Path, query: str) -> object:
    """The first value of a query on a file, asked with sqlite3 alone."""
    connection = sqlite3.connect(path)
    try:
        return connection.execute(query).fetchone()[0]
    finally:
        connection.close()


def integrity(path: Path) -> object:
    """SQLite's verdict on a file."""
    return sql_of(path, "PRAGMA integrity_check")
