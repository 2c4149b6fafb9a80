"""Random lives of a relay and its members: whatever is lost when, what any file holds is everywhere then."""

import asyncio
import random
import shutil
from pathlib import Path

import pytest

from syncore.core.identifiers import SpaceId
from tests.sync.healing_world import World, opened_offline
from tests.sync.memory_log import Log
from tests.sync.memory_relay import relay_in_memory
from tests.sync.waiting import converged, synced

NAMES = ("a", "b", "c")
STEPS = 24


class Life:
    """One random life of a space."""

    def __init__(self, world: World, seed: int) -> None:
        self.world = world
        self.random = random.Random(seed)
        self.backups: list[dict[SpaceId, Log]] = [{}]

    async def live(self) -> None:
        """Some steps, each drawn from the seed."""
        for _ in range(STEPS):
            await self.random.choice(
                [self.edit, self.edit, self.edit, self.sync, self.toggle, self.back_up, self.lose, self.pause]
            )()

    async def edit(self) -> None:
        """Somebody writes, online or not."""
        name = self.random.choice(NAMES)
        if name in self.world.open:
            await self.world.edit(name)
            return
        self.world.edits += 1
        async with opened_offline(self.world, name) as replica:
            await replica.collection("notes").insert({"n": 1}, id=f"{name}-{self.world.edits}")

    async def sync(self) -> None:
        """Those who are there have sent and read everything."""
        await synced(*(replica.space for replica in self.world.open.values()))

    async def toggle(self) -> None:
        """Somebody comes or goes."""
        name = self.random.choice(NAMES)
        await (self.world.stop(name) if name in self.world.open else self.world.start(name))

    async def back_up(self) -> None:
        """The relay's operator makes a copy."""
        self.backups.append(self.world.relay.backup())

    async def lose(self) -> None:
        """The relay starts again from a copy, or from nothing."""
        await self.world.relay.restore(self.random.choice(self.backups))

    async def pause(self) -> None:
        """The loop turns for a while, wherever everybody is."""
        for _ in range(self.random.randrange(200)):
            await asyncio.sleep(0)

    async def held(self) -> set[str]:
        """What any file holds now."""
        found: set[str] = set()
        for name in list(self.world.open):
            await self.world.stop(name)
        for name in NAMES:
            async with opened_offline(self.world, name) as replica:
                found |= {note.id async for note in replica.collection("notes").find()}
        return found


@pytest.mark.parametrize("seed", range(20))
async def test_nothing_that_a_member_holds_is_lost(tmp_path: Path, seed: int) -> None:
    """After any sequence of edits, breaks, losses and restored copies of the relay all members and a newcomer
    hold everything that any of them held, and are equal.
    """
    async with relay_in_memory() as relay:
        world = World(tmp_path, relay)
        await world.found(*NAMES)
        life = Life(world, seed)
        await life.live()
        assert len(await life.held()) == world.edits + 1
        for name in NAMES:
            await world.start(name)
        await world.check()
        for name in NAMES:
            await world.stop(name)


@pytest.mark.parametrize("seed", range(8))
async def test_files_that_return_in_time_while_the_relay_does(tmp_path: Path, seed: int) -> None:
    """Where a member's file is put back too, everything that is in some file then is in all of them in the
    end, and in the relay.
    """
    async with relay_in_memory() as relay:
        world = World(tmp_path, relay)
        await world.found(*NAMES)
        life = Life(world, 1_000 + seed)
        await life.live()
        for name in NAMES:
            if name not in world.open:
                await world.start(name)
        await life.sync()
        victim = life.random.choice(NAMES)
        await world.stop(victim)
        shutil.copy(tmp_path / f"{victim}.db", tmp_path / "copy.db")
        await life.back_up()
        await world.start(victim)
        await life.live()
        if victim in world.open:
            await world.stop(victim)
        shutil.copy(tmp_path / "copy.db", tmp_path / f"{victim}.db")
        await life.lose()
        held = await life.held()
        for name in NAMES:
            await world.start(name)
        await life.edit()
        await converged(*(replica.space for replica in world.open.values()))
        assert held < await life.held()
