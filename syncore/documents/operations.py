"""What a commit does to a document's record: operations, and the array that each is stored as.

Owns the vocabulary of changes between replicas (``docs/formats/entries.md``). An operation names the dots it
replaces, which are those that its author had seen; so operations need no tombstones, and concurrent ones
commute. Which of them a commit does to one document is an entry (:mod:`syncore.documents.entries`).

Knows nothing of states, validity against a past (:mod:`syncore.documents.record_validity`), or planning.
"""

from enum import IntEnum
from itertools import pairwise
from typing import ClassVar, Self

from syncore.codec.fields import as_array, as_integer
from syncore.codec.packing import Packed, Unpacked
from syncore.codec.values import encode_value
from syncore.core.errors import Malformed
from syncore.core.identifiers import Dot
from syncore.core.lean import lean_dataclass
from syncore.core.vectors import Vector
from syncore.documents.descent import Ancestor, as_descent, pack_descent
from syncore.documents.structures import (
    MAX_AMOUNT_BITS,
    Cancelled,
    as_cancelled,
    as_dots,
    as_element,
    as_encoded_integer,
    as_field,
    as_value,
    as_vector,
    pack_cancelled,
    pack_dots,
    pack_vector,
)

_REPLACED = "replaced dots"
Parts = tuple[Unpacked, ...]
Target = tuple[int, str, bytes]


class FieldKind(IntEnum):
    """What a field is; the numbers are part of the formats."""

    REGISTER = 0
    COUNTER = 1
    SET = 2
    TEXT = 3
    LIST = 4


DECLARABLE = (FieldKind.SET, FieldKind.TEXT, FieldKind.LIST)
"""Kinds that can be there and empty; that they are there is written down. The others show by themselves."""


@lean_dataclass(frozen=True, slots=True, kw_only=True)
class FieldOperation:
    """What the operations on fields have in common; never made itself."""

    CODE: ClassVar[int]
    LENGTH: ClassVar[int]
    field: str

    @property
    def target(self) -> Target:
        """What the operation is about, in the order in which an entry lists it."""
        return self.CODE, self.field, b""


@lean_dataclass(frozen=True, slots=True, kw_only=True)
class SetField(FieldOperation):
    """Write a register: the siblings named are gone, any others stay beside the new one.

    What a value says of itself (:mod:`syncore.documents.descent`) makes the array longer.
    """

    CODE = 1
    LENGTH = 4
    LONG_LENGTH: ClassVar = 6
    value: bytes
    replaces: tuple[Dot, ...] = ()
    label: str = ""
    ancestors: tuple[Ancestor, ...] = ()

    def structure(self) -> Packed:
        """The operation as an array; the long form only where something is in it."""
        descent = pack_descent(self.label, self.ancestors)
        return [self.CODE, self.field, self.value, pack_dots(self.replaces), *descent]

    @classmethod
    def read(cls, parts: Parts) -> Self:
        """The operation of an array of the right length."""
        dots, (label, ancestors) = as_dots(parts[3], what=_REPLACED), as_descent(parts[4:])
        field, value = as_field(parts[1]), as_value(parts[2])
        return cls(field=field, value=value, replaces=dots, label=label, ancestors=ancestors)


@lean_dataclass(frozen=True, slots=True, kw_only=True)
class RemoveField(FieldOperation):
    """Remove siblings of a register, and declarations of a field."""

    CODE = 2
    LENGTH = 3
    replaces: tuple[Dot, ...]

    def structure(self) -> Packed:
        """The operation as an array."""
        return [self.CODE, self.field, pack_dots(self.replaces)]

    @classmethod
    def read(cls, parts: Parts) -> Self:
        """The operation of an array of the right length."""
        return cls(field=as_field(parts[1]), replaces=as_dots(parts[2], what=_REPLACED))


@lean_dataclass(frozen=True, slots=True, kw_only=True)
class DeclareField(FieldOperation):
    """Say that a field is a set, a text or a list, so that it is there while it is empty."""

    CODE = 3
    LENGTH = 4
    kind: FieldKind
    replaces: tuple[Dot, ...] = ()

    @property
    def target(self) -> Target:
        """What the operation is about, in the order in which an entry lists it."""
        return self.CODE, self.field, bytes([self.kind])

    def structure(self) -> Packed:
        """The operation as an array."""
        return [self.CODE, self.field, int(self.kind), pack_dots(self.replaces)]

    @classmethod
    def read(cls, parts: Parts) -> Self:
        """The operation of an array of the right length."""
        kind = as_declarable(parts[2])
        return cls(field=as_field(parts[1]), kind=kind, replaces=as_dots(parts[3], what=_REPLACED))


@lean_dataclass(frozen=True, slots=True, kw_only=True)
class ElementOperation(FieldOperation):
    """What the operations on elements (encoded values) of sets have in common; never made itself."""

    element: bytes

    @property
    def target(self) -> Target:
        """What the operation is about, in the order in which an entry lists it."""
        return self.CODE, self.field, self.element


@lean_dataclass(frozen=True, slots=True, kw_only=True)
class AddElement(ElementOperation):
    """Put an element into a set; its additions that are named become this one."""

    CODE = 4
    LENGTH = 4
    replaces: tuple[Dot, ...] = ()

    def structure(self) -> Packed:
        """The operation as an array."""
        return [self.CODE, self.field, self.element, pack_dots(self.replaces)]

    @classmethod
    def read(cls, parts: Parts) -> Self:
        """The operation of an array of the right length."""
        dots = as_dots(parts[3], what=_REPLACED)
        return cls(field=as_field(parts[1]), element=as_element(parts[2]), replaces=dots)


@lean_dataclass(frozen=True, slots=True, kw_only=True)
class RemoveElement(ElementOperation):
    """Take an element out of a set, as far as its additions were seen."""

    CODE = 5
    LENGTH = 4
    replaces: tuple[Dot, ...]

    def structure(self) -> Packed:
        """The operation as an array."""
        return [self.CODE, self.field, self.element, pack_dots(self.replaces)]

    @classmethod
    def read(cls, parts: Parts) -> Self:
        """The operation of an array of the right length."""
        dots = as_dots(parts[3], what=_REPLACED)
        return cls(field=as_field(parts[1]), element=as_element(parts[2]), replaces=dots)


@lean_dataclass(frozen=True, slots=True, kw_only=True)
class AddToCounter(FieldOperation):
    """Add to a counter; adding 0 is how an empty one is made."""

    CODE = 6
    LENGTH = 3
    amount: int

    def structure(self) -> Packed:
        """The operation as an array."""
        return [self.CODE, self.field, encode_value(self.amount)]

    @classmethod
    def read(cls, parts: Parts) -> Self:
        """The operation of an array of the right length."""
        amount = as_encoded_integer(parts[2], what="an amount", max_bits=MAX_AMOUNT_BITS)
        return cls(field=as_field(parts[1]), amount=amount)


@lean_dataclass(frozen=True, slots=True, kw_only=True)
class CancelCounter(FieldOperation):
    """Take away what was seen of a counter, and the counter itself unless somebody adds to it meanwhile.

    It names totals instead of adding their negative sum, so that two concurrent cancellations are as one.
    """

    CODE = 7
    LENGTH = 3
    cancelled: tuple[Cancelled, ...]

    def structure(self) -> Packed:
        """The operation as an array."""
        return [self.CODE, self.field, [pack_cancelled(part) for part in self.cancelled]]

    @classmethod
    def read(cls, parts: Parts) -> Self:
        """The operation of an array of the right length."""
        cancelled = tuple(as_cancelled(part) for part in as_array(parts[2], what="cancelled totals"))
        if any(first.writer >= second.writer for first, second in pairwise(cancelled)):
            raise Malformed("cancelled totals must be sorted by writer, nobody twice")
        return cls(field=as_field(parts[1]), cancelled=cancelled)


@lean_dataclass(frozen=True, slots=True, kw_only=True)
class DeleteDocument:
    """Delete the document as far as it was seen."""

    CODE: ClassVar = 8
    LENGTH: ClassVar = 3
    target: ClassVar[Target] = (CODE, "", b"")
    seen: Vector
    replaces: tuple[Dot, ...] = ()

    def structure(self) -> Packed:
        """The operation as an array."""
        return [self.CODE, pack_vector(self.seen), pack_dots(self.replaces)]

    @classmethod
    def read(cls, parts: Parts) -> Self:
        """The operation of an array of the right length."""
        return cls(seen=as_vector(parts[1], what="a seen vector"), replaces=as_dots(parts[2], what=_REPLACED))


@lean_dataclass(frozen=True, slots=True, kw_only=True)
class RestoreDocument:
    """Take back the deletions that are named."""

    CODE: ClassVar = 9
    LENGTH: ClassVar = 2
    target: ClassVar[Target] = (CODE, "", b"")
    replaces: tuple[Dot, ...]

    def structure(self) -> Packed:
        """The operation as an array."""
        return [self.CODE, pack_dots(self.replaces)]

    @classmethod
    def read(cls, parts: Parts) -> Self:
        """The operation of an array of the right length."""
        return cls(replaces=as_dots(parts[1], what=_REPLACED))


Operation = (
    SetField
    | RemoveField
    | DeclareField
    | AddElement
    | RemoveElement
    | AddToCounter
    | CancelCounter
    | DeleteDocument
    | RestoreDocument
)
_READERS: dict[int, type[Operation]] = {
    kind.CODE: kind
    for kind in (
        *(SetField, RemoveField, DeclareField, AddElement, RemoveElement, AddToCounter, CancelCounter),
        *(DeleteDocument, RestoreDocument),
    )
}


def as_declarable(structure: Unpacked) -> FieldKind:
    """The structure as a kind of field that is declared."""
    kind = FieldKind(as_integer(structure, what="a kind of field", high=max(FieldKind)))
    if kind not in DECLARABLE:
        raise Malformed("this kind of field is never declared")
    return kind


def read_operation(structure: Unpacked) -> Operation:
    """The operation that a structure is.

    Raises:
        Malformed: none that this version knows.
    """
    parts = as_array(structure, what="an operation")
    code = parts[0] if parts else None
    reader = _READERS.get(code) if type(code) is int else None
    if reader is None:
        raise Malformed("an operation has no known code")
    if reader is SetField and len(parts) == SetField.LONG_LENGTH:
        return reader.read(parts)
    return reader.read(as_array(parts, what="an operation", length=reader.LENGTH))
