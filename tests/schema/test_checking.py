"""What is wrong with a document, and what cannot be a schema."""

from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from syncore.core.errors import InvalidSchema
from syncore.core.limits import MAX_PROBLEMS, MAX_SCHEMA_BYTES, MAX_SCHEMA_PARTS, MAX_SCHEMA_PATTERNS
from syncore.core.problems import MISSING
from syncore.schema.checking import SchemaChecker

FILM: dict[str, object] = {
    "type": "object",
    "required": ["title"],
    "properties": {
        "title": {"type": "string", "maxLength": 5},
        "gross": {"anyOf": [{"x-type": "decimal", "minimum": 0}, {"type": "null"}]},
        "score": {"type": "number", "minimum": 1},
        "votes": {"type": "integer", "x-kind": "counter"},
        "tags": {"type": "array", "items": {"enum": ["a", "b", date(2020, 1, 1)]}, "x-kind": "set"},
        "at": {"x-type": "datetime"},
        "key": {"x-type": "uuid"},
        "cast": {"type": "array", "items": {"$ref": "#/$defs/person"}},
        "more": {"type": "object"},
        "raw": {"x-type": "bytes", "maxLength": 2},
        "closed": {"properties": {"x": {}}, "additionalProperties": False},
    },
    "$defs": {"person": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}},
}
KINDS = {"votes": "counter", "tags": "set"}


def told(values: dict[str, object], kinds: dict[str, str] | None = None) -> list[str]:
    """What is wrong, as sentences."""
    checker = SchemaChecker(FILM)
    return [str(problem) for problem in checker.problems(values, KINDS if kinds is None else kinds)]


def test_a_document_of_every_type_fits() -> None:
    """Values that JSON lacks pass where their type is asked for, and a Decimal passes for a number."""
    values = {
        "title": "Alien",
        "gross": Decimal("104931801.00"),
        "score": Decimal(2),
        "votes": 3,
        "tags": frozenset({"a", date(2020, 1, 1)}),
        "at": datetime.now(UTC),
        "key": UUID(int=1),
        "cast": [{"name": "Ash", "role": {"deep": [Decimal(1)]}}],
        "more": {"\0": "decimal", "value": 1},
        "raw": b"\xff\x00",
        "closed": {"x": b""},
        "unknown": [2**5000, float("nan"), None],
    }
    assert told(values) == []


def test_all_problems_are_listed_at_once_with_place_value_and_expectation() -> None:
    """Nested places, values that JSON lacks, missing values: nothing hides behind the first problem."""
    values = {
        "gross": Decimal(-1),
        "score": Decimal("0.5"),
        "votes": "x",
        "tags": frozenset({"a", "z"}),
        "at": "2020-01-01T00:00:00Z",
        "key": b"",
        "cast": [{"name": 1}, {}],
        "more": b"",
        "raw": b"xyz",
        "closed": {"y": date(2020, 1, 1)},
    }
    assert sorted(told(values)) == [
        "at: expected a datetime, not '2020-01-01T00:00:00Z'",
        "cast[0].name: expected a string, not 1",
        "cast[1].name is missing",
        "closed.y: expected nothing here, not datetime.date(2020, 1, 1)",
        "gross: expected at least 0, not Decimal('-1')",
        "key: expected a UUID, not b''",
        "more: expected an object, not b''",
        "raw: expected at most 2 characters, not b'xyz'",
        "score: expected at least 1, not Decimal('0.5')",
        "tags: expected one of 'a', 'b', '2020-01-01', not 'z'",
        "title is missing",
        "votes: expected an integer, not 'x'",
    ]
    [missing] = [one for one in SchemaChecker(FILM).problems({}, {}) if one.path == ("title",)]
    assert missing.value is MISSING


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("x", "gross: expected a Decimal or null, not 'x'"),
        (3, "gross: expected a Decimal or null, not 3"),
        (Decimal("NaN"), "gross: expected a number, not Decimal('NaN')"),
        (date(2020, 1, 1), "gross: expected a Decimal or null, not datetime.date(2020, 1, 1)"),
    ],
)
def test_types_that_json_lacks_are_told_apart(value: object, expected: str) -> None:
    """A Decimal is neither a float, nor an int, nor a date; NaN satisfies no limit."""
    assert told({"title": "Alien", "gross": value}) == [expected]


def test_a_field_has_to_be_of_its_kind() -> None:
    """A plain int where a counter is asked for is a problem, which is told once."""
    assert told({"title": "Ran", "votes": 3}, {}) == ["votes: expected a counter, not 3"]
    assert told({"title": "Ran", "votes": "x"}, {}) == ["votes: expected a counter, not 'x'"]
    assert told({"title": "Ran"}, {}) == []


def test_a_number_keyword_without_a_type_sees_decimals() -> None:
    """As JSON Schema has it, limits hold for numbers and say nothing about the rest."""
    checker = SchemaChecker({"properties": {"n": {"minimum": 3}}})
    assert [len(checker.problems({"n": n}, {})) for n in (Decimal(2), 2, Decimal(4), "x", date.min)] == [
        1,
        1,
        0,
        0,
        0,
    ]


@pytest.mark.parametrize(
    ("schema", "part"),
    [
        ({"$ref": "http://127.0.0.1:1/schema"}, "outside of the schema"),
        ({"$ref": "file:///etc/passwd"}, "outside of the schema"),
        ({"$id": "http://127.0.0.1:1/", "$ref": "#/x"}, "$id is not supported"),
        ({"$defs": {"a": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"}, "contains itself"),
        ({"properties": {"a": {"items": {"$ref": "#/properties/a"}}}}, "contains itself"),
        ({"$dynamicRef": "#a"}, "not supported"),
        ({"$ref": "#/nothing"}, "nothing is at"),
        ({"pattern": "(?=a)b"}, "regex"),
        ({"pattern": r"(a)\1"}, "regex"),
        ({"pattern": "(a{900}){900}"}, "regex"),
        ({"pattern": "a" * 2000}, "at most 1000 characters"),
        ({"tyep": "string"}, "is no keyword"),
        ({"type": "strin"}, "does not work at type"),
        ({"properties": 3}, "map of schemas"),
        ({"allOf": {}}, "list of schemas"),
        ({"items": [{}]}, "a schema is a map"),
        ({"properties": {"a": {"x-kind": []}}}, "no x-kind"),
        ({"x-type": "complex"}, "no x-type"),
        ({"x-type": "date", "minimum": 1}, "does not go with"),
        ({"minimum": float("inf")}, "no number to JSON"),
        ({"minimum": Decimal("1e99999")}, "no number to JSON"),
        ({"multipleOf": 0}, "does not work at multipleOf"),
        ({"const": (1, 2)}, "cannot be kept"),
        ({"$schema": "http://json-schema.org/draft-04/schema#"}, "2020-12"),
        ({"description": "x" * MAX_SCHEMA_BYTES}, "bytes"),
        ({"allOf": [{"pattern": "a"}] * (MAX_SCHEMA_PATTERNS + 1)}, "patterns"),
        ({"allOf": [{}] * MAX_SCHEMA_PARTS}, "parts"),
    ],
)
def test_what_cannot_be_a_schema_is_refused(schema: dict[str, object], part: str) -> None:
    """Nothing is fetched, nothing contains itself, and no pattern takes more than linear time."""
    with pytest.raises(InvalidSchema, match=r"^.*") as refused:
        SchemaChecker(schema)
    assert part in str(refused.value)


def test_references_to_references_are_no_way_around_the_limit() -> None:
    """A schema of a kilobyte that stands for 2**30 parts is refused at once."""
    levels: dict[str, object] = {f"a{n}": {"allOf": [{"$ref": f"#/$defs/a{n + 1}"}] * 2} for n in range(30)}
    with pytest.raises(InvalidSchema, match="parts"):
        SchemaChecker({"$defs": {**levels, "a30": {}}, "$ref": "#/$defs/a0"})


def test_a_pattern_that_backtracking_would_never_finish_is_decided() -> None:
    """``(a+)+$`` against a long text takes linear time."""
    checker = SchemaChecker({"properties": {"t": {"pattern": "^(a+)+$"}}})
    assert len(checker.problems({"t": "a" * 100_000 + "b"}, {})) == 1


def test_documents_too_large_for_the_schema_are_a_problem() -> None:
    """The work for one document is bounded; what is over the bound is not passed in silence."""
    wide = SchemaChecker({"properties": {"a": {"items": {"allOf": [{"type": "integer"}] * 1500}}}})
    [problem] = wide.problems({"a": [1] * 50_000}, {})
    assert "small enough" in problem.expected


def test_of_very_many_problems_some_are_listed() -> None:
    """At most a hundred; of a large document that is far off, the first."""
    checker = SchemaChecker({"properties": {"a": {"items": {"type": "integer"}}}})
    assert len(checker.problems({"a": ["x"] * 1000}, {})) == MAX_PROBLEMS
    assert len(checker.problems({"a": ["x"] * 400_000}, {})) == 1


def test_formats_are_notes() -> None:
    """What a version of a library takes for an address must not decide what devices flag."""
    assert SchemaChecker({"properties": {"a": {"format": "email"}}}).problems({"a": "x"}, {}) == ()
