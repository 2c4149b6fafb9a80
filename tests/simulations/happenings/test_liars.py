"""Whatever a relay says to a device, what has to be noticed is, and everybody converges when it is over."""

from dataclasses import replace

import pytest

from simulations.happenings.liars import HAPPENINGS
from simulations.plan import LYING, Fault, Plan
from simulations.running import simulate
from simulations.world import World
from tests.simulations.small_plans import SMALL, going_wrong, in_world

BUSY = replace(SMALL, hours=0.2, edits=60)


def lied_to(fault: Fault, seed: int) -> Plan:
    """A small plan in which a relay lies for some minutes."""
    return going_wrong(fault, plan=BUSY, seed=seed, duration_s=200)


def test_every_lie_is_made() -> None:
    """None is drawn that nothing makes happen."""
    assert HAPPENINGS.keys() == {*LYING}


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("fault", LYING)
def test_a_lie_is_weathered(fault: Fault, seed: int) -> None:
    """Everybody converges, nothing is lost, and what contradicts itself was noticed."""
    outcome = simulate(lied_to(fault, seed))
    assert outcome.has_passed, outcome.violations
    assert outcome.faults[fault.value] == 1


@pytest.mark.parametrize("fault", [one for one in LYING if one is not Fault.RELAY_FORKS])
def test_a_victim_accuses_the_relay(fault: Fault) -> None:
    """Under most seeds something is told that the device sees through while it is told."""
    accusations = 0
    for seed in range(5):
        worlds: list[World] = []

        async def main(world: World) -> None:
            worlds.append(world)  # noqa: B023 - played at once
            await world.play()

        in_world(main, lied_to(fault, seed))
        accusations += worlds[0].people[0].machine.accusations
        assert worlds[0].people[1].machine.accusations <= 1
    assert accusations


def test_a_fork_is_noticed_when_it_ends() -> None:
    """Both sides go on meanwhile; then the relay is shown what it has signed, and begins a new generation."""

    async def main(world: World) -> None:
        await world.play()

    acts = 0
    for seed in range(5):
        world = in_world(main, lied_to(Fault.RELAY_FORKS, seed))
        assert len(world.spares) == 1
        assert [*world.undetected()] == []
        acts += len(world.acts)
        assert all(person.machine.accusations == 0 for person in world.people)
    assert acts
