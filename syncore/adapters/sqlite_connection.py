"""SQL inside one transaction over the standard library's ``sqlite3``: the ``SqlConnection`` of every driver.

Owns the beginning and the end of transactions; the connections are in autocommit mode
(``isolation_level=None``), so no statement begins one behind our back. Knows nothing of files, threads or
event loops.
"""

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from syncore.adapters.sqlite_errors import SQLITE_FAULTS, translated
from syncore.core.errors import Misused
from syncore.core.ports import Row, SqlConnection, SqlValue

T = TypeVar("T")


class SqliteConnection:
    """``SqlConnection`` over a ``sqlite3.Connection`` that is inside a transaction.

    SQLite ends a transaction itself on some errors (a full disk, for one). Were ``work`` to swallow such an
    error and go on, its next statement would commit on its own, so every call makes sure that the transaction
    is still there.
    """

    __slots__ = ("_connection",)

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Wrap a connection for the time of a transaction."""
        self._connection = connection

    def execute(self, sql: str, parameters: Sequence[SqlValue] = (), /) -> int:
        """Run one statement; the number of rows it changed."""
        return max(self._run(sql, parameters).rowcount, 0)

    def execute_many(self, sql: str, rows: Iterable[Sequence[SqlValue]], /) -> None:
        """Run one statement for each row of parameters."""
        self._check()
        try:
            self._connection.executemany(sql, rows)
        except SQLITE_FAULTS as error:
            raise translated(error) from error

    def row(self, sql: str, parameters: Sequence[SqlValue] = (), /) -> Row | None:
        """The first row of a query, or None."""
        cursor = self._run(sql, parameters)
        try:
            first: Row | None = cursor.fetchone()
            cursor.close()
        except SQLITE_FAULTS as error:
            raise translated(error) from error
        return first

    def rows(self, sql: str, parameters: Sequence[SqlValue] = (), /) -> list[Row]:
        """All rows of a query."""
        cursor = self._run(sql, parameters)
        try:
            found: list[Row] = cursor.fetchall()
        except SQLITE_FAULTS as error:
            raise translated(error) from error
        return found

    def _run(self, sql: str, parameters: Sequence[SqlValue]) -> sqlite3.Cursor:
        self._check()
        try:
            return self._connection.execute(sql, parameters)
        except SQLITE_FAULTS as error:
            raise translated(error) from error

    def _check(self) -> None:
        _check_transaction(self._connection)


class _ReadingConnection(SqliteConnection):
    """Begins its transaction when it is first used."""

    __slots__ = ("_has_begun",)

    def __init__(self, connection: sqlite3.Connection) -> None:
        super().__init__(connection)
        self._has_begun = False

    def end(self) -> None:
        """Begin no transaction from now on: the work that this was for is done."""
        self._has_begun = True

    def _check(self) -> None:
        if self._has_begun:
            super()._check()
        else:
            run(self._connection, "BEGIN")
            self._has_begun = True


def begin_write(connection: sqlite3.Connection) -> None:
    """Begin a write transaction, for :func:`finish_write`. Raises ``Locked`` when others hold the lock."""
    run(connection, "BEGIN IMMEDIATE")


def finish_write(
    connection: sqlite3.Connection, work: Callable[[SqlConnection], T], *, is_synced: bool = False
) -> T:
    """Run ``work`` in the transaction that was begun and commit it; roll it back when anything raises.

    Args:
        connection: Inside a transaction.
        work: What to do in it.
        is_synced: Make sure that the commit has something to sync. SQLite syncs nothing for a transaction
            that changed nothing, but earlier commits, which were not synced, are to be on the disk too.
    """
    try:
        result = work(SqliteConnection(connection))
        _check_transaction(connection)
        if is_synced:
            touch(connection)
        run(connection, "COMMIT")
    except BaseException:
        _roll_back(connection)
        raise
    return result


def write_transaction(
    connection: sqlite3.Connection, work: Callable[[SqlConnection], T], *, is_synced: bool = False
) -> T:
    """Run ``work`` in a write transaction of its own."""
    begin_write(connection)
    return finish_write(connection, work, is_synced=is_synced)


def read_transaction(connection: sqlite3.Connection, work: Callable[[SqlConnection], T]) -> T:
    """Run ``work`` in a read transaction; if it wrote, that is rolled back and ``Misused`` is raised.

    The transaction begins with the first statement, where SQLite would take its snapshot in any case: work
    that finds in memory what it looks for costs nothing here.
    """
    changes = connection.total_changes
    reading = _ReadingConnection(connection)
    try:
        result = work(reading)
    finally:
        reading.end()
        _roll_back(connection)
    if connection.total_changes != changes:
        raise Misused("a read has written; nothing of it was kept", hint="use write()")
    return result


def run(connection: sqlite3.Connection, sql: str) -> Row | None:
    """Run one statement outside ``work``; its first row."""
    try:
        first: Row | None = connection.execute(sql).fetchone()
    except SQLITE_FAULTS as error:
        raise translated(error) from error
    return first


def integer_pragma(connection: sqlite3.Connection, name: str) -> int:
    """The value of a pragma that is an integer."""
    found = run(connection, f"PRAGMA {name}")
    assert found is not None
    assert isinstance(found[0], int)
    return found[0]


def touch(connection: sqlite3.Connection) -> None:
    """Write the first page as it is, inside a transaction."""
    run(connection, f"PRAGMA user_version = {integer_pragma(connection, 'user_version')}")


def _check_transaction(connection: sqlite3.Connection) -> None:
    if not connection.in_transaction:
        raise Misused("the transaction has ended before its work: by its own SQL, or by an earlier error")


def _roll_back(connection: sqlite3.Connection) -> None:
    if connection.in_transaction:
        run(connection, "ROLLBACK")
