"""The ``Analyst`` of programs: a connection of its own, on a thread of its own, opened when it is needed."""

import asyncio
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from syncore.adapters.sqlite_connection import SqliteConnection, run
from syncore.adapters.sqlite_errors import SQLITE_FAULTS
from syncore.adapters.sqlite_opening import connect_to_read
from syncore.adapters.sqlite_query_errors import query_error
from syncore.adapters.sqlite_sandbox import Sandbox
from syncore.adapters.sqlite_thread import ThreadConnection
from syncore.core.errors import Closed, Misused, StorageError, SyncoreError, TooLarge
from syncore.core.ports import SqlConnection
from syncore.core.queries import QueryAnswer, QueryBounds, QueryScope, SqlFunctions
from syncore.core.sql_values import Row, SqlValue

Parameters = Sequence[SqlValue] | Mapping[str, SqlValue]
_VALUE_BYTES = 8
"""What a number counts for in the size of a result."""


class SqliteAnalyst:
    """``Analyst`` over one file, which has to exist when the first query comes."""

    def __init__(self, path: Path, functions: SqlFunctions) -> None:
        """Open nothing yet.

        Args:
            path: The file.
            functions: What queries can call beside SQLite's own functions.
        """
        self._path = path
        self._functions = functions
        self._turn = asyncio.Lock()
        self._thread: ThreadConnection | None = None
        self._sandbox: Sandbox | None = None
        self._is_closed = False

    async def ask(
        self,
        sql: str,
        parameters: Parameters,
        scope: Callable[[SqlConnection], QueryScope],
        bounds: QueryBounds,
    ) -> QueryAnswer:
        """Run one query."""
        is_cancelled = False

        def answer(connection: sqlite3.Connection) -> QueryAnswer:
            if self._sandbox is None:
                self._sandbox = Sandbox(connection, self._functions)
            return _answer(
                connection,
                self._sandbox,
                partial(_fetch, connection, sql, parameters, bounds),
                scope,
                sql,
                seconds=bounds.seconds,
                is_cancelled=lambda: is_cancelled or self._is_closed,
            )

        async with self._turn:
            thread = await self._opened()
            running = asyncio.ensure_future(thread.run(answer))
            try:
                return await asyncio.shield(running)
            except asyncio.CancelledError:
                is_cancelled = True
                await _ended(running)
                raise

    async def close(self) -> None:
        """End the query that runs, and release the file. Idempotent."""
        self._is_closed = True
        async with self._turn:
            if self._thread is not None:
                thread, self._thread = self._thread, None
                await thread.close()

    async def _opened(self) -> ThreadConnection:
        if self._is_closed:
            raise Closed("the replica is closed")
        if self._thread is None:
            self._thread = await ThreadConnection.open(partial(connect_to_read, self._path))
        return self._thread


async def _ended(running: "asyncio.Future[QueryAnswer]") -> None:
    """Wait until the thread is free again, however often the caller is cancelled meanwhile."""
    while not running.done():
        try:
            await asyncio.wait([running])
        except asyncio.CancelledError:
            continue
    running.exception()  # nobody is there any more to raise it to


def _answer(
    connection: sqlite3.Connection,
    sandbox: Sandbox,
    fetch: Callable[[], QueryAnswer],
    scope: Callable[[SqlConnection], QueryScope],
    sql: str,
    *,
    seconds: float,
    is_cancelled: Callable[[], bool],
) -> QueryAnswer:
    """Lay out what the query can read, run it, and take everything back with the transaction."""
    run(connection, "BEGIN")
    try:
        sandbox.watch(seconds=seconds, is_cancelled=is_cancelled)
        sandbox.close_in(_laid_out(connection, sandbox, scope))
        return fetch()
    except (*SQLITE_FAULTS, MemoryError, ValueError) as error:
        raise _meaning(error, sandbox, sql, connection) from error
    finally:
        sandbox.open_up()
        if connection.in_transaction:
            run(connection, "ROLLBACK")


def _laid_out(
    connection: sqlite3.Connection, sandbox: Sandbox, scope: Callable[[SqlConnection], QueryScope]
) -> QueryScope:
    try:
        return scope(SqliteConnection(connection))
    except StorageError as error:
        if sandbox.stopped is not None:
            raise sandbox.stopped from error
        raise


def _meaning(error: Exception, sandbox: Sandbox, sql: str, connection: sqlite3.Connection) -> BaseException:
    if sandbox.failure is not None:
        return sandbox.failure
    if sandbox.stopped is not None:
        return sandbox.stopped
    if sandbox.refused:
        # What is not shown is not there, as far as a query is concerned.
        message = f"no such table: {sandbox.refused}"
        return query_error(sqlite3.ProgrammingError(message), sql, None)
    if getattr(error, "sqlite_errorcode", None) in {sqlite3.SQLITE_AUTH, sqlite3.SQLITE_READONLY}:
        found: SyncoreError = Misused(
            f"a query can only read: {error}",
            hint="write through collections and transactions",
            sqlite_message=str(error),
        )
        return found
    return query_error(error, sql, connection)


def _fetch(
    connection: sqlite3.Connection, sql: str, parameters: Parameters, bounds: QueryBounds
) -> QueryAnswer:
    cursor = connection.execute(sql, parameters)
    try:
        if cursor.description is None:
            raise Misused("there is no query in the text", hint="begin with SELECT, WITH or VALUES")
        columns = tuple(str(column[0]) for column in cursor.description)
        rows: list[Row] = []
        size_bytes = 0
        for row in cursor:
            if len(rows) == bounds.rows:
                return QueryAnswer(columns=columns, rows=rows, is_complete=False)
            size_bytes += sum(len(one) if isinstance(one, str | bytes) else _VALUE_BYTES for one in row)
            if size_bytes > bounds.result_bytes:
                raise TooLarge(
                    f"the result is larger than {bounds.result_bytes} bytes",
                    hint="select fewer columns or rows, or aggregate",
                )
            rows.append(row)
        return QueryAnswer(columns=columns, rows=rows, is_complete=True)
    finally:
        cursor.close()
