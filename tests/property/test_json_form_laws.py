"""Laws of the command line's JSON forms: what is exported and imported again is the same."""

import json
from contextlib import suppress
from datetime import UTC, timedelta, timezone
from typing import cast
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from syncore.codec.instants import NamedOffset
from syncore.codec.json_values import Json, parse_json, value_from_json, value_to_json
from syncore.codec.values import Value, encode_value
from syncore.core.errors import InvalidValue
from syncore.documents.operations import FieldKind
from syncore.documents.projection import FieldValue
from syncore.documents.structures import Element, encode_element
from syncore.exchange.json_forms import (
    change_to_json,
    document_from_json,
    document_to_json,
    field_from_json,
    field_to_json,
    shown_value,
)

_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.sampled_from(
    ["$decimal", "$", "$map"]
)
_ZONES = st.sampled_from(
    [
        UTC,
        ZoneInfo("UTC"),
        ZoneInfo("Europe/Berlin"),
        ZoneInfo("America/St_Johns"),
        NamedOffset("No/Such[Zone]", 3_661),
        timezone(timedelta(0)),
        timezone(timedelta(hours=-5, seconds=1)),
    ]
)
_INTEGERS = st.integers() | st.integers(-(2**30_000), 2**30_000) | st.sampled_from([2**4096, 2**64, -(2**63)])
_PLAIN = st.one_of(
    st.none(),
    st.booleans(),
    _INTEGERS,
    st.floats(),
    _TEXTS,
    st.binary(max_size=20),
    st.decimals(allow_nan=False) | st.decimals(allow_nan=True).filter(lambda number: not number.is_snan()),
    st.datetimes(timezones=_ZONES, allow_imaginary=True),
    st.dates(),
    st.uuids(),
)
_VALUES = st.recursive(
    _PLAIN,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=8,
)
_ELEMENTS = st.one_of(_TEXTS, _INTEGERS, st.binary(max_size=8), st.uuids(), st.dates())
_FORMS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "$map",
                    "$set",
                    "$list",
                    "$text",
                    "$counter",
                    "$datetime",
                    "$bytes",
                    "$integer",
                    "$fields",
                    "a",
                ]
            ),
            inner,
            max_size=2,
        )
    ),
    max_leaves=8,
)


def _through_text(form: Json) -> Json:
    return parse_json(json.dumps(form, allow_nan=False))


@given(_VALUES)
def test_value_round_trip(value: object) -> None:
    """Any value, written as JSON text and read back, has the very same encoding."""
    held = cast("Value", value)
    assert encode_value(value_from_json(_through_text(value_to_json(held)))) == encode_value(held)


@given(st.frozensets(_ELEMENTS, max_size=5))
def test_set_round_trip(elements: frozenset[object]) -> None:
    """Any set, written as JSON text and read back, holds the very same elements."""
    held = cast("frozenset[Element]", elements)
    read = shown_value(field_from_json(_through_text(field_to_json(held, FieldKind.SET))))
    assert isinstance(read, frozenset)
    assert {encode_element(one) for one in read} == {encode_element(one) for one in held}


@given(
    st.dictionaries(
        st.text(min_size=1, max_size=8) | st.sampled_from(["$id", "$fields", "$token"]),
        st.one_of(
            st.tuples(_VALUES, st.none()),
            st.tuples(st.integers(), st.just(FieldKind.COUNTER)),
            st.tuples(_TEXTS, st.just(FieldKind.TEXT)),
            st.tuples(st.lists(_VALUES, max_size=3), st.just(FieldKind.LIST)),
            st.tuples(st.frozensets(_ELEMENTS, max_size=3), st.just(FieldKind.SET)),
        ),
        max_size=4,
    )
)
def test_document_round_trip(fields: dict[str, tuple[object, FieldKind | None]]) -> None:
    """Any document, written as a JSON line and read back, asks to write the same fields of the same kinds."""
    values = {name: cast("FieldValue", value) for name, (value, _) in fields.items()}
    kinds = {name: kind for name, (_, kind) in fields.items() if kind is not None}
    form = document_to_json("x", values, kinds)
    id_, changes = document_from_json(_through_text(form))
    assert id_ == "x"
    assert {name: change_to_json(change) for name, change in changes.items()} == {
        name: field_to_json(value, kinds.get(name)) for name, value in values.items()
    }


@given(_FORMS)
def test_any_form(form: object) -> None:
    """Any JSON at all is a document or an invalid value, nothing else."""
    with suppress(InvalidValue):
        document_from_json(cast("Json", form))


@given(st.text(max_size=30) | st.uuids().map(UUID.__str__))
def test_any_text(text: str) -> None:
    """Any text at all is JSON or an invalid value, nothing else."""
    with suppress(InvalidValue):
        parse_json(text)
