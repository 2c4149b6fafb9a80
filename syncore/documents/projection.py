"""What a document looks like: values by field, computed from its state.

Owns how state becomes values: what a field shows as when writers disagree, and which fields are in conflict.
Knows nothing of how states come about, or of the form in which projections are stored
(:mod:`syncore.documents.projection_encoding`).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from syncore.codec.values import Value, decode_value
from syncore.core.vectors import Vector
from syncore.documents.operations import FieldKind
from syncore.documents.record import Record
from syncore.documents.resolution import ResolutionContext, Strategy, last_write
from syncore.documents.structures import Element, decode_element

FieldValue = Value | frozenset[Element]
"""A register's value, an int for a counter, a frozenset for a set, a str for a text, a list for a list."""

PRECEDENCE = (FieldKind.COUNTER, FieldKind.SET, FieldKind.TEXT, FieldKind.LIST, FieldKind.REGISTER)
"""What a field shows as when concurrent writers made it several kinds at once; what is hidden is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Projection:
    """A document as it is read.

    Attributes:
        vector: The document's vector; as a token, it says what a reader has seen.
        values: The fields in the order of their names. Empty for a deleted document.
        kinds: The kind of every field that is not a register.
        conflicts: Sorted names of the fields whose concurrent writers disagree.
        is_deleted: Whether the document is deleted.
    """

    vector: Vector
    values: Mapping[str, FieldValue]
    kinds: Mapping[str, FieldKind]
    conflicts: tuple[str, ...]
    is_deleted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What the rich part of a document holds: every text and list that is not empty."""

    texts: Mapping[str, str] = field(default_factory=dict)
    lists: Mapping[str, Sequence[bytes]] = field(default_factory=dict)


NO_CONTENTS = Contents()


class Shown(NamedTuple):
    """What one field shows.

    Attributes:
        value: Its value.
        kind: Its kind.
        is_conflict: Whether its concurrent writers disagree.
        is_lasting: Whether it shows the same again while nobody writes to it. A conflict is resolved anew
            each time, because the context may have changed; a value that whoever gets it could change in
            place is decoded anew.
    """

    value: FieldValue
    kind: FieldKind
    is_conflict: bool
    is_lasting: bool


def project(
    record: Record,
    contents: Contents,
    context: ResolutionContext,
    resolve: Strategy = last_write,
    known: dict[str, Shown] | None = None,
) -> Projection:
    """The projection of a document's state.

    Args:
        record: The record.
        contents: The texts and lists.
        context: What resolving conflicts may know.
        resolve: How conflicts are resolved.
        known: What fields show, as far as it is known already; what comes to be known is added.
    """
    known = {} if known is None else known
    values: dict[str, FieldValue] = {}
    kinds: dict[str, FieldKind] = {}
    conflicts: list[str] = []
    is_deleted = record.is_deleted
    for name in () if is_deleted else _field_names(record, contents):
        shown = known.get(name) or _show(record, contents, name, context, resolve)
        if shown is None:
            continue
        if shown.is_lasting:
            known[name] = shown
        values[name] = shown.value
        if shown.kind is not FieldKind.REGISTER:
            kinds[name] = shown.kind
        if shown.is_conflict:
            conflicts.append(name)
    return Projection(
        vector=dict(record.vector),
        values=values,
        kinds=kinds,
        conflicts=tuple(conflicts),
        is_deleted=is_deleted,
    )


def _show(
    record: Record, contents: Contents, name: str, context: ResolutionContext, resolve: Strategy
) -> Shown | None:
    """What a field shows, or None when it is not there."""
    kinds = kinds_of(record, contents, name)
    if not kinds:
        return None
    kind = kinds[0]
    value = field_value(record, contents, name, kind, context, resolve)
    is_lasting = type(value) not in (list, dict)
    if kind is not FieldKind.REGISTER:
        return Shown(value, kind, len(kinds) > 1, is_lasting)
    siblings = record.registers[name]
    if len(siblings) == 1:
        return Shown(value, kind, is_conflict=False, is_lasting=is_lasting)
    is_conflict = len({sibling.value for sibling in siblings}) > 1
    return Shown(value, kind, is_conflict, is_lasting=False)


def kinds_of(record: Record, contents: Contents, name: str) -> list[FieldKind]:
    """As what a field is there: nothing, one kind, or several, the one that shows first."""
    found = []
    if name in record.counters and record.has_counter(name):
        found.append(FieldKind.COUNTER)
    declared = record.declarations.get(name, ())
    if name in record.sets or FieldKind.SET in declared:
        found.append(FieldKind.SET)
    if name in contents.texts or FieldKind.TEXT in declared:
        found.append(FieldKind.TEXT)
    if name in contents.lists or FieldKind.LIST in declared:
        found.append(FieldKind.LIST)
    if name in record.registers:
        found.append(FieldKind.REGISTER)
    return found


def field_value(
    record: Record,
    contents: Contents,
    name: str,
    kind: FieldKind,
    context: ResolutionContext,
    resolve: Strategy = last_write,
) -> FieldValue:
    """What a field shows as one of the kinds that it is there as."""
    if kind is FieldKind.REGISTER:
        return resolve(record.registers[name], context)
    if kind is FieldKind.COUNTER:
        return record.count(name)
    if kind is FieldKind.SET:
        return frozenset(decode_element(element) for element in record.sets.get(name, ()))
    if kind is FieldKind.TEXT:
        return contents.texts.get(name, "")
    return [decode_value(item) for item in contents.lists.get(name, ())]


def _field_names(record: Record, contents: Contents) -> list[str]:
    return sorted(
        {
            *record.registers,
            *record.counters,
            *record.sets,
            *record.declarations,
            *contents.texts,
            *contents.lists,
        }
    )
