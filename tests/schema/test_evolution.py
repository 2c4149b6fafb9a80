"""Which schemas come out of which."""

import pytest

from syncore.schema.evolution import extends

OLD = {"type": "object", "required": ["t"], "properties": {"t": {"type": "string"}}}


@pytest.mark.parametrize(
    ("newer", "is_extension"),
    [
        (OLD, True),
        ({**OLD, "title": "Film"}, True),
        ({**OLD, "properties": {"t": {"type": "string"}, "n": {"type": "integer"}}}, True),
        ({**OLD, "required": []}, True),
        ({**OLD, "required": ["t", "n"], "properties": {"t": {"type": "string"}, "n": {}}}, False),
        ({**OLD, "properties": {"t": {"type": "integer"}}}, False),
        ({**OLD, "properties": {}}, False),
        ({**OLD, "additionalProperties": False}, False),
    ],
)
def test_what_only_adds_fields_that_may_be_missing_is_an_extension(
    newer: dict[str, object], *, is_extension: bool
) -> None:
    """A program that knows the older schema goes on writing what the newer one allows."""
    assert extends(newer, OLD) is is_extension


def test_numbers_of_another_type_make_another_schema() -> None:
    """1 and True are equal to Python, not to a schema."""
    one, true = ({"properties": {"a": {"const": value}}} for value in (1, True))
    assert not extends(one, true)
