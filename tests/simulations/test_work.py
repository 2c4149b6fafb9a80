"""What an application raises is kept in one line with its place, and not without bound."""

import random

import pytest

from simulations.work import MAX_COMPLAINTS, Application, Usage


def raised_deep(depth: int) -> None:
    """Raise from so many calls down."""
    if depth:
        raised_deep(depth - 1)
    raise ValueError("too\n deep")


def test_an_error_is_told_with_where_it_came_from() -> None:
    """The innermost places first, and only some of them."""
    usage = Usage(Application())
    with pytest.raises(ValueError, match="too") as raised:
        raised_deep(10)
    usage.complain("act on d0", raised.value)
    (told,) = usage.complaints
    assert told.startswith("act on d0 raised ValueError: too deep (test_work.py:")
    assert told.count("in raised_deep") == 4


def test_complaints_are_bounded() -> None:
    """The first ones are kept, each once."""
    usage = Usage(Application())
    for number in range(100):
        for _ in range(2):
            usage.complain(f"act {number}", KeyError(number))
    assert len(usage.complaints) == MAX_COMPLAINTS
    assert usage.complaints[0].startswith("act 0 raised KeyError: 0")


async def test_an_application_may_do_nothing() -> None:
    """Everything that can be overridden has a meaning when it is not."""
    application, replica = Application(), object()
    await application.prepare(replica)  # type: ignore[arg-type]
    assert await application.act(replica, random.Random(1), "d0") is None  # type: ignore[arg-type]
    assert await application.check({}) == []
