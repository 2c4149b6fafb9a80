"""Every planted fault replaces something that is there, and is what its name says."""

import pytest

from simulations.planted.faults import FAULTS
from simulations.planted.planting import planted
from simulations.running import simulate
from simulations.scenarios.worlds import SCENARIOS
from tests.simulations.small_plans import SMALL


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_names_what_is_there(name: str) -> None:
    """Its changes are of attributes that exist, in a scenario that exists, and leave the code as it was."""
    fault = FAULTS[name]
    assert fault.name == name
    assert fault.about
    assert fault.scenario in SCENARIOS
    assert fault.changes
    before = [change.owner.__dict__[change.attribute] for change in fault.changes]
    with planted(fault):
        wrong = [change.owner.__dict__[change.attribute] for change in fault.changes]
    assert all(callable(one) for one in wrong)
    assert not [one for one, right in zip(wrong, before, strict=True) if one is right]
    assert [change.owner.__dict__[change.attribute] for change in fault.changes] == before


@pytest.mark.parametrize(
    ("name", "checker"),
    [
        ("no-cipher", "no leaks"),
        ("torn-transaction", "atomic transactions"),
        ("stale-projection", "fresh projections"),
    ],
)
def test_the_checker_that_should_find_it_finds_it(name: str, checker: str) -> None:
    """In a small world in which nothing else goes wrong, and which passes without the fault."""
    with planted(FAULTS[name]):
        found = {one.checker for one in simulate(SMALL).violations}
    assert checker in found
    assert simulate(SMALL).has_passed
