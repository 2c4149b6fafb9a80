"""The checker of lies tells those that nobody noticed."""

from simulations.checkers import lies_detected
from tests.simulations.endings import ending, finds


def test_an_unnoticed_lie_is_a_violation() -> None:
    """Word for word."""
    assert finds(lies_detected, ending()) == []
    assert finds(lies_detected, ending(undetected=["the relay dropped"])) == ["the relay dropped"]
