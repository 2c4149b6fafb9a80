"""Tests of syncore.adapters.sqlite_connection: SQL in a transaction, and how transactions begin and end."""

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from syncore.adapters.sqlite_connection import (
    SqliteConnection,
    begin_write,
    finish_write,
    integer_pragma,
    read_transaction,
    run,
    touch,
    write_transaction,
)
from syncore.core.errors import IntegrityError, Locked, Misused, StorageError, SyncoreError
from syncore.core.ports import SqlConnection

Connect = Callable[[], sqlite3.Connection]


@pytest.fixture
def connect(tmp_path: Path) -> Iterator[Connect]:
    """Opens one file again and again, in autocommit mode and without patience for locks."""
    opened: list[sqlite3.Connection] = []

    def open_one() -> sqlite3.Connection:
        opened.append(sqlite3.connect(tmp_path / "a.db", isolation_level=None, timeout=0))
        return opened[-1]

    yield open_one
    for connection in opened:
        connection.close()


@pytest.fixture
def connection(connect: Connect) -> sqlite3.Connection:
    """A connection to a file with a table of numbers."""
    connection = connect()
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE item (number INTEGER UNIQUE)")
    return connection


def insert(sql: SqlConnection, *numbers: int) -> None:
    """Add rows."""
    sql.execute_many("INSERT INTO item VALUES (?)", ((number,) for number in numbers))


def numbers(connection: sqlite3.Connection) -> list[int]:
    """What was committed."""
    assert not connection.in_transaction
    return [number for (number,) in connection.execute("SELECT number FROM item ORDER BY 1")]


def test_statements_count_and_queries_find(connection: sqlite3.Connection) -> None:
    """A statement says how many rows it changed, which may be none; a query gives its first row or all."""

    def work(sql: SqlConnection) -> None:
        assert sql.execute("CREATE TABLE other (x)") == 0
        insert(sql, 3, 1, 2)
        assert sql.execute("UPDATE item SET number = number + 10 WHERE number > ?", (1,)) == 2
        assert sql.execute("SELECT number FROM item") == 0
        assert sql.row("SELECT number FROM item ORDER BY number DESC") == (13,)
        assert sql.row("SELECT number FROM item WHERE number = 99") is None
        assert sql.rows("SELECT number, ? FROM item ORDER BY 1", ("x",)) == [(1, "x"), (12, "x"), (13, "x")]
        assert sql.rows("SELECT number FROM item WHERE number = 99") == []

    write_transaction(connection, work)
    assert numbers(connection) == [1, 12, 13]


@pytest.mark.parametrize(
    ("query", "parameters", "error"),
    [
        ("SELECT nothing FROM nowhere", (), StorageError),
        ("SELECT ?", (2**64,), Misused),
        ("SELECT ?", ("\ud800",), Misused),
        ("SELECT ?", (), Misused),
        ("SELECT CAST(x'ff' AS TEXT)", (), IntegrityError),
    ],
)
def test_faults_come_out_as_our_own(
    connection: sqlite3.Connection, query: str, parameters: tuple[int | str, ...], error: type[SyncoreError]
) -> None:
    """What sqlite3 raises, at the statement or while its rows are fetched, is translated with its cause."""
    for ask in (SqliteConnection.row, SqliteConnection.rows):
        with pytest.raises(error) as caught:
            read_transaction(connection, lambda sql, ask=ask: ask(sql, query, parameters))  # type: ignore[misc]
        assert caught.value.__cause__ is not None
    with pytest.raises(IntegrityError):
        write_transaction(connection, lambda sql: insert(sql, 1, 1))
    with pytest.raises(StorageError):
        run(connection, "SELECT nothing FROM nowhere")


@pytest.mark.parametrize("error", [ZeroDivisionError, KeyboardInterrupt])
def test_nothing_is_kept_of_work_that_raises(
    connection: sqlite3.Connection, error: type[BaseException]
) -> None:
    """What ends the work early comes out as it is, the transaction is rolled back, and the next one works."""

    def fail(sql: SqlConnection) -> None:
        insert(sql, 1)
        raise error

    for transaction in (write_transaction, read_transaction):
        with pytest.raises(error):
            transaction(connection, fail)
        assert numbers(connection) == []
    assert write_transaction(connection, lambda sql: insert(sql, 2)) is None
    assert numbers(connection) == [2]


def test_a_commit_that_fails_is_rolled_back(connection: sqlite3.Connection) -> None:
    """When SQLite refuses the commit itself, nothing of the work is kept and no transaction is left open."""
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("CREATE TABLE child (x REFERENCES item (number) DEFERRABLE INITIALLY DEFERRED)")

    def orphan(sql: SqlConnection) -> None:
        insert(sql, 1)
        sql.execute("INSERT INTO child VALUES (7)")

    with pytest.raises(IntegrityError):
        write_transaction(connection, orphan)
    assert numbers(connection) == []


@pytest.mark.parametrize(
    "ending", ["COMMIT", "ROLLBACK", "INSERT OR ROLLBACK INTO item VALUES (1)"], ids=lambda one: one[:10]
)
def test_work_cannot_go_on_without_its_transaction(connection: sqlite3.Connection, ending: str) -> None:
    """Once SQL or a swallowed error has ended the transaction, every further call is refused, and so is the
    end of the work: no statement commits on its own.
    """
    kept: list[SqlConnection] = []

    def end(sql: SqlConnection) -> None:
        kept.append(sql)
        insert(sql, 1)
        try:
            sql.execute(ending)
        except IntegrityError:
            assert "OR ROLLBACK" in ending
        for attempt in (
            lambda: sql.execute("INSERT INTO item VALUES (2)"),
            lambda: insert(sql, 3),
            lambda: sql.row("SELECT 1"),
            lambda: sql.rows("SELECT 1"),
        ):
            with pytest.raises(Misused):
                attempt()

    with pytest.raises(Misused):
        write_transaction(connection, end)
    assert numbers(connection) == ([1] if ending == "COMMIT" else [])
    with pytest.raises(Misused):
        kept[0].execute("INSERT INTO item VALUES (4)")


def test_a_read_that_writes_keeps_nothing(connection: sqlite3.Connection) -> None:
    """A read gives what its work returns; one that wrote raises, and what it wrote is gone."""
    write_transaction(connection, lambda sql: insert(sql, 1))
    assert read_transaction(connection, lambda sql: sql.rows("SELECT number FROM item")) == [(1,)]
    with pytest.raises(Misused, match="a read has written"):
        read_transaction(connection, lambda sql: insert(sql, 2))
    assert numbers(connection) == [1]


def test_a_read_that_looks_at_nothing_begins_nothing(connection: sqlite3.Connection) -> None:
    """The transaction begins with the first statement, holds for all of them, and cannot be begun once the
    work is over.
    """
    kept: list[SqlConnection] = []
    states: list[bool] = []

    def look(sql: SqlConnection) -> None:
        states.append(connection.in_transaction)
        sql.rows("SELECT number FROM item")
        states.append(connection.in_transaction)

    read_transaction(connection, kept.append)
    read_transaction(connection, look)
    assert (states, connection.in_transaction) == ([False, True], False)
    with pytest.raises(Misused):
        kept[0].rows("SELECT number FROM item")


def test_writing_begins_with_the_lock(connection: sqlite3.Connection, connect: Connect) -> None:
    """Who begins to write holds the lock from the start, so others are refused before their work has run."""
    other = connect()
    ran: list[SqlConnection] = []
    begin_write(connection)
    with pytest.raises(Locked):
        write_transaction(other, ran.append)
    assert ran == []
    assert finish_write(connection, lambda sql: sql.execute("INSERT INTO item VALUES (1)")) == 1
    write_transaction(other, lambda sql: insert(sql, 2))
    assert numbers(connection) == [1, 2]


def test_a_synced_write_has_something_to_sync(connection: sqlite3.Connection, tmp_path: Path) -> None:
    """A transaction that changes nothing adds to the log only when it is to be synced, and moves no value."""
    log = tmp_path / "a.db-wal"
    run(connection, "PRAGMA user_version = 7")
    size = log.stat().st_size
    write_transaction(connection, lambda _: None)
    assert log.stat().st_size == size
    write_transaction(connection, lambda _: None, is_synced=True)
    assert log.stat().st_size > size
    assert integer_pragma(connection, "user_version") == 7


def test_touching_is_part_of_the_transaction(connection: sqlite3.Connection) -> None:
    """A touch changes no value, and a version that the work has set stays the one that it set."""

    def work(sql: SqlConnection) -> None:
        sql.execute("PRAGMA user_version = 9")

    write_transaction(connection, work, is_synced=True)
    run(connection, "BEGIN")
    touch(connection)
    run(connection, "ROLLBACK")
    assert integer_pragma(connection, "user_version") == 9
    assert numbers(connection) == []
