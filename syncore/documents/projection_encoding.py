"""The stored form of a projection, which every read decodes (``docs/formats/entries.md``).

Scalars that packing holds exactly are stored as they are, everything else through the value codec: decoding
ten scalar fields takes one call of the unpacker. The form of each field is one byte of a string.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import TypeGuard, cast

from syncore.codec.fields import as_array, as_bytes
from syncore.codec.packing import Packed, Unpacked, pack, unpack
from syncore.codec.values import Value, decode_value, encode_value
from syncore.core.errors import Malformed
from syncore.core.limits import MAX_INTEGER_BYTES
from syncore.documents.operations import FieldKind
from syncore.documents.projection import FieldValue, Projection
from syncore.documents.structures import (
    as_encoded_integer,
    as_vector,
    decode_element,
    encode_element,
    pack_vector,
)

MAX_PROJECTION_BYTES = 1_000_000_000
"""What SQLite can hold in one value."""

# How a field is stored. PLAIN and ITEMS are used wherever they can be, so that a projection has one encoding.
PLAIN = 0  # a register: nil, a boolean, a 64-bit integer, a float but NaN, text or bytes
ENCODED = 1  # a register: any other value, encoded
COUNTER = 2  # an int, encoded
SET = 3  # an array of encoded elements, sorted by their bytes
TEXT = 4  # text
ITEMS = 5  # a list whose items are all such as PLAIN holds
ENCODED_ITEMS = 6  # a list of encoded items

_WHAT = "a projection"
_REMEMBERED_NAMES = 256
"""Lists of names of fields that are remembered: most documents of a collection have the same."""
Scalar = str | int | float | bytes | bool | None
_SCALARS = (str, int, float, bytes, bool, type(None))
_SCALAR_TYPES = frozenset(_SCALARS)
_ALWAYS_PLAIN = (str, bytes, bool, type(None))
_LOWEST_INTEGER, _HIGHEST_INTEGER = -(2**63), 2**64 - 1


def encode_projection(projection: Projection) -> bytes:
    """The canonical bytes of a projection."""
    forms = bytearray()
    fields: list[Packed] = []
    for name, value in projection.values.items():
        kind = projection.kinds.get(name)
        form, structure = _pack_register(value) if kind is None else _pack_field(kind, value)
        forms.append(form)
        fields.append(structure)
    return pack(
        [
            pack_vector(projection.vector),
            projection.is_deleted,
            list(projection.values),
            bytes(forms),
            fields,
            list(projection.conflicts),
        ]
    )


class StoredFields:
    """The fields of a stored projection, each decoded when it is asked for."""

    __slots__ = ("_fields", "_forms", "_places")

    def __init__(self, data: bytes) -> None:
        """Take ``data`` apart.

        Raises:
            Malformed: not the encoding of a projection.
        """
        parts = as_array(unpack(data, what=_WHAT, max_bytes=MAX_PROJECTION_BYTES), what=_WHAT, length=6)
        names = as_array(parts[2], what="the names of fields")
        self._places = _places(names)
        self._forms = as_bytes(parts[3], what="the forms of a projection", length=len(names))
        self._fields = as_array(parts[4], what="the fields of a projection", length=len(names))

    def __iter__(self) -> Iterator[str]:
        """The names of the fields, sorted."""
        return iter(self._places)

    def get(self, name: str) -> FieldValue:
        """The value of a field, None if there is none.

        Raises:
            Malformed: not the encoding of one.
        """
        place = self._places.get(name)
        if place is None:
            return None
        form, structure = self._forms[place], self._fields[place]
        if form == PLAIN and type(structure) in _SCALARS:
            return cast("Value", structure)
        return _unpack_field(form, structure)[1]


@lru_cache(maxsize=_REMEMBERED_NAMES)
def _places(names: tuple[Unpacked, ...]) -> Mapping[str, int]:
    """Where each field is; most documents of a collection have the same."""
    return {name: place for place, name in enumerate(_names(names))}


@lru_cache(maxsize=_REMEMBERED_NAMES)
def _names(names: tuple[Unpacked, ...]) -> tuple[str, ...]:
    """Names in ascending order; what they may be was checked when the fields were written."""
    previous = ""
    for name in names:
        if type(name) is not str or name <= previous:
            raise Malformed("the names of fields must be text, sorted")
        previous = name
    return cast("tuple[str, ...]", names)


def decode_projection(data: bytes) -> Projection:
    """The projection that ``data`` encodes.

    Raises:
        Malformed: not the encoding of one.
    """
    parts = as_array(unpack(data, what=_WHAT, max_bytes=MAX_PROJECTION_BYTES), what=_WHAT, length=6)
    vector, is_deleted, packed_names, packed_forms, packed_fields, conflicts = parts
    if type(is_deleted) is not bool:
        raise Malformed("whether a document is deleted must be a boolean")
    names = _names(as_array(packed_names, what="the names of fields"))
    forms = as_bytes(packed_forms, what="the forms of a projection", length=len(names))
    fields = as_array(packed_fields, what="the fields of a projection", length=len(names))
    values: dict[str, FieldValue]
    kinds: dict[str, FieldKind] = {}
    if not any(forms) and _SCALAR_TYPES.issuperset(map(type, fields)):  # all are PLAIN, as in most documents
        values = dict(zip(names, cast("tuple[Value, ...]", fields), strict=True))
    else:
        values = {}
        for name, form, structure in zip(names, forms, fields, strict=True):
            if form == PLAIN and type(structure) in _SCALARS:
                values[name] = cast("Value", structure)
            else:
                kind, values[name] = _unpack_field(form, structure)
                if kind is not FieldKind.REGISTER:
                    kinds[name] = kind
    return Projection(
        vector=as_vector(vector, what="a projection's vector"),
        values=values,
        kinds=kinds,
        conflicts=_names(as_array(conflicts, what="the names of fields")),
        is_deleted=is_deleted,
    )


def _pack_register(value: FieldValue) -> tuple[int, Packed]:
    """The form and the stored structure of a register."""
    return (PLAIN, value) if _is_plain(value) else (ENCODED, encode_value(value))


def _pack_field(kind: FieldKind, value: FieldValue) -> tuple[int, Packed]:
    """The form and the stored structure of a field that is not a register."""
    if kind is FieldKind.COUNTER:
        return COUNTER, encode_value(value)
    if kind is FieldKind.SET:
        assert isinstance(value, frozenset)
        return SET, sorted(encode_element(element) for element in value)
    if kind is FieldKind.TEXT:
        assert isinstance(value, str)
        return TEXT, value
    assert isinstance(value, list)
    if all(_is_plain(item) for item in value):
        return ITEMS, cast("Packed", value)
    return ENCODED_ITEMS, [encode_value(item) for item in value]


def _is_plain(value: FieldValue) -> TypeGuard[Scalar]:
    """Whether packing holds a value exactly and in one way."""
    if type(value) is int:
        return _LOWEST_INTEGER <= value <= _HIGHEST_INTEGER
    if type(value) is float:
        return value == value  # noqa: PLR0124 - NaN has many bit patterns, of which the value codec keeps one
    return type(value) in _ALWAYS_PLAIN


def _unpack_field(form: int, structure: Unpacked) -> tuple[FieldKind, FieldValue]:
    if form == ENCODED:
        return FieldKind.REGISTER, decode_value(as_bytes(structure, what="a value"))
    if form == COUNTER:
        bits = 8 * MAX_INTEGER_BYTES
        return FieldKind.COUNTER, as_encoded_integer(structure, what="a counter", max_bits=bits)
    if form == TEXT and type(structure) is str:
        return FieldKind.TEXT, structure
    items = as_array(structure, what="a field of several parts")
    if form == SET:
        elements = (decode_element(as_bytes(item, what="an element")) for item in items)
        return FieldKind.SET, frozenset(elements)
    if form == ITEMS and all(type(item) in _SCALARS for item in items):
        return FieldKind.LIST, cast("list[Value]", list(items))
    if form == ENCODED_ITEMS:
        return FieldKind.LIST, [decode_value(as_bytes(item, what="an item")) for item in items]
    raise Malformed("a field of a projection has no known form")
