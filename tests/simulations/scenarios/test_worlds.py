"""Scenarios name the worlds that users would recognise, and draw their plans from them."""

import pytest

from simulations.plan import DEVICE, NETWORK, Fault
from simulations.scenarios.worlds import DEFAULT, SCENARIOS, plan_of

SEEDS = range(1, 41)


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_scenario_says_whom_it_is_about_and_draws_within_its_bounds(name: str) -> None:
    """One sentence; every plan has as many devices, hours, edits and happenings as it says."""
    scenario = SCENARIOS[name]
    assert scenario.about.endswith(".")
    assert 20 < len(scenario.about) < 110
    likelihood = scenario.likelihood
    for seed in SEEDS:
        plan = plan_of(seed, name)
        assert plan.scenario == name
        assert likelihood.devices[0] <= plan.devices <= likelihood.devices[1]
        assert likelihood.edits[0] <= plan.edits <= likelihood.edits[1]
        assert len(plan.happenings) <= likelihood.happenings[1]
        assert {one.fault for one in plan.happenings} <= likelihood.weights.keys()


def test_the_mixture_draws_every_fault_of_devices_and_network() -> None:
    """Over some seeds each of them occurs."""
    drawn = {one.fault for seed in SEEDS for one in plan_of(seed, DEFAULT).happenings}
    assert {*DEVICE, *NETWORK, Fault.RELAY_KILL, Fault.RELAY_POWER_CUT} <= drawn


def test_devices_and_hours_can_be_set() -> None:
    """Also beyond what the scenario would draw."""
    plan = plan_of(1, devices=9, hours=0.01)
    assert (plan.devices, plan.hours) == (9, 0.01)
    assert all(one.device < 9 and one.time_s <= 36 for one in plan.happenings)


def test_an_unknown_scenario_is_an_error() -> None:
    """It is looked up by its name."""
    with pytest.raises(KeyError):
        plan_of(1, "storm")
