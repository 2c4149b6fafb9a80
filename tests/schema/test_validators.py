"""Validators of the application's own."""

from collections.abc import Mapping
from typing import Any

import pytest

from syncore.core.errors import Misused
from syncore.core.problems import MISSING, Problem
from syncore.schema.validators import (
    Findings,
    Validator,
    ValidatorFailure,
    run_validator,
    validator_registry,
)


def in_order(values: Mapping[str, Any]) -> Findings:
    """A rule over two fields."""
    return None if values["start"] <= values["end"] else "the start before the end"


def test_a_sentence_is_a_problem_of_the_whole_document() -> None:
    """Nothing means that all is well."""
    assert run_validator(in_order, {"start": 1, "end": 2}) == ()
    found = run_validator(in_order, {"start": 3, "end": 2})
    assert not isinstance(found, ValidatorFailure)
    assert [str(problem) for problem in found] == ["the document: expected the start before the end"]


def test_problems_are_handed_on_with_what_is_there() -> None:
    """A problem of a field that was made without its value gets it."""
    found = run_validator(lambda _: [Problem(("a",), MISSING, "more")], {"a": 3})
    assert found == (Problem(("a",), 3, "more"),)


@pytest.mark.parametrize(
    "function",
    [lambda values: values["nothing"], lambda _: 3, lambda _: [3]],
    ids=["raises", "a number", "a list of numbers"],
)
def test_a_validator_that_fails_has_no_say(function: Any) -> None:  # noqa: ANN401
    """It neither breaks the write nor flags the document."""
    assert isinstance(run_validator(function, {}), ValidatorFailure)


def test_a_validator_cannot_change_the_document() -> None:
    """It gets a view that refuses to be written."""

    def spoil(values: Any) -> None:  # noqa: ANN401
        values["a"] = 1

    assert isinstance(run_validator(spoil, {}), ValidatorFailure)


def test_names_and_versions_are_checked() -> None:
    """Settings can name every validator, and mean one."""
    for name, version in (("", 1), ("a", 0), ("a", True)):
        with pytest.raises(Misused):
            Validator(name, version, in_order)
    with pytest.raises(Misused, match="twice"):
        validator_registry([Validator("a", 1, in_order), Validator("a", 1, in_order)])
    with pytest.raises(Misused, match="not a Validator"):
        validator_registry([in_order])  # type: ignore[list-item]
    assert validator_registry([Validator("a", 1, in_order)]) == {("a", 1): in_order}
