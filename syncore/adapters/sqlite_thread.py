"""A SQLite connection on a thread of its own: one hop for a whole job, never one for each statement."""

import asyncio
import sqlite3
from collections.abc import Callable
from typing import Any, TypeVar, cast

import aiosqlite

T = TypeVar("T")

_ROWS_PER_CHUNK = 64  # wanted by the base class for its cursors, which are not used here


class ThreadConnection(aiosqlite.Connection):
    """An aiosqlite connection that runs whole functions on its thread.

    aiosqlite 0.22 has public methods for single statements only, each a hop to the thread and back (35 to 230
    us), and none that runs a function there. All of them go through ``_execute``, which does; so this class
    calls it, and the conformance suite of the database notices when a later aiosqlite changes it.
    """

    def __init__(self, connector: Callable[[], sqlite3.Connection]) -> None:
        """Prepare the thread; :meth:`open` starts it."""
        super().__init__(connector, _ROWS_PER_CHUNK)
        # A program that ends without closing must end. What was committed is in the file all the same.
        self._thread.daemon = True
        self._stopped: asyncio.Future[None] | None = None

    @classmethod
    async def open(cls, connector: Callable[[], sqlite3.Connection]) -> "ThreadConnection":
        """A connection that ``connector`` made on the new thread; raises what it raises."""
        connection = cls(connector)
        try:
            await connection
        except BaseException:
            # aiosqlite has told the thread to stop; it will say so to the loop, which must still run.
            if connection._stopped is not None:
                await connection._stopped
            raise
        return connection

    def stop(self) -> "asyncio.Future[None] | None":
        """End the thread after what it was asked for; the future is done when it has ended."""
        self._stopped = super().stop()
        return self._stopped

    async def run(self, job: Callable[[sqlite3.Connection], T]) -> T:
        """Run ``job`` on the thread, after those asked for before it; cancelling does not stop it."""
        execute = cast("Callable[..., Any]", self._execute)
        result: T = await execute(job, self._conn)
        return result
