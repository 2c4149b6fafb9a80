"""Databases that fail or wait when a test says so, and replicas with a private space on them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

from syncore.adapters.sqlite_inline import open_inline_database
from syncore.core.errors import DiskFull, StorageError
from syncore.core.ports import Database, Durability, SqlConnection
from syncore.documents.resolvers import Resolver
from syncore.replica.collection import Collection
from syncore.replica.inbox import ConflictInbox
from syncore.replica.local_replica import LocalReplica
from syncore.replica.transaction import Transaction
from syncore.schema.validators import Validator
from syncore.storage.schema import APPLICATION_ID
from tests.replica.world import SeededEntropy, SteppingClock

T = TypeVar("T")


class TroubledDatabase:
    """A real database whose writes fail at their commit, or wait before they begin, when a test says so.

    Attributes:
        failing: Whether each of the next writes fails after all its work is done.
        unreadable: How many of the next reads fail.
        turnstile: If there is one, writes wait for it; a cancelled caller takes none back.
        waiting: How many writes wait.
    """

    def __init__(self, database: Database) -> None:
        """Pass everything on to ``database``."""
        self._database = database
        self.failing: list[bool] = []
        self.unreadable = 0
        self.turnstile: asyncio.Semaphore | None = None
        self.waiting = 0

    async def write(
        self, work: Callable[[SqlConnection], T], durability: Durability, *, is_large: bool = False
    ) -> T:
        """Write, unless it is to fail."""
        if self.turnstile is None:
            return await self._write(work, durability, is_large=is_large)
        waiting = self._wait(self.turnstile, work, durability, is_large=is_large)
        return await asyncio.shield(asyncio.ensure_future(waiting))

    async def read(self, work: Callable[[SqlConnection], T], *, is_long: bool = False) -> T:
        """Read, unless it is to fail."""
        if self.unreadable:
            self.unreadable -= 1
            raise StorageError("the disk does not read")
        return await self._database.read(work, is_long=is_long)

    async def close(self) -> None:
        """Close."""
        await self._database.close()

    async def _wait(
        self,
        turnstile: asyncio.Semaphore,
        work: Callable[[SqlConnection], T],
        durability: Durability,
        *,
        is_large: bool,
    ) -> T:
        self.waiting += 1
        await turnstile.acquire()
        self.waiting -= 1
        return await self._write(work, durability, is_large=is_large)

    async def _write(
        self, work: Callable[[SqlConnection], T], durability: Durability, *, is_large: bool
    ) -> T:
        if not self.failing or not self.failing.pop(0):
            return await self._database.write(work, durability, is_large=is_large)

        def fail(sql: SqlConnection) -> T:
            work(sql)
            raise DiskFull("there is no room for the commit")

        return await self._database.write(fail, durability, is_large=is_large)


class PrivateReplica:
    """A replica with a private space, on a database that can be troubled."""

    def __init__(self, local: LocalReplica, database: TroubledDatabase) -> None:
        """Join them."""
        self.local = local
        self.database = database

    @property
    def number(self) -> int:
        """The local number of the private space."""
        return self.local.default_space.number

    def collection(self, name: str = "notes") -> Collection:
        """A collection of the private space."""
        return Collection(self.local, lambda: self.number, name)

    @property
    def inbox(self) -> ConflictInbox:
        """The conflicts of the private space."""
        return ConflictInbox(self.local, lambda: self.number)

    def transaction(self) -> Transaction:
        """A transaction over the private space."""
        return Transaction(self.local, lambda: self.number, Durability.NORMAL)


@asynccontextmanager
async def open_private(
    path: Path,
    *,
    seed: str = "private",
    read_only: bool = False,
    resolvers: Iterable[Resolver] = (),
    validators: Iterable[Validator] = (),
) -> AsyncIterator[PrivateReplica]:
    """Open the file at ``path``, or make one with a private space."""
    inline = open_inline_database(path, application_id=APPLICATION_ID, read_only=read_only)
    database = TroubledDatabase(inline)
    try:
        local = await LocalReplica.open(
            database,
            SteppingClock(),
            SeededEntropy(seed),
            is_read_only=read_only,
            resolvers=resolvers,
            validators=validators,
        )
        yield PrivateReplica(local, database)
        await local.close()
    finally:
        await database.close()


async def let_others_run() -> None:
    """Give every task that can go on the time to do so."""
    for _ in range(20):
        await asyncio.sleep(0)
