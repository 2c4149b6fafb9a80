"""Each thing that goes wrong in the network happens, is over after a while, and the run passes."""

import pytest

from simulations.happenings.network import HAPPENINGS
from simulations.network.medium import Fault as NetworkFault
from simulations.plan import NETWORK, Fault
from simulations.running import Outcome, simulate
from tests.simulations.small_plans import SMALL, going_wrong

COUNTED = {
    Fault.LOSS: NetworkFault.LOSS,
    Fault.REORDERING: NetworkFault.REORDERING,
    Fault.DUPLICATION: NetworkFault.DUPLICATION,
    Fault.CORRUPTION: NetworkFault.CORRUPTION,
    Fault.HALF_OPEN: NetworkFault.HALF_OPEN,
    Fault.PARTITION: NetworkFault.CUT,
    Fault.ONE_WAY: NetworkFault.CUT,
}
"""What the network counts where it happens."""


def happened(fault: Fault, *, seed: int = 3) -> Outcome:
    """A run in which this happens for some minutes; it has to pass."""
    outcome = simulate(going_wrong(fault, seed=seed, duration_s=240))
    assert outcome.has_passed, outcome.violations
    return outcome


def test_every_fault_of_the_network_is_made() -> None:
    """None is drawn that nothing makes happen."""
    assert HAPPENINGS.keys() == {*NETWORK}


@pytest.mark.parametrize("fault", NETWORK)
def test_it_comes_and_goes(fault: Fault) -> None:
    """Whatever it is, the run passes; the timeline says when it was there."""
    outcome = happened(fault)
    told = [one.what for one in outcome.trace.events if one.who == "world"]
    assert told[:2] == [f"{fault.value} at d0", f"{fault.value} at d0 is over"]
    assert outcome.faults[fault.value] == 1


@pytest.mark.parametrize("fault", COUNTED)
def test_frames_suffer_from_it(fault: Fault) -> None:
    """Under some seed something happens to a frame, and nothing of the kind without it."""
    kind = f"network: {COUNTED[fault]}"
    assert kind not in simulate(SMALL).faults
    assert any(happened(fault, seed=seed).faults[kind] for seed in (3, *range(20, 40)))


def test_everything_takes_longer() -> None:
    """A delay and a slow reader change when frames arrive."""
    calm = simulate(SMALL).trace.hash
    for fault in (Fault.DELAY, Fault.SLOW_READER):
        assert happened(fault).trace.hash != calm
