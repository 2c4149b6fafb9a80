"""Tests of syncore.replica.arguments."""

from types import MappingProxyType
from typing import cast

import pytest

from syncore.core.errors import InvalidValue, Misused
from syncore.core.ports import Durability
from syncore.replica.arguments import checked_durability, checked_fields, checked_limit, checked_query


def test_fields_are_copied_from_any_mapping() -> None:
    """Fields come out as they went in, nothing as none, and what the caller changes later does not matter."""
    given: dict[str, object] = {"title": "a", "n": 1}
    fields = checked_fields(given)
    given["title"] = "changed"
    assert fields == {"title": "a", "n": 1}
    assert checked_fields(MappingProxyType({"n": 1})) == {"n": 1}
    assert checked_fields(None) == {}


@pytest.mark.parametrize("fields", [[("title", "a")], "title", 1, {"title"}], ids=repr)
def test_fields_that_are_no_mapping_are_refused_by_their_type(fields: object) -> None:
    """Whatever else is passed for fields is refused, and the error says what it was."""
    with pytest.raises(Misused, match=f"not as {type(fields).__name__}$"):
        checked_fields(fields)
    with pytest.raises(Misused, match=f"not by a {type(fields).__name__}") as caught:
        checked_query(fields)
    assert "where" in caught.value.hint


@pytest.mark.parametrize("durability", list(Durability))
def test_a_durability_may_be_given_by_its_word(durability: Durability) -> None:
    """The member and its word mean the same."""
    assert checked_durability(durability) is checked_durability(durability.value) is durability


@pytest.mark.parametrize("durability", ["FULL", "", "fast", None, True, 1, []], ids=repr)
def test_other_durabilities_are_refused_with_a_hint(durability: object) -> None:
    """What is no durability is named in the error, which says what to pass."""
    with pytest.raises(Misused) as caught:
        checked_durability(cast("str", durability))
    assert repr(durability) in caught.value.message
    assert caught.value.hint == "Durability.NORMAL or Durability.FULL"


def test_wanted_values_are_those_that_a_field_can_hold() -> None:
    """Values of registers, counters, texts and lists pass, and so do the frozensets that set fields show."""
    wanted = {"a": None, "b": 1.5, "c": [1, {"x": "y"}], "d": frozenset({"x"}), "e": b"bytes"}
    assert checked_query(wanted).holds(wanted)
    assert not checked_query({"b": 1}).holds({"b": 1.0})
    assert checked_query(None).holds({})


@pytest.mark.parametrize(
    "value", [object(), {"x"}, 1j, [object()], float], ids=["object", "set", "complex", "list", "type"]
)
def test_wanting_what_no_field_holds_is_refused(value: object) -> None:
    """A condition that nothing could ever meet is an error, not an empty result."""
    with pytest.raises(InvalidValue):
        checked_query({"fine": 1, "field": value})


def test_a_limit_is_none_or_not_negative() -> None:
    """No limit and every number from 0 on pass unchanged; less than none is refused."""
    assert [checked_limit(limit) for limit in (None, 0, 1, 2**40)] == [None, 0, 1, 2**40]
    with pytest.raises(Misused, match="not -1"):
        checked_limit(-1)
