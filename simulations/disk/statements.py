"""SQL inside one transaction over apsw: the ``SqlConnection`` of simulations, and the ends of transactions.

The twin of :mod:`syncore.adapters.sqlite_connection`. Knows nothing of disks or event loops.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import apsw

from simulations.disk.sqlite_errors import APSW_FAULTS, translated
from syncore.core.errors import Misused
from syncore.core.ports import Row, SqlConnection, SqlValue

T = TypeVar("T")


class Statements:
    """``SqlConnection`` over an apsw connection that is inside a transaction."""

    __slots__ = ("_connection",)

    def __init__(self, connection: apsw.Connection) -> None:
        """Wrap a connection for the time of a transaction."""
        self._connection = connection

    def execute(self, sql: str, parameters: Sequence[SqlValue] = (), /) -> int:
        """Run one statement; the number of rows it changed."""
        before = self._connection.total_changes()
        self._run(sql, parameters)
        return self._connection.changes() if self._connection.total_changes() != before else 0

    def execute_many(self, sql: str, rows: Iterable[Sequence[SqlValue]], /) -> None:
        """Run one statement for each row of parameters."""
        _check_transaction(self._connection)
        try:
            self._connection.executemany(sql, rows)
        except APSW_FAULTS as error:
            raise translated(error) from error

    def row(self, sql: str, parameters: Sequence[SqlValue] = (), /) -> Row | None:
        """The first row of a query, or None."""
        cursor = self._run(sql, parameters)
        try:
            first: Row | None = cursor.fetchone()
            cursor.close(True)  # noqa: FBT003 - apsw's interface: whatever the query has not given yet
        except APSW_FAULTS as error:
            raise translated(error) from error
        return first

    def rows(self, sql: str, parameters: Sequence[SqlValue] = (), /) -> list[Row]:
        """All rows of a query."""
        cursor = self._run(sql, parameters)
        try:
            found: list[Row] = cursor.fetchall()
        except APSW_FAULTS as error:
            raise translated(error) from error
        return found

    def _run(self, sql: str, parameters: Sequence[SqlValue]) -> apsw.Cursor:
        _check_transaction(self._connection)
        try:
            return self._connection.execute(sql, parameters)
        except APSW_FAULTS as error:
            raise translated(error) from error


def write_transaction(
    connection: apsw.Connection, work: Callable[[SqlConnection], T], *, is_synced: bool
) -> T:
    """Run ``work`` in a write transaction and commit it; roll it back when anything raises.

    Args:
        connection: Not inside a transaction.
        work: What to do in it.
        is_synced: Make sure that the commit has something to sync.
    """
    run(connection, "BEGIN IMMEDIATE")
    try:
        result = work(Statements(connection))
        _check_transaction(connection)
        if is_synced:
            run(connection, f"PRAGMA user_version = {integer_pragma(connection, 'user_version')}")
        run(connection, "COMMIT")
    except BaseException:
        _roll_back(connection)
        raise
    return result


def read_transaction(connection: apsw.Connection, work: Callable[[SqlConnection], T]) -> T:
    """Run ``work`` in a read transaction; if it wrote, that is rolled back and ``Misused`` is raised."""
    changes = connection.total_changes()
    run(connection, "BEGIN")
    try:
        result = work(Statements(connection))
    finally:
        _roll_back(connection)
    if connection.total_changes() != changes:
        raise Misused("a read has written; nothing of it was kept", hint="use write()")
    return result


def run(connection: apsw.Connection, sql: str) -> Row | None:
    """Run one statement outside ``work``; its first row."""
    try:
        first: Row | None = connection.execute(sql).fetchone()
    except APSW_FAULTS as error:
        raise translated(error) from error
    return first


def integer_pragma(connection: apsw.Connection, name: str) -> int:
    """The value of a pragma that is an integer."""
    found = run(connection, f"PRAGMA {name}")
    assert found is not None
    assert isinstance(found[0], int)
    return found[0]


def _check_transaction(connection: apsw.Connection) -> None:
    if not connection.in_transaction:
        raise Misused("the transaction has ended before its work: by its own SQL, or by an earlier error")


def _roll_back(connection: apsw.Connection) -> None:
    if connection.in_transaction:
        run(connection, "ROLLBACK")
