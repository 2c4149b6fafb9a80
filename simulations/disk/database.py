"""The ``Database`` of simulations: SQLite on a simulated disk, on the event loop, from one seed.

Behaves as the drivers of programs do (:mod:`syncore.adapters.sqlite_database`,
:mod:`relay.adapters.database`): writes take turns, FULL syncs, a full log is checkpointed after the commit
that filled it, a failed checkpoint is repeated by the next write, and after a failed sync nothing is written
until the file is opened anew. A transaction itself never gives way; ``pause`` is where others come in
between.

After the death of its machine a database can still be used and closed. It is a zombie then: nobody reads what
it writes.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

import apsw

from simulations.disk.disk import Disk
from simulations.disk.opening import close, open_replica_file, open_store_file
from simulations.disk.statements import read_transaction, run, write_transaction
from syncore.adapters.sqlite_errors import failed_earlier, is_failed_sync
from syncore.core.errors import Closed, StorageError
from syncore.core.ports import Durability, SqlConnection

T = TypeVar("T")
Pause = Callable[[], Awaitable[None]]
"""Awaited before each transaction: the time that a disk and a scheduler take."""

CHECKPOINT_PAGES = 1_000
"""Where a checkpoint is due: the 4 MiB of log of the real drivers. Fewer make checkpoints frequent."""


async def open_simulated_database(
    disk: Disk,
    name: str,
    *,
    application_id: int,
    pause: Pause | None = None,
    checkpoint_pages: int = CHECKPOINT_PAGES,
) -> "SimulatedDatabase":
    """Open a replica's file on a disk, or make it.

    Raises:
        NotAReplica: an existing file is not a SQLite database with this application id; it was not touched.
        StorageError: the disk does not work, or another connection has the file (``Locked``).
        IntegrityError: SQLite finds the file damaged.
    """
    if pause is not None:
        await pause()
    connection = open_replica_file(disk, name, application_id=application_id)
    return SimulatedDatabase(disk, connection, pause=pause, checkpoint_pages=checkpoint_pages)


async def open_simulated_store(
    disk: Disk,
    name: str,
    *,
    application_id: int,
    version: int,
    schema: Sequence[str],
    pause: Pause | None = None,
    checkpoint_pages: int = CHECKPOINT_PAGES,
) -> "SimulatedDatabase":
    """Open a relay's store on a disk, or make it with ``schema``; every write to it is FULL.

    Raises:
        NotAReplica: the file is something else.
        NewerFormat: it has a version above ``version``.
        StorageError: any other kind: it cannot be opened.
    """
    if pause is not None:
        await pause()
    connection = open_store_file(disk, name, application_id=application_id, version=version, schema=schema)
    return SimulatedDatabase(
        disk, connection, pause=pause, checkpoint_pages=checkpoint_pages, is_always_full=True
    )


class SimulatedDatabase:
    """``Database`` over a file of a simulated disk; made by the functions of this module."""

    def __init__(
        self,
        disk: Disk,
        connection: apsw.Connection,
        *,
        pause: Pause | None = None,
        checkpoint_pages: int = CHECKPOINT_PAGES,
        is_always_full: bool = False,
    ) -> None:
        """Take over an open connection, which is left as NORMAL or, if always full, as FULL."""
        self.disk = disk
        self._connection = connection
        self._pause = pause
        self._checkpoint_pages = checkpoint_pages
        self._is_always_full = is_always_full
        self._durability = Durability.FULL if is_always_full else Durability.NORMAL
        self._turn = asyncio.Lock()
        self._reading = 0
        self._read_ended = asyncio.Event()
        self._is_closed = False
        self._failed_sync: StorageError | None = None
        self._log_pages = 0
        connection.set_wal_hook(self._note_log)

    async def write(
        self, work: Callable[[SqlConnection], T], durability: Durability, *, is_large: bool = False
    ) -> T:
        """Run ``work`` in a write transaction, commit it, and return what it returned."""
        del is_large  # there is no other place to run it
        self._check_open()
        async with self._turn:
            if self._pause is not None:
                await self._pause()
            return self._write(work, Durability.FULL if self._is_always_full else durability)

    async def read(self, work: Callable[[SqlConnection], T], *, is_long: bool = False) -> T:
        """Run ``work`` in a read transaction: one consistent snapshot, which sees every completed write."""
        del is_long  # there is no other place to run it
        self._check_open()
        self._reading += 1
        try:
            if self._pause is not None:
                await self._pause()
            return read_transaction(self._connection, work)
        finally:
            self._reading -= 1
            self._read_ended.set()

    async def close(self) -> None:
        """Finish what was asked for and release the file. Idempotent, never raises."""
        self._is_closed = True
        async with self._turn:
            while self._reading:
                self._read_ended.clear()
                await self._read_ended.wait()
            close(self._connection)

    def abandon(self) -> None:
        """Release everything at once, for a program that will never run again. Idempotent, never raises.

        SQLite keeps its files, and these their disk, where the garbage collector cannot see it.
        """
        self._is_closed = True
        close(self._connection)

    def _check_open(self) -> None:
        if self._is_closed:
            raise Closed("the database was closed")

    def _write(self, work: Callable[[SqlConnection], T], durability: Durability) -> T:
        if self._failed_sync is not None:
            raise failed_earlier(self._failed_sync) from self._failed_sync
        try:
            if self._log_pages >= self._checkpoint_pages:
                self._checkpoint()
            if durability is not self._durability:
                run(self._connection, f"PRAGMA synchronous = {durability.name}")
                self._durability = durability
            result = write_transaction(self._connection, work, is_synced=durability is Durability.FULL)
        except StorageError as error:
            self._note_failure(error)
            raise
        if self._log_pages >= self._checkpoint_pages:
            self._checkpoint_unasked()
        return result

    def _checkpoint_unasked(self) -> None:
        """Copy the log into the file; whether that fails is no affair of the write before it.

        A failed checkpoint has lost nothing; the next write repeats it, and fails if that fails again.
        """
        try:
            self._checkpoint()
        except StorageError as error:
            self._note_failure(error)

    def _checkpoint(self) -> None:
        run(self._connection, "PRAGMA wal_checkpoint(PASSIVE)")
        self._log_pages = 0

    def _note_failure(self, error: StorageError) -> None:
        if is_failed_sync(error):
            self._failed_sync = error

    def _note_log(self, _connection: apsw.Connection, _database: str, pages: int) -> int:
        """Told by SQLite after each commit how many pages the log has."""
        self._log_pages = pages
        return apsw.SQLITE_OK
