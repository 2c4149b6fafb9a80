"""Replicas and a relay store that an earlier version wrote open, sync and go on in this one.

Each folder of ``tests/fixtures`` was written once, by ``python -m simulations keep FOLDER`` of the version
whose name it bears, and is never written again.
"""

import asyncio
import json
from pathlib import Path

import pytest

from simulations.ending import Ending, look_back
from simulations.keeping import expected, load_disk
from simulations.loop import run
from simulations.plan import Plan
from simulations.world import World, make_world
from syncore.engine.replica import Replica
from syncore.sync.status import SyncState

FIXTURES = Path(__file__).resolve().parents[1] / "fixtures"
KEPT = sorted(path for path in FIXTURES.iterdir() if path.is_dir())


def test_there_is_something_to_open() -> None:
    """A fixture that is not found would prove nothing."""
    assert KEPT


@pytest.mark.parametrize("folder", KEPT, ids=lambda folder: folder.name)
def test_what_an_earlier_version_wrote_is_all_there_and_goes_on(folder: Path) -> None:
    """Every device opens its file, shows what it showed, syncs with the old store, writes, and is joined."""
    plan = json.loads((folder / "plan.json").read_text())
    kept = json.loads((folder / "expected.json").read_text())
    world = make_world(Plan(hours=1, **plan))
    try:
        before, found, after, newcomer = run(go_on(world, folder), world.around.loop)
    finally:
        world.scrap()
    indexes = kept.pop("indexes", [])
    assert json.loads(json.dumps(expected(before))) == kept
    assert found == [indexes] * len(before.devices)
    assert {remains.digest for remains in before.devices.values()} == {kept["digest"]}
    digests = {remains.digest for remains in after.devices.values()}
    assert len(digests) == 1
    assert newcomer in digests
    assert newcomer != kept["digest"]


async def go_on(world: World, folder: Path) -> tuple[Ending, list[list[str]], Ending, str]:
    """What devices show once started, and their indexes; what they show when they wrote and one joined."""
    world.relay.hardware.replace_disk(load_disk(folder / "relay"))
    await world.relay.start()
    for number in range(world.plan.devices):
        person = world.add_person(f"d{number}")
        person.machine.hardware.replace_disk(load_disk(folder / person.name))
        await person.start()
    await until_live(world)
    before = await look_back(world, [])
    found = []
    for person in world.people:
        replica = person.machine.replica
        assert replica is not None
        notes = replica.collection("notes")
        found.append([index.name for index in await person.machine.run(notes.indexes())])
        await person.machine.run(notes.insert({"by": person.name}))
    newcomer = world.add_person("newcomer")
    await world.join(newcomer)
    await until_live(world)
    after = await look_back(world, [])
    return before, found, after, after.devices["newcomer"].digest


async def until_live(world: World) -> None:
    """Wait until everybody has sent and has everything, for an hour at most."""
    async with asyncio.timeout(3600):
        while not all(is_live(one.machine.replica) for one in world.people):  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(10)


def is_live(replica: Replica | None) -> bool:
    """Whether a device has sent and has everything."""
    return replica is not None and str(replica.space.status()) == SyncState.LIVE.value
