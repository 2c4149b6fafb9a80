"""The stored form of projections: lossless, canonical, checked."""

import math
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncore.codec.packing import pack
from syncore.codec.values import Value, encode_value
from syncore.core.errors import Malformed
from syncore.documents.operations import FieldKind
from syncore.documents.projection import Projection
from syncore.documents.projection_encoding import StoredFields, decode_projection, encode_projection
from syncore.documents.structures import Element
from tests.documents.fuzzing import assert_total
from tests.documents.worlds import writer

FULL = Projection(
    vector={writer(1): 3, writer(2): 2**62},
    values={
        "a": None, "b": True, "c": -(2**63), "d": 2**64 - 1, "e": 2**64, "f": -0.0, "g": "ü", "h": b"\x00",
        "i": Decimal("1.50"), "j": datetime(2024, 1, 1, tzinfo=UTC), "k": date(2024, 2, 29), "l": UUID(int=7),
        "m": [1, [2.5, {"x": None}]], "n": {"a": 1}, "o": 7, "p": 2**90, "q": frozenset({1, "a", b"a"}),
        "r": frozenset(), "s": "text", "t": [], "u": [1, "x", None], "v": [1, Decimal(1)], "w": [2**64],
    },
    kinds={
        "o": FieldKind.COUNTER, "p": FieldKind.COUNTER, "q": FieldKind.SET, "r": FieldKind.SET,
        "s": FieldKind.TEXT, **dict.fromkeys("tuvw", FieldKind.LIST),
    },
    conflicts=("a", "q"),
    is_deleted=False,
)  # fmt: skip
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.binary()
    | st.decimals(allow_nan=False)
)
field_values: st.SearchStrategy[Value] = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
)


def typed(value: object) -> object:
    """A value with its types, so that 1, 1.0 and True differ, and NaN equals itself."""
    if isinstance(value, list):
        return [typed(item) for item in value]
    if isinstance(value, dict):
        return {key: typed(item) for key, item in value.items()}
    if isinstance(value, float):
        return "nan" if math.isnan(value) else value.hex()
    return type(value), str(value) if isinstance(value, Decimal) else value


def test_projections_round_trip() -> None:
    """Every kind of field and every type of value comes back as it was, in order."""
    decoded = decode_projection(encode_projection(FULL))
    assert decoded == FULL
    assert list(decoded.values) == list(FULL.values)
    assert typed(dict(decoded.values)) == typed(dict(FULL.values))


def test_deleted_and_empty_projections_round_trip() -> None:
    """A projection may hold nothing."""
    empty = Projection(vector={}, values={}, kinds={}, conflicts=(), is_deleted=True)
    assert decode_projection(encode_projection(empty)) == empty


@given(st.lists(field_values, max_size=4), st.booleans())
def test_any_values_round_trip(values: list[Value], is_list: bool) -> None:  # noqa: FBT001
    """Any value survives as a register, and any list of values as a list."""
    fields: dict[str, Value] = {"f": values} if is_list else dict(zip("abcd", values, strict=False))
    kinds = {"f": FieldKind.LIST} if is_list else {}
    projection = Projection(vector={}, values=fields, kinds=kinds, conflicts=(), is_deleted=False)
    decoded = decode_projection(encode_projection(projection))
    assert typed(dict(decoded.values)) == typed(fields)
    assert decoded.kinds == kinds


def test_damaged_projections_decode_or_are_refused() -> None:
    """Any damaged projection gives a projection or a RemoteError."""
    assert_total(decode_projection, None, encode_projection(FULL))


def test_equal_projections_have_equal_bytes() -> None:
    """The order of elements in a set does not show."""
    orders: list[list[Element]] = [["a", "b", 1, 2], [2, "b", 1, "a"]]
    for elements in orders:
        projection = Projection(
            vector={},
            values={"s": frozenset(elements)},
            kinds={"s": FieldKind.SET},
            conflicts=(),
            is_deleted=False,
        )
        assert encode_projection(projection)[-16:] == bytes.fromhex("94c40101c40102c402a161c402a16290")


@pytest.mark.parametrize(
    "parts",
    [
        [[], 0, [], b"", [], []],
        [[], False, ["b", "a"], b"\x00\x00", [1, 1], []],
        [[], False, ["a", "a"], b"\x00\x00", [1, 1], []],
        [[], False, [1], b"\x00", [1], []],
        [[], False, ["a"], b"", [1], []],
        [[], False, ["a"], b"\x00", [], []],
        [[], False, ["a"], b"\x00", [[1]], []],
        [[], False, ["a"], b"\x07", [[]], []],
        [[], False, ["a"], b"\x01", [1], []],
        [[], False, ["a"], b"\x02", [encode_value("1")], []],
        [[], False, ["a"], b"\x03", [[encode_value(1.5)]], []],
        [[], False, ["a"], b"\x04", [b"text"], []],
        [[], False, ["a"], b"\x05", [[[1]]], []],
        [[], False, [], b"", [], ["b", "a"]],
        [[1], False, [], b"", [], []],
    ],
)
def test_parts_that_break_a_rule_are_refused(parts: list[object]) -> None:
    """What no projection could be is Malformed."""
    with pytest.raises(Malformed):
        decode_projection(pack(parts))  # type: ignore[arg-type]


def test_fields_are_read_one_by_one() -> None:
    """Each field alone is what it is in the whole projection, and what is not there is None."""
    fields = StoredFields(encode_projection(FULL))
    assert list(fields) == list(FULL.values)
    for name, value in FULL.values.items():
        found = fields.get(name)
        assert (type(found), found) == (type(value), value)
    assert fields.get("missing") is None


def test_fields_of_anything_else_are_malformed() -> None:
    """Bytes that are no projection are refused, or all that can be asked of them is."""

    def read(data: bytes) -> None:
        fields = StoredFields(data)
        for name in fields:
            fields.get(name)

    assert_total(read, None, encode_projection(FULL))
