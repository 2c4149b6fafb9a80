"""The stored form of a record: one canonical encoding for equal states (``docs/formats/entries.md``).

It is also what a document's digest covers, so nothing in it may depend on arrival order or on the process.
"""

from collections.abc import Callable, Iterable
from itertools import pairwise
from typing import Any, TypeVar

from syncore.codec.fields import as_array, as_integer
from syncore.codec.packing import Packed, Unpacked, pack, unpack
from syncore.codec.values import encode_value
from syncore.core.errors import Malformed
from syncore.core.hybrid_clock import HybridTime
from syncore.core.identifiers import Dot, Writer
from syncore.core.limits import MAX_HYBRID_TIME, MAX_STRUCT_CLOCK
from syncore.documents.descent import as_descent, pack_descent
from syncore.documents.operations import FieldKind, as_declarable
from syncore.documents.record import Record, Sibling, Tally
from syncore.documents.structures import (
    MAX_NUMBER,
    MAX_TOTAL_BITS,
    as_dots,
    as_element,
    as_encoded_integer,
    as_field,
    as_number,
    as_value,
    as_vector,
    as_writer,
    pack_dots,
    pack_vector,
)

MAX_RECORD_BYTES = 1_000_000_000
"""What SQLite can hold in one value; a record grows with its sets and is not refused while it fits."""

_RECORD = "a record"
_SIBLING_ITEMS = 4
_ADDITIONS = "the dots of a record"
Key = TypeVar("Key")
Item = TypeVar("Item")


def encode_record(record: Record) -> bytes:
    """The canonical bytes of a record."""
    return pack(
        [
            pack_vector(record.vector),
            pack_vector(record.clocks),
            [
                [
                    name,
                    [
                        [*dot, value, time, *pack_descent(label, ancestors)]
                        for dot, value, time, label, ancestors in siblings
                    ],
                ]
                for name, siblings in sorted(record.registers.items())
            ],
            [
                [name, [[element, pack_dots(dots)] for element, dots in sorted(elements.items())]]
                for name, elements in sorted(record.sets.items())
            ],
            [
                [name, [_pack_tally(writer, tally) for writer, tally in sorted(tallies.items())]]
                for name, tallies in sorted(record.counters.items())
            ],
            [
                [name, [[int(kind), pack_dots(dots)] for kind, dots in sorted(kinds.items())]]
                for name, kinds in sorted(record.declarations.items())
            ],
            [[*dot, pack_vector(seen)] for dot, seen in sorted(record.deletions.items())],
        ]
    )


def decode_record(data: bytes) -> Record:
    """The record that ``data`` encodes.

    Raises:
        Malformed: not the canonical encoding of one.
    """
    parts = as_array(unpack(data, what=_RECORD, max_bytes=MAX_RECORD_BYTES), what=_RECORD, length=7)
    vector, clocks, registers, sets, counters, declarations, deletions = parts
    return Record(
        vector=as_vector(vector, what="a record's vector"),
        clocks=as_vector(clocks, what="a record's clocks", high=MAX_STRUCT_CLOCK - 1),
        registers=_read_fields(registers, _read_siblings),
        sets=_read_fields(sets, _read_elements),
        counters=_read_fields(counters, _read_tallies),
        declarations=_read_fields(declarations, _read_declarations),
        deletions=_read_sorted(deletions, _read_deletion),
    )


def _pack_tally(writer: Writer, tally: Tally) -> Packed:
    total, cancelled = encode_value(tally.total), encode_value(tally.cancelled_total)
    return [writer, tally.number, total, tally.cancelled_number, cancelled]


def _read_fields(structure: Unpacked, read: Callable[[Unpacked], Item]) -> dict[str, Item]:
    def read_field(part: Unpacked) -> tuple[str, Item]:
        name, content = as_array(part, what="a field of a record", length=2)
        return as_field(name), read(content)

    return _read_sorted(structure, read_field)


def _read_siblings(structure: Unpacked) -> tuple[Sibling, ...]:
    siblings = tuple(_read_sibling(part) for part in as_array(structure, what="siblings"))
    if not siblings:
        raise Malformed("a register of a record has no siblings")
    _check_sorted([sibling.dot for sibling in siblings])
    return siblings


def _read_sibling(structure: Unpacked) -> Sibling:
    parts = as_array(structure, what="a sibling")
    if len(parts) not in {_SIBLING_ITEMS, _SIBLING_ITEMS + 2}:
        raise Malformed("a sibling has 4 items, or 6 with a label and ancestors")
    writer, number, value, time = parts[:_SIBLING_ITEMS]
    clock = HybridTime(as_integer(time, what="a sibling's time", high=MAX_HYBRID_TIME))
    dot = Dot(as_writer(writer), as_number(number))
    return Sibling(dot, as_value(value), clock, *as_descent(parts[_SIBLING_ITEMS:]))


def _read_elements(structure: Unpacked) -> dict[bytes, tuple[Dot, ...]]:
    def read_element(part: Unpacked) -> tuple[bytes, tuple[Dot, ...]]:
        element, dots = as_array(part, what="an element of a record", length=2)
        return as_element(element), _read_dots(dots)

    return _filled(_read_sorted(structure, read_element))


def _read_tallies(structure: Unpacked) -> dict[Writer, Tally]:
    return _filled(_read_sorted(structure, _read_tally))


def _read_tally(structure: Unpacked) -> tuple[Writer, Tally]:
    parts = as_array(structure, what="a tally", length=5)
    tally = Tally(
        number=as_integer(parts[1], what="a tally's number", high=MAX_NUMBER),
        total=_read_total(parts[2]),
        cancelled_number=as_integer(parts[3], what="a tally's cancelled number", high=MAX_NUMBER),
        cancelled_total=_read_total(parts[4]),
    )
    return as_writer(parts[0]), tally


def _read_total(structure: Unpacked) -> int:
    return as_encoded_integer(structure, what="a tally's total", max_bits=MAX_TOTAL_BITS)


def _read_declarations(structure: Unpacked) -> dict[FieldKind, tuple[Dot, ...]]:
    def read_declaration(part: Unpacked) -> tuple[FieldKind, tuple[Dot, ...]]:
        kind, dots = as_array(part, what="a declaration of a record", length=2)
        return as_declarable(kind), _read_dots(dots)

    return _filled(_read_sorted(structure, read_declaration))


def _read_deletion(structure: Unpacked) -> tuple[Dot, dict[Writer, int]]:
    writer, number, seen = as_array(structure, what="a deletion of a record", length=3)
    return Dot(as_writer(writer), as_number(number)), as_vector(seen, what="what a deletion saw")


def _read_dots(structure: Unpacked) -> tuple[Dot, ...]:
    dots = as_dots(structure, what=_ADDITIONS, max_dots=MAX_RECORD_BYTES)
    if not dots:
        raise Malformed(f"{_ADDITIONS} are missing")
    return dots


def _read_sorted(structure: Unpacked, read: Callable[[Unpacked], tuple[Key, Item]]) -> dict[Key, Item]:
    pairs = [read(part) for part in as_array(structure, what="a part of a record")]
    _check_sorted([key for key, _ in pairs])
    return dict(pairs)


def _check_sorted(keys: Iterable[Any]) -> None:
    if any(first >= second for first, second in pairwise(keys)):
        raise Malformed("a record is out of order")


def _filled(mapping: dict[Key, Item]) -> dict[Key, Item]:
    if not mapping:
        raise Malformed("a record names a field that it does not have")
    return mapping
