"""The checker of defects tells errors that nobody handled."""

from simulations.checkers import no_defects
from tests.simulations.endings import ending, finds


def test_an_error_that_nobody_handled_is_a_violation() -> None:
    """Word for word."""
    assert finds(no_defects, ending()) == []
    assert finds(no_defects, ending(defects=["KeyError()"])) == ["KeyError()"]
