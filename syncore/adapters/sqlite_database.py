"""The ``Database`` of programs: one SQLite file, written without stalling the event loop.

Three connections share the file. The *inline* one lives on the event loop's thread: small NORMAL writes and
quick reads cost less there than the way to another thread and back. The *writer*, on a thread, syncs every
commit: FULL writes, large ones and checkpoints. The *reader*, on another thread, serves long reads. Nothing
that waits for the disk runs on the loop: NORMAL commits sync nothing, except the first one after a
checkpoint, which goes to the writer for that reason.

Writes take turns, and a checkpoint takes a turn like a write. That bounds the log even when somebody never
stops writing, and keeps clear of the race between a checkpoint and a commit of another connection that
corrupts databases up to SQLite 3.51.2 (https://www.sqlite.org/wal.html#walresetbug).
"""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import AsyncExitStack
from functools import partial
from os import PathLike
from pathlib import Path
from typing import TypeVar

from syncore.adapters.sqlite_connection import (
    begin_write,
    finish_write,
    read_transaction,
    run,
    write_transaction,
)
from syncore.adapters.sqlite_errors import failed_earlier, is_failed_sync
from syncore.adapters.sqlite_log import LogGauge
from syncore.adapters.sqlite_opening import (
    check_file,
    connect_to_read,
    connect_to_write,
    open_to_write,
    resolve_path,
)
from syncore.adapters.sqlite_thread import ThreadConnection
from syncore.core.errors import Closed, DiskFull, Locked, ReadOnly, StorageError
from syncore.core.ports import Durability, SqlConnection

T = TypeVar("T")


async def open_database(
    path: str | PathLike[str], *, application_id: int, read_only: bool = False
) -> "SqliteDatabase":
    """Open the file at ``path``, or make it.

    Args:
        path: Links are followed; the folder must exist.
        application_id: 1 .. 2**31 - 1, written into the header of a new file, expected in that of an old one.
        read_only: Change nothing, and refuse to write; the file must exist.

    Raises:
        NotAReplica: an existing file is not a SQLite database with this application id; it was not touched.
        NotWritable: the folder is missing, or the file, its folder or the disk cannot be written.
        Locked: another program keeps the file locked.
        StorageError: any other fault of the file or the disk.
        IntegrityError: SQLite finds the file damaged.
    """
    real = resolve_path(path)
    async with AsyncExitStack() as opened:
        writer: ThreadConnection | None = None
        if read_only:
            check_file(real, application_id=application_id)
            inline = connect_to_read(real, wait_ms=0)
        else:
            writer = await ThreadConnection.open(partial(_open_writer, real, application_id))
            opened.push_async_callback(writer.close)
            inline = connect_to_write(real, durability=Durability.NORMAL, wait_ms=0)
        opened.callback(inline.close)
        reader = await ThreadConnection.open(partial(connect_to_read, real))
        opened.pop_all()
    return SqliteDatabase(real, inline=inline, writer=writer, reader=reader, log=LogGauge(real))


class SqliteDatabase:
    """``Database`` over one file; made by :func:`open_database`."""

    def __init__(
        self,
        path: Path,
        *,
        inline: sqlite3.Connection,
        writer: ThreadConnection | None,
        reader: ThreadConnection,
        log: LogGauge,
    ) -> None:
        """Take over open connections; without a writer the database is read-only."""
        self.path = path
        self._inline = inline
        self._writer = writer
        self._reader = reader
        self._turn = asyncio.Lock()  # held by the write or checkpoint under way; first come, first served
        self._log = log
        self._checkpoints: set[asyncio.Task[None]] = set()  # the loop itself does not keep them alive
        self._has_checkpoint_failed = False
        self._failed_sync: StorageError | None = None
        self._closing: asyncio.Future[None] | None = None

    async def write(
        self, work: Callable[[SqlConnection], T], durability: Durability, *, is_large: bool = False
    ) -> T:
        """Run ``work`` in a write transaction, commit it, and return what it returned."""
        writer = self._check_writable()
        await self._turn.acquire()
        if self._failed_sync is not None:
            self._turn.release()
            raise failed_earlier(self._failed_sync) from self._failed_sync
        is_quick = durability is Durability.NORMAL and not is_large
        if is_quick and not self._must_use_thread() and self._begin_inline():
            return self._finish_inline(work)
        job = partial(_write_job, work=work, is_checkpoint_first=self._has_checkpoint_failed)
        return await self._run_in_turn(writer, job, self._end_write)

    async def read(self, work: Callable[[SqlConnection], T], *, is_long: bool = False) -> T:
        """Run ``work`` in a read transaction: one consistent snapshot, which sees every completed write."""
        self._check_open()
        if is_long:
            return await self._reader.run(partial(read_transaction, work=work))
        return read_transaction(self._inline, work)

    async def close(self) -> None:
        """Finish what runs, move the log into the file, and release it. Idempotent."""
        if self._closing is None:
            self._closing = asyncio.ensure_future(self._close())
        await asyncio.shield(self._closing)

    def _check_open(self) -> None:
        if self._closing is not None:
            raise Closed("the database was closed")

    def _check_writable(self) -> ThreadConnection:
        self._check_open()
        if self._writer is None:
            raise ReadOnly("the database was opened read-only")
        return self._writer

    # --- a write on the event loop ----------------------------------------------------------------

    def _must_use_thread(self) -> bool:
        return self._log.is_restart_due or self._has_checkpoint_failed

    def _begin_inline(self) -> bool:
        """Begin a transaction; False when another program is writing, which only a thread may wait for."""
        try:
            begin_write(self._inline)
        except Locked:
            return False
        except BaseException:
            self._turn.release()
            raise
        return True

    def _finish_inline(self, work: Callable[[SqlConnection], T]) -> T:
        failure: BaseException | None = None
        try:
            return finish_write(self._inline, work)
        except BaseException as error:
            failure = error
            raise
        finally:
            self._end_write(failure)

    # --- a write or a checkpoint on the writer's thread -------------------------------------------

    async def _run_in_turn(
        self,
        writer: ThreadConnection,
        job: Callable[[sqlite3.Connection], T],
        end: Callable[[BaseException | None], None],
    ) -> T:
        """Run a job that holds the turn; the turn ends with the job, also when its caller is cancelled."""
        loop = asyncio.get_running_loop()

        def run_job(connection: sqlite3.Connection) -> T:
            failure: BaseException | None = None
            try:
                return job(connection)
            except BaseException as error:
                failure = error
                raise
            finally:
                loop.call_soon_threadsafe(end, failure)

        return await writer.run(run_job)

    def _end_write(self, failure: BaseException | None) -> None:
        """Pass the turn on: to a checkpoint if one is due, else to the next write."""
        if failure is not None:
            self._note_failure(failure)
            self._turn.release()
            return
        self._has_checkpoint_failed = False  # otherwise the write would not have begun
        if self._log.note_commit() and self._writer is not None:
            self._start_checkpoint(self._writer)
        else:
            self._turn.release()

    def _start_checkpoint(self, writer: ThreadConnection) -> None:
        """Hand the turn to a checkpoint that nobody waits for."""
        has_begun = False

        async def run_checkpoint() -> None:
            nonlocal has_begun
            has_begun = True
            await self._run_in_turn(writer, _checkpoint, self._end_checkpoint)

        def forget(task: asyncio.Task[None]) -> None:
            self._checkpoints.discard(task)
            if not has_begun:  # cancelled, with every other task of the loop, before its first step
                self._turn.release()
            elif not task.cancelled():
                task.exception()  # _end_checkpoint has seen it

        task = asyncio.ensure_future(run_checkpoint())
        self._checkpoints.add(task)
        task.add_done_callback(forget)

    def _end_checkpoint(self, failure: BaseException | None) -> None:
        """A failed checkpoint has lost nothing; the next write repeats it, and fails if that fails again."""
        if failure is None:
            self._log.note_checkpoint()
        else:
            self._note_failure(failure)
            self._has_checkpoint_failed = True
        self._turn.release()

    def _note_failure(self, failure: BaseException) -> None:
        if is_failed_sync(failure):
            assert isinstance(failure, StorageError)
            self._failed_sync = failure

    # --- the end ----------------------------------------------------------------------------------

    async def _close(self) -> None:
        async with self._turn, AsyncExitStack() as closing:
            if self._writer is not None:
                closing.push_async_callback(self._writer.close)
                closing.push_async_callback(self._writer.run, _empty_log)
            closing.push_async_callback(self._reader.close)
            closing.callback(self._inline.close)


def _open_writer(path: Path, application_id: int) -> sqlite3.Connection:
    """The writer's connection; empties the log that a crash may have left, whatever its length."""
    connection = open_to_write(path, application_id=application_id, durability=Durability.FULL)
    try:
        _checkpoint(connection)
    except BaseException:
        connection.close()
        raise
    return connection


def _write_job(
    connection: sqlite3.Connection, *, work: Callable[[SqlConnection], T], is_checkpoint_first: bool
) -> T:
    if is_checkpoint_first:
        _checkpoint(connection)
    return write_transaction(connection, work, is_synced=True)


def _checkpoint(connection: sqlite3.Connection) -> None:
    """Copy the log into the file, as far as no reader needs the old pages."""
    run(connection, "PRAGMA wal_checkpoint(PASSIVE)")


def _empty_log(connection: sqlite3.Connection) -> None:
    """Copy the log into the file and cut it to nothing, without waiting for readers in other programs."""
    run(connection, "PRAGMA busy_timeout = 0")
    try:
        run(connection, "PRAGMA wal_checkpoint(TRUNCATE)")
    except DiskFull:
        return  # nothing is lost: the log stays beside the file, and the next opening goes on from there
