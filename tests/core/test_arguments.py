"""Arguments of wrong types name themselves."""

from collections.abc import Callable
from typing import Any

import pytest

from syncore.core.arguments import (
    check_callable,
    check_mapping,
    check_number,
    check_text,
    check_whole,
    several,
)
from syncore.core.errors import InvalidChange, Misused


def test_several_things() -> None:
    """Whatever can be iterated over holds several things, but for text."""
    assert several([1, 2], "x") == several(iter((1, 2)), "x") == (1, 2)
    for wrong in ("ab", b"ab", 7, None):
        with pytest.raises(Misused, match=f"the labels takes several things.* not {type(wrong).__name__}"):
            several(wrong, "the labels")  # type: ignore[arg-type]
    with pytest.raises(InvalidChange):
        several("ab", "x", error=InvalidChange)


@pytest.mark.parametrize(
    ("check", "right", "wrong"),
    [
        (check_mapping, [{}, {"a": 1}], [[("a", 1)], "a", None]),
        (check_callable, [None, len], [7, "len"]),
        (check_number, [1, 1.5, -1], [True, "1", None, 1j]),
        (check_whole, [1, 0], [True, 1.0, "1", None]),
        (check_text, ["", "a"], [b"", 1, None]),
    ],
)
def test_types(check: Callable[[Any, str], None], right: list[object], wrong: list[object]) -> None:
    """What is right passes; of what is wrong the name and the type are said."""
    for one in right:
        check(one, "the argument")
    for one in wrong:
        with pytest.raises(Misused, match=f"the argument is an? .*{type(one).__name__}$"):
            check(one, "the argument")
