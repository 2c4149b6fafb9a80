"""A planted fault is in the code for a block, and only there."""

from collections.abc import Callable

import pytest

from simulations.planted.planting import Change, Planted, planted


class Code:
    """Some code under test."""

    @staticmethod
    def still() -> str:
        """A static method."""
        return "right"

    @classmethod
    def of_class(cls) -> str:
        """A class method."""
        return f"right {cls.__name__}"

    def plain(self) -> str:
        """A method."""
        return "right"

    async def waited(self) -> str:
        """A method that is waited for."""
        return "right"


def fault(*attributes: str) -> Planted:
    """A fault that has these answer wrongly."""
    changes = tuple(
        Change(owner=Code, attribute=one, replacement=lambda _right: lambda *_: "wrong") for one in attributes
    )
    return Planted(name="wrong", about="it answers wrongly", changes=changes)


def test_the_wrong_code_is_there_for_the_block() -> None:
    """Every change is made, and taken back at the end."""
    before = dict(vars(Code))
    with planted(fault("plain", "of_class")):
        answers = (Code().plain(), Code().of_class(), Code.still())
    assert answers == ("wrong", "wrong", "right")
    assert dict(vars(Code)) == before


def test_the_right_code_is_back_after_an_error() -> None:
    """Whatever ends the block."""
    before = dict(vars(Code))
    with pytest.raises(KeyboardInterrupt), planted(fault("plain", "still", "of_class")):
        raise KeyboardInterrupt
    assert dict(vars(Code)) == before
    assert (Code().plain(), Code.still(), Code.of_class()) == ("right", "right", "right Code")


def test_a_change_that_cannot_be_made_takes_the_others_back() -> None:
    """A fault that names something that is not there plants nothing."""
    before = dict(vars(Code))
    with pytest.raises(KeyError), planted(fault("plain", "nothing")):
        pytest.fail("it was planted")
    assert dict(vars(Code)) == before


def test_a_fault_may_use_the_right_code() -> None:
    """It is given what it replaces."""
    change = Change(
        owner=Code, attribute="plain", replacement=lambda right: lambda self: f"not {right(self)}"
    )
    with planted(Planted(name="nearly", about="it denies", changes=(change,))):
        answer = Code().plain()
    assert answer == "not right"


@pytest.mark.parametrize(
    "wrong", [lambda: "wrong", lambda _self, _more: "wrong"], ids=["too few parameters", "too many"]
)
def test_a_fault_that_no_longer_fits_is_not_planted(wrong: Callable[..., str]) -> None:
    """Else it would be found for failing, whatever it was meant to show."""
    change = Change(owner=Code, attribute="plain", replacement=lambda _right: wrong)
    with (
        pytest.raises(TypeError, match="does not fit"),
        planted(Planted(name="old", about="it is of yesterday", changes=(change,))),
    ):
        pytest.fail("it was planted")
    assert Code().plain() == "right"


def test_a_fault_waits_where_the_code_waits() -> None:
    """A plain function cannot stand for a coroutine function."""
    change = Change(owner=Code, attribute="waited", replacement=lambda _right: lambda _self: "wrong")
    with (
        pytest.raises(TypeError, match="does not fit"),
        planted(Planted(name="hasty", about="it does not wait", changes=(change,))),
    ):
        pytest.fail("it was planted")
