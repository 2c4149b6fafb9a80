"""Replicas of one space at a relay in memory, opened, closed and restored by name."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from syncore import Replica, Space
from tests.sync.memory_relay import ADDRESS, MemoryRelay
from tests.sync.waiting import converged


@dataclass
class World:
    """A relay and replicas of one space, opened and closed by name."""

    folder: Path
    relay: MemoryRelay
    open: dict[str, Replica] = field(default_factory=dict)
    edits: int = 0

    async def start(self, name: str) -> Replica:
        """Open a replica's file."""
        replica = Replica.open(
            self.folder / f"{name}.db", keystore=self.folder / f"keys-{name}", connector=self.relay
        )
        self.open[name] = await replica
        return self.open[name]

    async def stop(self, name: str) -> None:
        """Close it."""
        await self.open.pop(name).close()

    async def found(self, *names: str) -> None:
        """A space that the first shares and the others join."""
        first = await self.start(names[0])
        await first.collection("notes").insert({"n": 0}, id="first")
        space = await first.share(ADDRESS)
        for name in names[1:]:
            await self.join(name)
        await self.converged()
        assert not space.is_private

    async def join(self, name: str) -> Replica:
        """A newcomer."""
        inviter = next(iter(self.open.values()))
        code = await inviter.space.invite(role="admin")
        newcomer = await self.start(name)
        await newcomer.join(code)
        return newcomer

    async def edit(self, name: str, count: int = 1) -> None:
        """Some documents more."""
        for _ in range(count):
            self.edits += 1
            await self.open[name].collection("notes").insert({"n": self.edits}, id=f"{name}-{self.edits}")

    async def converged(self) -> str:
        """The digest that all open replicas come to."""
        return await converged(*(replica.space for replica in self.open.values()))

    async def check(self) -> None:
        """All open replicas and a newcomer hold every edit, and the relay's log is whole."""
        digest = await self.converged()
        for replica in self.open.values():
            ids = {note.id async for note in replica.collection("notes").find()}
            assert len(ids) == self.edits + 1
            assert replica.space.status().reason == ""
        async with newcomer(self) as new:
            assert await converged(new.space, next(iter(self.open.values())).space) == digest

    def space(self, name: str) -> Space:
        """The space of a replica."""
        return self.open[name].space


@asynccontextmanager
async def newcomer(world: World) -> AsyncIterator[Replica]:
    """A newcomer, closed at the end: what it has, it has from the relay alone."""
    names = {path.stem for path in world.folder.glob("witness*.db")}
    name = f"witness{len(names)}"
    yield await world.join(name)
    await world.stop(name)


@asynccontextmanager
async def opened_offline(world: World, name: str) -> AsyncIterator[Replica]:
    """A replica that does not reach its relay."""
    async with Replica.open(
        world.folder / f"{name}.db", keystore=world.folder / f"keys-{name}", sync=False
    ) as replica:
        yield replica
