"""What undoing a commit has to know of one document: what it changed, and what was there before.

Owns the step and its stored form (``docs/formats/replica-file.md``): local to a file, never sent. A step is
written in the terms in which it is undone: a register by what it showed, a counter by an amount, elements by
their values, texts and lists by the names of their units, so that what others do meanwhile stays out of it.

Knows nothing of how a step comes about (:mod:`syncore.documents.undo_recording`) or is used
(:mod:`syncore.documents.undo_planning`).
"""

from collections.abc import Iterator, Sequence
from enum import IntEnum
from hashlib import blake2b
from types import MappingProxyType
from typing import Final, NamedTuple

from syncore.codec.fields import as_array, as_bytes, as_integer, as_text
from syncore.codec.packing import Packed, Unpacked, pack, unpack
from syncore.codec.values import encode_value
from syncore.core.errors import Malformed
from syncore.core.limits import MAX_COMMIT_BYTES, MAX_NAME_BYTES
from syncore.core.vectors import Vector
from syncore.documents.descent import Ancestor, as_descent, pack_descent
from syncore.documents.operations import FieldKind, as_declarable
from syncore.documents.rich_rekeying import ClockRange, rename_ranges
from syncore.documents.structures import (
    MAX_TOTAL_BITS,
    as_element,
    as_encoded_integer,
    as_field,
    as_value,
    as_vector,
    pack_vector,
)
from syncore.documents.yjs_primitives import MAX_CLIENT
from syncore.documents.yjs_update import LIST_ROOT, TEXT_ROOT

UnitRange = tuple[int, int, int]
"""Units of a rich part: writer, first clock, clock behind the last."""

_NOTHING: Final[Vector] = MappingProxyType({})
_STEP: Final = "a stored undo step"
_STEP_LENGTHS: Final = (9, 10)
"""Without what deletions covered, and with it."""
_REGISTER_LENGTHS: Final = (3, 5)
"""Before there were siblings and marks, and since."""
_SIBLING_LENGTHS: Final = (1, 3)
MARK_BYTES: Final = 8
MAX_STEP_BYTES: Final = 2 * MAX_COMMIT_BYTES
"""A commit deletes with few bytes what took many commits to write; what does not fit into one commit cannot
be brought back by one."""


class Turn(IntEnum):
    """What a commit did to a document as a whole; the numbers are stored."""

    CHANGED = 0
    MADE = 1
    DELETED = 2
    HIDDEN = 3
    """It was and stays deleted, and what would show if it came back is something else."""
    TOO_LARGE = 4
    """What it would take to undo was too large to be kept."""


class SiblingBefore(NamedTuple):
    """A value of a register that was replaced, with all that it said of itself."""

    value: bytes
    label: str = ""
    ancestors: tuple[Ancestor, ...] = ()


def mark_of(value: bytes, label: str) -> bytes:
    """What tells one value of a register from another."""
    return blake2b(value + label.encode(), digest_size=MARK_BYTES).digest()


class RegisterBefore(NamedTuple):
    """A register that was written or removed.

    Attributes:
        field: Its name.
        value: What it showed before, encoded; None for nothing, or where other siblings stayed beside.
        is_written: Whether the commit left a value of its own.
        siblings: What was replaced, the oldest first, where that was more than one value without a label.
        marks: Of what the step left there, to tell it from what it brought back of others; a step of an
            earlier version has none.
    """

    field: str
    value: bytes | None
    is_written: bool
    siblings: tuple[SiblingBefore, ...] = ()
    marks: tuple[bytes, ...] = ()


class DeclarationBefore(NamedTuple):
    """A field that was made a set, text or list, or ceased to be one."""

    field: str
    kind: FieldKind
    was_declared: bool


class ElementBefore(NamedTuple):
    """An element that came into a set, or went out of it."""

    field: str
    element: bytes
    was_there: bool


class CounterBefore(NamedTuple):
    """A counter that was added to or removed.

    Attributes:
        field: Its name.
        rise: By how much it rose.
        was_there: Whether it was there before.
        is_there: Whether the commit left it there.
    """

    field: str
    rise: int
    was_there: bool
    is_there: bool


class Edited(NamedTuple):
    """A text or list that was edited.

    Attributes:
        root: The name of its root.
        lost: What was deleted from it, in its order: kept text, or items.
    """

    root: str
    lost: str | tuple[bytes, ...]


class UndoStep(NamedTuple):
    """What one commit did to one document; a named tuple, because every local commit makes one.

    Attributes:
        turn: To the document as a whole.
        seen: The document's vector before, where the commit made the document.
        registers: What registers showed before.
        declarations: Which declarations came or went.
        elements: Which elements came or went.
        counters: By how much counters rose.
        inserted: The units that the commit put into texts and lists.
        deleted: The units that it deleted there.
        edited: The texts and lists that these are in, and what the deleted ones held.
        contested: What deletions covered before that stood beside changes which they had not seen, where the
            commit changed that: empty where there were none. None where it left that alone, as nearly always.
    """

    turn: Turn = Turn.CHANGED
    seen: Vector = _NOTHING
    registers: tuple[RegisterBefore, ...] = ()
    declarations: tuple[DeclarationBefore, ...] = ()
    elements: tuple[ElementBefore, ...] = ()
    counters: tuple[CounterBefore, ...] = ()
    inserted: tuple[UnitRange, ...] = ()
    deleted: tuple[UnitRange, ...] = ()
    edited: tuple[Edited, ...] = ()
    contested: Vector | None = None

    def reinserted(self, renamed: Sequence[ClockRange]) -> "UndoStep":
        """The step after what it inserted was deleted and inserted again under other names."""
        return self._replace(inserted=rename_ranges(self.inserted, renamed))

    def rekeyed(self, renamed: Sequence[ClockRange]) -> "UndoStep":
        """The step after a rebase gave other names to units that it names."""
        return self._replace(
            inserted=rename_ranges(self.inserted, renamed),
            deleted=rename_ranges(self.deleted, renamed),
        )


def encode_step(step: UndoStep) -> bytes:
    """The stored form of a step; of one that is too large, only that it was."""
    encoded = pack(
        [
            int(step.turn),
            pack_vector(step.seen) if step.seen else (),
            step.registers and [_pack_register(one) for one in step.registers],
            step.declarations and [(one.field, int(one.kind), one.was_declared) for one in step.declarations],
            step.elements,
            step.counters
            and [(one.field, encode_value(one.rise), one.was_there, one.is_there) for one in step.counters],
            step.inserted,
            step.deleted,
            step.edited,
            *(() if step.contested is None else (pack_vector(step.contested) if step.contested else (),)),
        ]
    )
    return encoded if len(encoded) <= MAX_STEP_BYTES else encode_step(UndoStep(turn=Turn.TOO_LARGE))


def decode_step(data: bytes) -> UndoStep:
    """Read what :func:`encode_step` wrote.

    Raises:
        Malformed: it did not.
    """
    structure = as_array(unpack(data, what=_STEP, max_bytes=MAX_STEP_BYTES), what=_STEP)
    if len(structure) not in _STEP_LENGTHS:
        raise Malformed(f"{_STEP} does not decode")
    turn, seen, registers, declarations, elements, counters, inserted, deleted, edited, *rest = structure
    return UndoStep(
        turn=Turn(as_integer(turn, what=_STEP, high=max(Turn))),
        seen=as_vector(seen, what=_STEP),
        registers=tuple(_register(as_array(part, what=_STEP)) for part in as_array(registers, what=_STEP)),
        declarations=tuple(
            DeclarationBefore(as_field(name), as_declarable(kind), _flag(flag))
            for name, kind, flag in _arrays(declarations, 3)
        ),
        elements=tuple(
            ElementBefore(as_field(name), as_element(element), _flag(flag))
            for name, element, flag in _arrays(elements, 3)
        ),
        counters=tuple(
            CounterBefore(as_field(name), _rise(rise), _flag(was_there), _flag(is_there))
            for name, rise, was_there, is_there in _arrays(counters, 4)
        ),
        inserted=tuple(_units(part) for part in _arrays(inserted, 3)),
        deleted=tuple(_units(part) for part in _arrays(deleted, 3)),
        edited=tuple(_edited(root, lost) for root, lost in _arrays(edited, 2)),
        contested=as_vector(rest[0], what=_STEP) if rest else None,
    )


def _pack_register(register: RegisterBefore) -> list[Packed]:
    """A register as an array."""
    siblings: list[Packed] = [
        [one.value, *pack_descent(one.label, one.ancestors)] for one in register.siblings
    ]
    return [register.field, register.value, register.is_written, siblings, register.marks]


def _register(parts: Sequence[Unpacked]) -> RegisterBefore:
    if len(parts) not in _REGISTER_LENGTHS:
        raise Malformed(f"{_STEP} does not decode")
    name, value, flag = parts[:3]
    shown = None if value is None else as_value(value)
    siblings, marks = parts[3:] or ((), ())
    return RegisterBefore(
        as_field(name),
        shown,
        _flag(flag),
        tuple(_sibling(as_array(part, what=_STEP)) for part in as_array(siblings, what=_STEP)),
        tuple(as_bytes(mark, what=_STEP, length=MARK_BYTES) for mark in as_array(marks, what=_STEP)),
    )


def _sibling(parts: Sequence[Unpacked]) -> SiblingBefore:
    if len(parts) not in _SIBLING_LENGTHS:
        raise Malformed(f"{_STEP} does not decode")
    return SiblingBefore(as_value(parts[0]), *as_descent(tuple(parts[1:])))


def _arrays(structure: Unpacked, length: int) -> Iterator[tuple[Unpacked, ...]]:
    return (as_array(part, what=_STEP, length=length) for part in as_array(structure, what=_STEP))


def _flag(structure: Unpacked) -> bool:
    if type(structure) is not bool:
        raise Malformed(f"{_STEP} does not decode")
    return structure


def _rise(structure: Unpacked) -> int:
    return as_encoded_integer(structure, what=_STEP, max_bits=MAX_TOTAL_BITS + 1)


def _units(parts: tuple[Unpacked, ...]) -> UnitRange:
    client, start, end = (as_integer(part, what=_STEP, high=MAX_CLIENT) for part in parts)
    if start >= end:
        raise Malformed(f"{_STEP} does not decode")
    return client, start, end


def _edited(root: Unpacked, lost: Unpacked) -> Edited:
    name = as_text(root, what=_STEP, max_bytes=MAX_NAME_BYTES + len(TEXT_ROOT))
    if name.startswith(TEXT_ROOT):
        return Edited(name, as_text(lost, what=_STEP, max_bytes=MAX_STEP_BYTES))
    if not name.startswith(LIST_ROOT):
        raise Malformed(f"{_STEP} does not decode")
    return Edited(name, tuple(as_bytes(item, what=_STEP) for item in as_array(lost, what=_STEP)))
