"""All checkers look at an ending, under names of their own, and tell a bounded number of violations."""

import pkgutil

from simulations import checkers
from simulations.checkers import causal_order, liveness
from simulations.judging import AT_THE_END, MAX_TOLD, NAMES, Violation, judge
from tests.simulations.endings import device, ending


def test_a_good_ending_passes_every_checker() -> None:
    """Each has looked once for every device, those of the way as often as they did."""
    good = ending(device(), device(), device(), audits={causal_order.NAME: (5, [])})
    counts, violations = judge(good)
    assert violations == []
    assert counts.keys() == {*NAMES}
    assert {counts[checker.NAME] for checker in AT_THE_END} == {3}
    assert counts[causal_order.NAME] == 5


def test_every_checker_is_asked() -> None:
    """No module of the package is forgotten, and no two share a name."""
    modules = {found.name for found in pkgutil.iter_modules(checkers.__path__)} - {"audits"}
    asked = {checker.__name__.rpartition(".")[2] for checker in AT_THE_END}
    assert asked | {"causal_order", "faithful_digests"} == modules
    assert len(NAMES) == len(modules)


def test_violations_carry_their_checkers_name() -> None:
    """Those of the end and those of the way."""
    counts, violations = judge(ending(unsettled=["moves"], audits={causal_order.NAME: (2, ["went back"])}))
    assert violations == [
        Violation(checker=causal_order.NAME, what="went back"),
        Violation(checker=liveness.NAME, what="moves"),
    ]
    assert counts[causal_order.NAME] == 2


def test_a_checker_tells_the_first_of_many() -> None:
    """A report stays readable."""
    many = [str(number) for number in range(100)]
    _, violations = judge(ending(unsettled=many, audits={causal_order.NAME: (1, many)}))
    assert [one.what for one in violations] == many[:MAX_TOLD] * 2
