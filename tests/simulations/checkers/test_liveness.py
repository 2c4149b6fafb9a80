"""The checker of liveness tells what had not become calm."""

from simulations.checkers import liveness
from tests.simulations.endings import ending, finds


def test_what_is_not_calm_is_a_violation() -> None:
    """Word for word."""
    assert finds(liveness, ending()) == []
    assert finds(liveness, ending(unsettled=["d1 does not run"])) == ["d1 does not run"]
