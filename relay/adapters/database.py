"""One SQLite file behind the ``Database`` port, with a writing and a reading thread.

Owns connections, pragmas, transactions and the translation of SQLite's errors. Must not know tables. WAL
lets the reading thread see the last commit while the writing one waits for the disk. ``synchronous=FULL``
is set on the connection, because it is refused inside a transaction; what asks for less durability gets
more.
"""

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from relay.adapters.folder import sync_folder
from syncore.core.errors import (
    Closed,
    DiskFull,
    IntegrityError,
    NewerFormat,
    NotAReplica,
    NotWritable,
    StorageError,
)
from syncore.core.ports import Durability, Row, SqlConnection, SqlValue

T = TypeVar("T")

_CACHE_KIB = 1024
"""Page cache of each of the two connections: a relay reads forwards, and the system caches the rest."""
_WAL_KEPT_BYTES = 16 * 1024 * 1024
"""Where a checkpoint cuts the log file back to."""
_BUSY_TIMEOUT_SECONDS = 5.0
"""Someone may look at the store with the sqlite3 shell."""


class StoreDatabase:
    """The ``Database`` port over one file; every write is FULL."""

    def __init__(self, writing: sqlite3.Connection, reading: sqlite3.Connection, threads: "_Threads") -> None:
        """Take over two connections and their threads; use :meth:`open`."""
        self._writing = writing
        self._reading = reading
        self._threads = threads
        self._is_closed = False

    @classmethod
    async def open(
        cls, path: Path, *, application_id: int, version: int, schema: Sequence[str]
    ) -> "StoreDatabase":
        """Open the file, or make it with ``schema``.

        Raises:
            NotAReplica: the file is something else.
            NewerFormat: it has a version above ``version``.
            StorageError: any other kind: it cannot be opened.
        """
        threads = _Threads()
        loop = asyncio.get_running_loop()
        try:
            writing = await loop.run_in_executor(
                threads.writer, lambda: _open_for_writing(path, application_id, version, schema)
            )
            reading = await loop.run_in_executor(threads.reader, lambda: _translated(lambda: _connect(path)))
        except BaseException:
            threads.shutdown()
            raise
        return cls(writing, reading, threads)

    async def write(
        self,
        work: Callable[[SqlConnection], T],
        durability: Durability = Durability.FULL,
        *,
        is_large: bool = False,
    ) -> T:
        """Run ``work`` in one transaction on the writing thread and sync it."""
        del durability, is_large  # every write is synced, and every one runs on the writing thread
        if self._is_closed:
            raise Closed("the relay's store is closed")
        return await self._finished(
            self._threads.writer, lambda: _in_transaction(self._writing, "BEGIN IMMEDIATE", work)
        )

    async def read(self, work: Callable[[SqlConnection], T], *, is_long: bool = False) -> T:
        """Run ``work`` on one snapshot on the reading thread."""
        del is_long  # no read runs on the loop's thread
        if self._is_closed:
            raise Closed("the relay's store is closed")
        return await self._finished(
            self._threads.reader, lambda: _in_transaction(self._reading, "BEGIN", work)
        )

    async def close(self) -> None:
        """Finish what runs, fold the log into the file and release it."""
        if self._is_closed:
            return
        self._is_closed = True
        try:
            await self._finished(self._threads.reader, self._reading.close)
            await self._finished(self._threads.writer, self._writing.close)
        finally:
            self._threads.shutdown()

    async def _finished(self, thread: ThreadPoolExecutor, work: Callable[[], T]) -> T:
        """Run on a thread; a cancelled caller leaves the work to end by itself."""
        return await asyncio.get_running_loop().run_in_executor(thread, work)


class _Threads:
    def __init__(self) -> None:
        self.writer = ThreadPoolExecutor(1, thread_name_prefix="store-writer")
        self.reader = ThreadPoolExecutor(1, thread_name_prefix="store-reader")

    def shutdown(self) -> None:
        self.reader.shutdown(wait=False)
        self.writer.shutdown(wait=False)


class _Statements:
    """The ``SqlConnection`` port over a sqlite3 connection."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def execute(self, sql: str, parameters: Sequence[SqlValue] = (), /) -> int:
        return self._connection.execute(sql, parameters).rowcount

    def execute_many(self, sql: str, rows: Iterable[Sequence[SqlValue]], /) -> None:
        self._connection.executemany(sql, rows)

    def row(self, sql: str, parameters: Sequence[SqlValue] = (), /) -> Row | None:
        row: Row | None = self._connection.execute(sql, parameters).fetchone()
        return row

    def rows(self, sql: str, parameters: Sequence[SqlValue] = (), /) -> list[Row]:
        return self._connection.execute(sql, parameters).fetchall()


def _in_transaction(connection: sqlite3.Connection, begin: str, work: Callable[[SqlConnection], T]) -> T:
    return _translated(lambda: _run(connection, begin, work))


def _run(connection: sqlite3.Connection, begin: str, work: Callable[[SqlConnection], T]) -> T:
    connection.execute(begin)
    try:
        result = work(_Statements(connection))
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # SQLite ends the transaction itself when the disk is full
            connection.execute("ROLLBACK")
        raise
    return result


def _translated(work: Callable[[], T]) -> T:
    try:
        return work()
    except sqlite3.Error as error:
        raise translate(error) from error


def translate(error: sqlite3.Error) -> StorageError | IntegrityError:
    """The error of :mod:`syncore.core.errors` that says what SQLite said."""
    code = getattr(error, "sqlite_errorcode", None)
    primary = code & 0xFF if isinstance(code, int) else None
    if primary == sqlite3.SQLITE_FULL:
        return DiskFull("the disk below the relay's store is full")
    if primary == sqlite3.SQLITE_CORRUPT:
        return IntegrityError("SQLite finds the relay's store damaged")
    if primary == sqlite3.SQLITE_NOTADB:
        return NotAReplica("the file is not a relay's store")
    if primary in {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM}:
        return NotWritable(f"the relay's store cannot be written: {error}")
    return StorageError(f"the relay's store does not work: {error}")


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path,
        isolation_level=None,
        check_same_thread=False,
        timeout=_BUSY_TIMEOUT_SECONDS,
        cached_statements=32,
    )
    connection.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
    connection.execute("PRAGMA trusted_schema = OFF")
    return connection


def _open_for_writing(
    path: Path, application_id: int, version: int, schema: Sequence[str]
) -> sqlite3.Connection:
    return _translated(lambda: _opened(path, application_id, version, schema))


def _opened(path: Path, application_id: int, version: int, schema: Sequence[str]) -> sqlite3.Connection:
    try:
        if not path.exists():
            path.touch(mode=0o600)
    except OSError as error:
        raise NotWritable(f"the relay's store cannot be opened: {error.strerror}") from error
    connection = _connect(path)
    try:
        found = _pragma(connection, "application_id"), _pragma(connection, "user_version")
        is_new = found == (0, 0) and not connection.execute("SELECT 1 FROM sqlite_schema LIMIT 1").fetchone()
        if not is_new:
            check_format(found, application_id, version)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA fullfsync = ON")  # macOS: a plain fsync there does not reach the disk
        connection.execute(
            "PRAGMA secure_delete = ON"
        )  # what is deleted are spent invitation slots, and those are rare
        connection.execute(f"PRAGMA journal_size_limit = {_WAL_KEPT_BYTES}")
        if is_new:
            _create(connection, application_id, version, schema)
            sync_folder(path.parent)  # SQLite syncs the names of its journals, not that of the file
    except BaseException:
        connection.close()
        raise
    return connection


def _create(connection: sqlite3.Connection, application_id: int, version: int, schema: Sequence[str]) -> None:
    connection.execute("BEGIN IMMEDIATE")
    for statement in schema:
        connection.execute(statement)
    connection.execute(f"PRAGMA application_id = {application_id}")
    connection.execute(f"PRAGMA user_version = {version}")
    connection.execute("COMMIT")


def check_format(found: tuple[int, int], application_id: int, version: int) -> None:
    """Return if a file's application id and user version are those of a store that this relay reads.

    Raises:
        NotAReplica: it is another application's.
        NewerFormat: it has a version above ``version``.
    """
    if found[0] != application_id:
        raise NotAReplica("the file is a SQLite database, but not a relay's store")
    if found[1] > version:
        raise NewerFormat(f"the store has format {found[1]}, this relay reads up to {version}")


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    value: int = connection.execute(f"PRAGMA {name}").fetchone()[0]
    return value
