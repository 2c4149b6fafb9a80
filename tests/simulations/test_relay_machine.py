"""The relay of a world is the real one, keeps its key for life, and its failures are not lost."""

import asyncio

from simulations.world import World
from syncore.sync.status import SyncState
from tests.simulations.small_plans import in_world, noted


def test_it_serves_again_after_a_death_under_the_same_key() -> None:
    """A device that shared its space with it is live again, and nothing calls it another relay."""

    async def main(world: World) -> None:
        await world.relay.start()
        await world.relay.start()
        assert world.relay.hardware.life == 1
        person = world.add_person("m")
        replica = await person.machine.start()
        space = await person.machine.run(replica.share("ws://127.0.0.1:8787"))
        key = space.relay_key
        for is_power_cut in (False, True):
            world.relay.hardware.die(is_power_cut=is_power_cut)
            await asyncio.sleep(10)
            await world.relay.start()
            await asyncio.sleep(120)
            assert space.status().state is SyncState.LIVE
        assert (space.relay_key, world.relay.failures) == (key, [])

    assert noted(in_world(main), "relay") == ["starts", "is killed", "starts", "loses power", "starts"]


def test_a_relay_that_fails_by_itself_is_told() -> None:
    """A store that cannot be opened ends it, and the end of the world says so."""

    async def main(world: World) -> None:
        disk = world.relay.hardware.disk
        disk.put("relay.db", b"no store" * 1000)
        await world.relay.start()
        await asyncio.sleep(1)
        assert world.relay.hardware.process is None

    world = in_world(main)
    (failure,) = world.relay.failures
    assert noted(world, "relay") == ["starts", f"failed: {failure}", "is killed"]
