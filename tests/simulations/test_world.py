"""A world plays a plan to its end: people join, programs are started again, and everything becomes calm."""

import asyncio
from dataclasses import replace

import pytest

from simulations.ending import Ending
from simulations.holding import log_offset
from simulations.machine import REPLICA_FILE
from simulations.plan import Fault
from simulations.world import SETTLING_S, World
from syncore.core.errors import SyncoreError
from syncore.sync.status import SyncState
from tests.simulations.small_plans import SMALL, going_wrong, in_world, noted


def test_a_world_is_played_to_a_calm_end() -> None:
    """Everybody has joined, written, and holds the same of the log; nothing waits and nothing is lost."""
    endings: list[Ending] = []

    async def main(world: World) -> None:
        endings.append(await world.play())

    world = in_world(main)
    (ending,) = endings
    assert [*ending.devices] == ["d0", "d1"]
    assert ending.unsettled == []
    assert len(world.ledger.edits) > 10
    assert len({remains.digest for remains in ending.devices.values()}) == 1
    assert world.began_s < world.ends_s <= world.now_s <= world.ends_s + SETTLING_S
    assert noted(world, "world")[-1] == "the last fault is over"


def test_people_come_and_go_where_a_plan_says_so() -> None:
    """Programs are closed for a while and nobody starts them meanwhile."""

    async def main(world: World) -> None:
        ending = await world.play()
        assert ending.unsettled == []

    world = in_world(main, replace(SMALL, hours=10, session_s=1200, absence_s=7200))
    for person in world.people:
        assert noted(world, person.name).count("stops") >= 2


def test_a_program_is_started_again_when_it_has_died_or_asks_for_it() -> None:
    """A dead one and one that needs a restart; one that is away is left alone."""

    async def main(world: World) -> None:
        person = world.add_person("d0")
        await world.restart_if_needed(person)
        assert person.machine.hardware.life == 1
        await world.restart_if_needed(person)
        assert person.machine.hardware.life == 1
        person.needs_restart = True
        await world.restart_if_needed(person)
        assert person.machine.hardware.life == 2
        await world.restart_if_needed(person)
        assert person.machine.hardware.life == 2
        person.machine.hardware.die(is_power_cut=False)
        person.is_away = True
        await world.restart_if_needed(person)
        assert person.machine.replica is None
        await person.machine.stop()

    in_world(main)


def test_a_program_that_somebody_is_ending_is_left_alone() -> None:
    """Whoever puts a copy of a file back ends the program first, and nobody starts it in between."""

    async def main(world: World) -> None:
        person = world.add_person("d0")
        await world.restart_if_needed(person)
        ending = asyncio.ensure_future(person.machine.stop())
        await asyncio.sleep(0)
        changing = [person.machine.is_changing]
        await world.restart_if_needed(person)
        assert person.machine.hardware.life == 1
        await ending
        changing.append(person.machine.is_changing)
        assert changing == [True, False]
        await world.restart_if_needed(person)
        assert person.machine.hardware.life == 2
        await person.machine.stop()

    in_world(main)


async def with_two(world: World) -> None:
    """Have two devices that share a space, without playing the plan."""
    await world.relay.start()
    await world.found_space()


def test_a_damaged_file_is_thrown_away_and_joined_anew() -> None:
    """The damage is found when the program starts, and what the relay had comes back."""

    async def main(world: World) -> None:
        await with_two(world)
        second = world.people[1]
        second.machine.hardware.die(is_power_cut=False)
        second.machine.hardware.disk.put(REPLICA_FILE, b"damaged" * 10_000)
        damaged = []
        for _ in range(2):
            await world.restart_if_needed(second)
            damaged.append(second.is_damaged)
        assert damaged == [True, False]
        assert "d1" in world.recovering
        assert "d1" not in world.backups
        await asyncio.sleep(60)
        first, again = world.people[0].machine.replica, second.machine.replica
        assert first is not None
        assert again is not None
        assert log_offset(first) == log_offset(again)
        assert await first.space.digest() == await again.space.digest()

    in_world(main)


def test_joining_fails_after_a_while_if_nobody_can_invite() -> None:
    """It does not wait for ever."""

    async def main(world: World) -> None:
        await world.relay.start()
        with pytest.raises(SyncoreError, match="nobody can invite"):
            await world.join(world.add_person("d0"))

    in_world(main)


def test_what_is_not_calm_is_told() -> None:
    """A device that is off, one that has something to send, and devices that stand at different places."""

    async def main(world: World) -> None:
        await with_two(world)
        await asyncio.sleep(30)
        assert world.unsettled() == []
        first, second = world.people
        hosts = [second.machine.hardware.host], [world.relay.hardware.host]
        cut = world.around.network.partition(*hosts)
        assert second.machine.replica is not None
        await second.machine.run(second.machine.replica.collection("notes").insert({"n": 1}))
        assert first.machine.replica is not None
        await first.machine.run(first.machine.replica.collection("notes").insert({"n": 1}))
        await asyncio.sleep(300)
        told = world.unsettled()
        assert told[0].startswith("d1 is offline")
        assert told[1].startswith("the devices stand at different places of the log: ")
        cut.end()
        await asyncio.sleep(120)
        assert world.unsettled() == []
        await second.machine.stop()
        assert world.unsettled() == ["d1 does not run"]

    in_world(main)


def test_a_relay_that_lost_something_holds_restores_back() -> None:
    """No device is set back before the relay has everything again, nor for ever."""

    async def main(world: World) -> None:
        await world.until_healed()
        await with_two(world)
        world.began_s = world.now_s
        world.part_with_log()
        healing = asyncio.ensure_future(world.heal())
        await asyncio.sleep(1)
        waiting = asyncio.ensure_future(world.until_healed())
        await asyncio.sleep(1)
        assert not waiting.done()
        assert await healing
        await waiting
        assert world.now_s < world.ends_s

    in_world(main)


def test_devices_recover_when_they_have_caught_up() -> None:
    """Who was set back is waited for until it is live, or until the end."""

    async def main(world: World) -> None:
        await with_two(world)
        world.began_s = world.now_s
        world.recovering = {"d1"}
        assert await world.until_recovered()
        assert world.recovering == set()
        second = world.people[1].machine
        assert second.replica is not None
        assert second.replica.space.status().state is SyncState.LIVE
        await second.stop()
        world.recovering = {"d1"}
        assert not await world.until_recovered()
        assert (world.recovering, world.now_s >= world.ends_s) == ({"d1"}, True)

    in_world(main)


def test_undetected_acts_are_those_that_nobody_noticed() -> None:
    """An act counts as noticed as soon as what it names says so."""
    noticed: list[str] = []

    async def main(world: World) -> None:
        world.acts.append(("it forked", lambda: "fork" in noticed))
        world.acts.append(("it lied", lambda: "lie" in noticed))
        assert [*world.undetected()] == ["it forked", "it lied"]
        noticed.append("fork")
        assert [*world.undetected()] == ["it lied"]
        await asyncio.sleep(0)

    in_world(main)


def test_a_backup_is_a_copy_of_now() -> None:
    """Later writes are not in it, and it knows how much had been acknowledged."""

    async def main(world: World) -> None:
        person = world.add_person("d0")
        disk = person.machine.hardware.disk
        disk.put("file", b"before")
        world.ledger.acknowledged = 7
        world.back_up(person)
        disk.put("file", b"after")
        backup = world.backups["d0"]
        assert (backup.disk.content("file"), backup.order) == (b"before", 7)
        await asyncio.sleep(0)

    in_world(main, going_wrong(Fault.RESTORED_FILE))


def test_no_copies_are_kept_that_nobody_would_restore() -> None:
    """In a world without restored files a backup program would only fill the memory."""

    async def main(world: World) -> None:
        world.back_up(world.add_person("d0"))
        assert world.backups == {}
        await asyncio.sleep(0)

    in_world(main)
