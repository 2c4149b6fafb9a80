"""The ``Database`` of tools and tests: ``sqlite3`` alone, everything on the caller's thread, also in memory.

Every call runs to its end without giving way, so writes take turns by themselves. It stalls the event loop
while the disk syncs: programs use :mod:`syncore.adapters.sqlite_database`.
"""

import sqlite3
from collections.abc import Callable
from os import PathLike
from typing import TypeVar

from syncore.adapters.sqlite_connection import read_transaction, run, write_transaction
from syncore.adapters.sqlite_errors import failed_earlier, is_failed_sync
from syncore.adapters.sqlite_opening import (
    check_file,
    connect_to_memory,
    connect_to_read,
    open_to_write,
    resolve_path,
)
from syncore.core.errors import Closed, ReadOnly, StorageError
from syncore.core.ports import Durability, SqlConnection

T = TypeVar("T")

MEMORY = ":memory:"
_CHECKPOINT_PAGES = 1_000


def open_inline_database(
    path: str | PathLike[str], *, application_id: int, read_only: bool = False
) -> "InlineDatabase":
    """Open the file at ``path`` or make it; ``":memory:"`` is a fresh database that ends with its closing.

    Raises:
        NotAReplica: an existing file is not a SQLite database with this application id; it was not touched.
        NotWritable: the folder is missing, or the file, its folder or the disk cannot be written.
        StorageError: any other fault of the file or the disk.
    """
    if path == MEMORY:
        return InlineDatabase(connect_to_memory(), read_only=read_only)
    real = resolve_path(path)
    if read_only:
        check_file(real, application_id=application_id)
        return InlineDatabase(connect_to_read(real), read_only=True)
    connection = open_to_write(real, application_id=application_id, durability=Durability.NORMAL)
    run(connection, f"PRAGMA wal_autocheckpoint = {_CHECKPOINT_PAGES}")
    return InlineDatabase(connection, read_only=False)


class InlineDatabase:
    """``Database`` over one connection; made by :func:`open_inline_database`."""

    def __init__(self, connection: sqlite3.Connection, *, read_only: bool) -> None:
        """Take over an open connection."""
        self._connection: sqlite3.Connection | None = connection
        self._is_read_only = read_only
        self._durability = Durability.NORMAL
        self._failed_sync: StorageError | None = None

    async def write(
        self, work: Callable[[SqlConnection], T], durability: Durability, *, is_large: bool = False
    ) -> T:
        """Run ``work`` in a write transaction, commit it, and return what it returned."""
        del is_large  # there is no other place to run it
        connection = self._check_writable()
        if durability is not self._durability:
            run(connection, f"PRAGMA synchronous = {durability.name}")
            self._durability = durability
        try:
            return write_transaction(connection, work, is_synced=durability is Durability.FULL)
        except StorageError as error:
            if is_failed_sync(error):
                self._failed_sync = error
            raise

    async def read(self, work: Callable[[SqlConnection], T], *, is_long: bool = False) -> T:
        """Run ``work`` in a read transaction: one consistent snapshot, which sees every completed write."""
        del is_long  # there is no other place to run it
        return read_transaction(self._check_open(), work)

    async def close(self) -> None:
        """Release the file. Idempotent."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _check_open(self) -> sqlite3.Connection:
        if self._connection is None:
            raise Closed("the database was closed")
        return self._connection

    def _check_writable(self) -> sqlite3.Connection:
        connection = self._check_open()
        if self._is_read_only:
            raise ReadOnly("the database was opened read-only")
        if self._failed_sync is not None:
            raise failed_earlier(self._failed_sync) from self._failed_sync
        return connection
