"""What happens to the relay happens, and the run passes all the same."""

import pytest

from simulations.happenings.relay import HAPPENINGS
from simulations.plan import LYING, RELAY, Fault
from simulations.running import simulate
from simulations.world import World
from tests.simulations.small_plans import going_wrong, in_world


def test_everything_that_the_relay_suffers_is_made() -> None:
    """None is drawn that nothing makes happen; its lies are made elsewhere."""
    assert HAPPENINGS.keys() == {*RELAY} - {*LYING}


@pytest.mark.parametrize("fault", [Fault.RELAY_KILL, Fault.RELAY_POWER_CUT])
def test_the_relay_dies_and_comes_back(fault: Fault) -> None:
    """With everything that it has acknowledged."""
    outcome = simulate(going_wrong(fault))
    assert outcome.has_passed, outcome.violations
    told = [one.what for one in outcome.trace.events if one.who == "relay" and not one.is_detail]
    assert told == ["starts", "loses power" if fault is Fault.RELAY_POWER_CUT else "is killed", "starts"]


@pytest.mark.parametrize("fault", [Fault.RELAY_WIPED, Fault.RELAY_RESTORED])
def test_what_the_relay_has_lost_is_given_back(fault: Fault) -> None:
    """Every device finds the loss, and the relay's log holds again what they hold."""
    plan = going_wrong(fault)
    outcome = simulate(plan)
    assert outcome.has_passed, outcome.violations

    async def main(world: World) -> None:
        await world.play()
        for person in world.people:
            replica = person.machine.replica
            assert replica is not None
            assert replica.space.status().relay_losses == 1

    in_world(main, plan)
