"""JSON forms of values, fields and documents, one by one; the laws: tests/property/test_cli_value_laws.py."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from syncore.codec.json_values import Json, parse_json, value_from_json, value_to_json
from syncore.codec.values import Value
from syncore.core.errors import InvalidValue
from syncore.documents.changes import Counter, List, Set, Text
from syncore.documents.operations import FieldKind
from syncore.exchange.json_forms import document_from_json, document_to_json, field_from_json, field_to_json

_FORMS: list[tuple[Value, Json]] = [
    (None, None),
    (True, True),
    (1, 1),
    (1.0, 1.0),
    ("Alien", "Alien"),
    ([1, {"a": b"\x00\xff"}], [1, {"a": {"$bytes": "AP8="}}]),
    (Decimal("1.50"), {"$decimal": "1.50"}),
    (date(2026, 1, 31), {"$date": "2026-01-31"}),
    (UUID(int=1), {"$uuid": "00000000-0000-0000-0000-000000000001"}),
    (datetime(2026, 1, 31, 12, tzinfo=UTC), {"$datetime": "2026-01-31T12:00:00Z"}),
    (
        datetime(2026, 1, 31, 12, tzinfo=timezone(timedelta(hours=2))),
        {"$datetime": "2026-01-31T12:00:00+02:00"},
    ),
    (
        datetime(2026, 10, 25, 2, 30, fold=1, tzinfo=ZoneInfo("Europe/Berlin")),
        {"$datetime": "2026-10-25T02:30:00+01:00[Europe/Berlin]"},
    ),
    (float("inf"), {"$float": "inf"}),
    (-(16**2000), {"$integer": "-0x1" + "0" * 2000}),
    ({"$decimal": "1.50"}, {"$map": {"$decimal": "1.50"}}),
]


@pytest.mark.parametrize(("value", "form"), _FORMS)
def test_form(value: Value, form: Json) -> None:
    """Every kind of value has the documented form, and is read back from it with its type."""
    assert value_to_json(value) == form
    read = value_from_json(form)
    assert (read, type(read)) == (value, type(value))


@pytest.mark.parametrize(
    "form",
    [
        {"$decimal": "one"},
        {"$decimal": 1},
        {"$decimal": "1E+99999999999999999999"},
        {"$date": "tomorrow"},
        {"$uuid": "1"},
        {"$bytes": "?"},
        {"$bytes": "AA"},
        {"$bytes": "ü"},
        {"$float": "1.5"},
        {"$integer": "12"},
        {"$datetime": "2026-01-31T12:00:00"},
        {"$datetime": "2026-01-31T12:00:00Z[Europe/Berlin"},
        {"$datetime": "2026-01-31T12:00:00+01:00[Zürich]"},
        {"$datetime": "2026-01-31T12:00:00+01:00:00.5"},
        {"$decimal": "1", "more": 1},
        {"$map": 1},
        {"$oid": "507f1f77bcf86cd799439011"},
        [{"$counter": 1}],
    ],
)
def test_no_form(form: Json) -> None:
    """What is no form is refused as an invalid value, and never taken for a plain map."""
    with pytest.raises(InvalidValue):
        value_from_json(form)


@pytest.mark.parametrize(
    "text", ["", "{", "NaN", "-Infinity", "1e999", '{"a": 1, "a": 2}', "[" * 100_000, "1" * 5_000]
)
def test_no_json(text: str) -> None:
    """Text that is no JSON, or that JSON readers disagree about, is refused."""
    with pytest.raises(InvalidValue):
        parse_json(text)


def test_deep_value() -> None:
    """A value that is nested too deeply is refused, not recursed into."""
    form: Json = 1
    for _ in range(40):
        form = [form]
    with pytest.raises(InvalidValue, match="deeper"):
        value_from_json(form)


@pytest.mark.parametrize(
    ("form", "change"),
    [
        ({"$counter": 3}, Counter(3)),
        ({"$text": "a"}, Text("a")),
        ({"$list": [1, {"$decimal": "1"}]}, List([1, Decimal(1)])),
        ({"$set": [1, "a"]}, Set([1, "a"])),
        ([1], [1]),
    ],
)
def test_field_form(form: Json, change: object) -> None:
    """A field's form says of which kind the field is."""
    assert field_from_json(form) == change


@pytest.mark.parametrize(
    "form", [{"$counter": 1.5}, {"$counter": True}, {"$text": 1}, {"$set": [1.5]}, {"$set": 1}]
)
def test_no_field_form(form: Json) -> None:
    """A kind of field around something that it cannot hold is refused."""
    with pytest.raises(InvalidValue):
        field_from_json(form)


def test_set_order() -> None:
    """A set is written in one order, whatever order Python keeps it in."""
    assert field_to_json(frozenset(["b", "a", 1]), None) == {"$set": [1, "a", "b"]}


def test_document_form() -> None:
    """A document's form keeps ids and field names apart, also where names begin with a dollar."""
    fields: dict[str, Value] = {"id": 1, "$id": "own", "n": 2}
    form = document_to_json("x", fields, {"n": FieldKind.COUNTER})
    assert form == {"$id": "x", "id": 1, "n": {"$counter": 2}, "$fields": {"$id": "own"}}
    assert document_from_json(form) == ("x", {"id": 1, "$id": "own", "n": Counter(2)})


@pytest.mark.parametrize("form", [1, [], {"$id": 1}, {"$fields": 1}, {"$other": 1}])
def test_no_document_form(form: Json) -> None:
    """What is no document is refused."""
    with pytest.raises(InvalidValue):
        document_from_json(form)


def test_field_named() -> None:
    """An error inside a document names the field."""
    with pytest.raises(InvalidValue, match="'gross'"):
        document_from_json({"gross": {"$decimal": "much"}})
