"""Whatever hostile members do, the run passes, and what has to be noticed is."""

import pytest

from simulations.happenings.members import HAPPENINGS
from simulations.plan import MEMBER, Fault
from simulations.planted.faults import FAULTS
from simulations.planted.planting import planted
from simulations.running import simulate
from simulations.world import World
from tests.simulations.small_plans import going_wrong, in_world


def attacked(fault: Fault, *, seed: int = 3) -> World:
    """A small world in which the first device has attacked, at its end."""

    async def main(world: World) -> None:
        await world.play()

    return in_world(main, going_wrong(fault, seed=seed))


def test_every_fault_of_members_is_made() -> None:
    """None is drawn that nothing makes happen."""
    assert HAPPENINGS.keys() == {*MEMBER}


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("fault", MEMBER)
def test_an_attack_is_weathered(fault: Fault, seed: int) -> None:
    """Everybody converges, agrees on whom to close, and loses nothing; the attack was made."""
    outcome = simulate(going_wrong(fault, seed=seed))
    assert outcome.has_passed, outcome.violations
    told = [one.what for one in outcome.trace.events if one.who == "d0" and fault.value in one.what]
    assert told
    assert not [what for what in told if "ends with" in what]


@pytest.mark.parametrize("fault", [Fault.GARBAGE, Fault.UNSEEN_DOTS, Fault.FUTURE_DELETED])
def test_what_must_be_noticed_is_written_down(fault: Fault) -> None:
    """Each act of an attack with invalid segments is one that has to be noticed."""
    worlds = [attacked(fault, seed=seed) for seed in range(3)]
    assert all(world.acts or fault is Fault.GARBAGE for world in worlds)
    assert any(world.forged for world in worlds)


def test_an_act_that_nobody_notices_is_told() -> None:
    """Where replicas do not look at what operations name, whoever names the future is not closed for it."""
    with planted(FAULTS["reach-unchecked"]):
        violations = [
            violation
            for seed in range(4)
            for violation in simulate(going_wrong(Fault.FUTURE_DELETED, seed=seed)).violations
        ]
    assert "lies detected" in {one.checker for one in violations}


def test_a_fight_of_two_segments_has_one_winner() -> None:
    """However the two get to the relay, at once or one after the other."""
    ways = set()
    for seed in range(8):
        world = attacked(Fault.EQUIVOCATION, seed=seed)
        ways |= {one.what for one in world.around.trace.events if "for one number" in one.what}
        assert [*world.undetected()] == []
        assert world.acts
    assert len(ways) == 3
