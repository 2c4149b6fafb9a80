"""The checker of bounds tells what the gauges saw."""

from simulations.checkers import bounded
from tests.simulations.endings import ending, finds


def test_an_exceeded_bound_is_a_violation() -> None:
    """Word for word."""
    assert finds(bounded, ending()) == []
    assert finds(bounded, ending(overflows=["90 tasks of d0"])) == ["90 tasks of d0"]
