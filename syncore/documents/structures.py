"""Dots, vectors, names and encoded values inside packed structures, checked as they are read.

Owns what entries, records and projections share (``docs/formats/entries.md``). Knows no entry and no state.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from uuid import UUID

from syncore.codec.fields import as_array, as_bytes, as_integer
from syncore.codec.packing import Packed, Unpacked
from syncore.codec.values import decode_value, encode_value
from syncore.core.errors import InvalidValue, Malformed
from syncore.core.identifiers import WRITER_BITS, DocumentKey, Dot, Writer, name_problem
from syncore.core.limits import MAX_SET_REPLACED, MAX_VALUE_BYTES

MAX_NUMBER = 2**63 - 1
"""A commit number; SQLite's integers end there."""
MAX_EDITION = 2**32 - 1
MAX_WRITER = 2**WRITER_BITS - 1

MAX_AMOUNT_BITS = 2_048
"""What one operation may add to a counter: 2**63 of them stay far below the largest int that is encoded."""
MAX_TOTAL_BITS = MAX_AMOUNT_BITS + 64
"""What they can add up to."""

Element = str | int | bytes | UUID | date
"""What a set may hold: what compares alike in every program (no bool, which equals an int; no float)."""
ELEMENT_TYPES = (str, int, bytes, UUID, date)


@dataclass(frozen=True, slots=True, order=True)
class Cancelled:
    """What a cancellation saw of one writer's part of a counter: its total as of its commit ``number``."""

    writer: Writer
    number: int
    total: int


def encode_element(element: object) -> bytes:
    """The bytes of a set's element.

    Raises:
        InvalidValue: not of a type that a set may hold, or not to be kept exactly.
    """
    if type(element) not in ELEMENT_TYPES:
        kind = type(element).__name__
        raise InvalidValue(f"a set cannot hold a {kind}", hint="elements are str, int, bytes, UUID and date")
    return encode_value(element)


def decode_element(data: bytes) -> Element:
    """The element that ``data`` encodes.

    Raises:
        Malformed: not the encoding of one.
    """
    element = decode_value(data)
    if isinstance(element, Element) and type(element) in ELEMENT_TYPES:
        return element
    raise Malformed(f"a set cannot hold a {type(element).__name__}")


def pack_key(key: DocumentKey) -> list[Packed]:
    """The three items that name a document."""
    return [key.collection, key.id, key.edition]


def as_key(parts: tuple[Unpacked, ...]) -> DocumentKey:
    """The document that the first three items name."""
    return DocumentKey(
        as_name(parts[0], what="a collection's name"),
        as_name(parts[1], what="a document's id"),
        as_integer(parts[2], what="an edition", high=MAX_EDITION),
    )


def pack_dots(dots: Iterable[Dot]) -> list[Packed]:
    """Sorted dots as one flat array: writer, number, writer, number and so on."""
    flat: list[Packed] = []
    for dot in dots:
        flat += dot
    return flat


def as_dots(structure: Unpacked, *, what: str, max_dots: int = MAX_SET_REPLACED) -> tuple[Dot, ...]:
    """Read what :func:`pack_dots` wrote: sorted and without repetition."""
    flat = as_array(structure, what=what, max_length=2 * max_dots)
    if len(flat) % 2:
        raise Malformed(f"{what} must be pairs")
    dots: list[Dot] = []
    pairs = iter(flat)
    for writer, number in zip(pairs, pairs, strict=True):
        # Spelled out and not through as_integer: every operation of a merge comes by here.
        if type(writer) is not int or type(number) is not int:
            raise Malformed(f"{what} must be integers")
        if not (0 <= writer <= MAX_WRITER and 1 <= number <= MAX_NUMBER):
            raise Malformed(f"{what} must be pairs of a writer and a commit number")
        dots.append(Dot(Writer(writer), number))
    if len(dots) > 1 and any(first >= second for first, second in pairwise(dots)):
        raise Malformed(f"{what} must be sorted, none of them twice")
    return tuple(dots)


def pack_vector(vector: Mapping[Writer, int]) -> list[Packed]:
    """A vector as one flat array, sorted by writer."""
    flat: list[Packed] = []
    for item in sorted(vector.items()):
        flat += item
    return flat


def as_vector(structure: Unpacked, *, what: str, high: int = MAX_NUMBER) -> dict[Writer, int]:
    """Read what :func:`pack_vector` wrote: sorted by writer, nobody twice, no zeros."""
    flat = as_array(structure, what=what)
    if len(flat) % 2:
        raise Malformed(f"{what} must be pairs")
    vector: dict[Writer, int] = {}
    previous = -1
    pairs = iter(flat)
    for writer, number in zip(pairs, pairs, strict=True):
        # Spelled out and not through as_integer: every read of a document comes by here.
        if type(writer) is not int or type(number) is not int:
            raise Malformed(f"{what} must be integers")
        if not (previous < writer <= MAX_WRITER and 1 <= number <= high):
            raise Malformed(f"{what} must be sorted by writer, nobody twice, each from 1 to {high}")
        vector[Writer(writer)] = number
        previous = writer
    return vector


def as_writer(structure: Unpacked) -> Writer:
    """The structure as a writer."""
    return Writer(as_integer(structure, what="a writer", high=MAX_WRITER))


def as_number(structure: Unpacked) -> int:
    """The structure as a commit number."""
    return as_integer(structure, what="a commit number", low=1, high=MAX_NUMBER)


def as_name(structure: Unpacked, *, what: str) -> str:
    """The structure as the name of a collection, document or field."""
    if type(structure) is not str:
        raise Malformed(f"{what} must be text")
    problem = name_problem(structure)
    if problem:
        raise Malformed(f"{what} {problem}")
    return structure


def as_field(structure: Unpacked) -> str:
    """The structure as the name of a field."""
    return as_name(structure, what="a field's name")


def as_value(structure: Unpacked) -> bytes:
    """The structure as the bytes of a value, which are checked."""
    value = as_bytes(structure, what="a value", max_length=MAX_VALUE_BYTES)
    decode_value(value)
    return value


def as_element(structure: Unpacked) -> bytes:
    """The structure as the bytes of a set's element, which are checked."""
    element = as_bytes(structure, what="an element", max_length=MAX_VALUE_BYTES)
    decode_element(element)
    return element


def as_encoded_integer(structure: Unpacked, *, what: str, max_bits: int) -> int:
    """The structure as the bytes of an int (a value) of at most that many bits."""
    number = decode_value(as_bytes(structure, what=what, max_length=MAX_VALUE_BYTES))
    if type(number) is not int or number.bit_length() > max_bits:
        raise Malformed(f"{what} must be an int of at most {max_bits} bits")
    return number


def pack_cancelled(part: Cancelled) -> list[Packed]:
    """A cancelled total as three items."""
    return [part.writer, part.number, encode_value(part.total)]


def as_cancelled(structure: Unpacked) -> Cancelled:
    """The structure as a cancelled total."""
    writer, number, total = as_array(structure, what="a cancelled total", length=3)
    amount = as_encoded_integer(total, what="a cancelled total", max_bits=MAX_TOTAL_BITS)
    return Cancelled(as_writer(writer), as_number(number), amount)
