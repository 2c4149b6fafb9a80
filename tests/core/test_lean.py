"""Tests of syncore.core.lean."""

from dataclasses import replace

import pytest

from syncore.core.lean import lean_dataclass


@lean_dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A value as the hot paths make them."""

    x: int
    y: int = 0


def test_they_compare_and_hash_like_frozen_ones() -> None:
    """Equal content is equal and has one hash; a changed copy is another value."""
    assert {Place(x=1), Place(x=1, y=0)} == {Place(x=1)}
    assert replace(Place(x=1), y=2) != Place(x=1)
    assert repr(Place(x=1)) == "Place(x=1, y=0)"


def test_they_take_what_they_declare_and_no_more() -> None:
    """Arguments come by name, all that have no default have to, and slots keep out what nobody declared."""
    with pytest.raises(TypeError):
        Place(1)  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        Place()  # type: ignore[call-arg]
    with pytest.raises(AttributeError):
        Place(x=1).z = 3  # type: ignore[attr-defined]


def test_what_may_change_is_refused() -> None:
    """Only values that the type checker holds frozen may go without the guard."""
    with pytest.raises(AssertionError):
        lean_dataclass(frozen=False, slots=True)
