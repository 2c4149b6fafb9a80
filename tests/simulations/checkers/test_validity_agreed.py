"""The checker of verdicts sees devices that have closed other writers, or at other commits."""

from simulations.checkers import validity_agreed
from tests.simulations.endings import device, ending, finds


def test_devices_that_have_closed_nobody_agree() -> None:
    """As in a world in which nobody writes anything invalid."""
    assert finds(validity_agreed, ending()) == []


def test_another_verdict_is_found() -> None:
    """A writer that only one has closed."""
    found = finds(validity_agreed, ending(device(), device(closed={5: 3}), device()))
    assert found == ["d1 has closed {5: 3}, and the first device {}"]


def test_another_commit_is_found() -> None:
    """The same writer, closed at another place of its chain."""
    found = [*validity_agreed.check(ending(device(closed={5: 3}), device(closed={5: 4})))]
    assert "d1 has closed {5: 4}, and the first device {5: 3}" in found
