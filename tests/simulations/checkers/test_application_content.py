"""The checker of applications tells what they say."""

from simulations.checkers import application_content
from tests.simulations.endings import ending, finds


def test_a_complaint_of_the_application_is_a_violation() -> None:
    """Word for word; an application that is content is no violation."""
    assert finds(application_content, ending()) == []
    assert finds(application_content, ending(complaints=["3 left, 4 sold"])) == ["3 left, 4 sold"]
