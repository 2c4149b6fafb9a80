"""When a record entry is valid: it names only what its author had seen.

A pure function of the entry, its dot and its author's causal past, so that every replica comes to one
verdict; and since a larger past only allows more, a replica that knows more of the past never refuses what
another accepted.
"""

from collections.abc import Iterator

from syncore.core.errors import InvalidSegment
from syncore.core.identifiers import Dot
from syncore.core.vectors import Vector, covers
from syncore.documents.entries import RecordEntry
from syncore.documents.operations import (
    AddToCounter,
    CancelCounter,
    DeleteDocument,
    Operation,
    SetField,
)


def check_record_entry(entry: RecordEntry, *, dot: Dot, past: Vector) -> None:
    """Check an entry against what its author may name.

    Args:
        entry: A decoded entry.
        dot: The commit that it is part of.
        past: The author's causal past: what it depends on, and its own commits before this one.

    Raises:
        InvalidSegment: an operation names something beyond the past.
    """
    for operation in entry.operations:
        for named in _named(operation):
            # A writer's own past ends before this commit, whatever vector the caller holds.
            if not covers(past, named) or (named.writer == dot.writer and named.number >= dot.number):
                raise InvalidSegment(
                    "an operation names something that its author cannot have seen",
                    document=entry.key,
                    operation=type(operation).__name__,
                    named=named,
                )


def _named(operation: Operation) -> Iterator[Dot]:
    """Every dot that an operation refers to."""
    if isinstance(operation, DeleteDocument):
        for writer, number in operation.seen.items():
            yield Dot(writer, number)
    if isinstance(operation, SetField):
        for ancestor in operation.ancestors:
            yield ancestor.dot
    if isinstance(operation, CancelCounter):
        for part in operation.cancelled:
            yield Dot(part.writer, part.number)
    elif not isinstance(operation, AddToCounter):
        yield from operation.replaces
