"""Validity of record entries: a verdict on what an entry names and what its author had seen."""

import pytest

from syncore.codec.values import encode_value
from syncore.core.errors import InvalidSegment
from syncore.core.identifiers import Dot, Writer
from syncore.documents.descent import Ancestor
from syncore.documents.entries import RecordEntry
from syncore.documents.operations import (
    AddElement,
    AddToCounter,
    CancelCounter,
    DeclareField,
    DeleteDocument,
    FieldKind,
    Operation,
    RemoveElement,
    RemoveField,
    RestoreDocument,
    SetField,
)
from syncore.documents.record_validity import check_record_entry
from syncore.documents.structures import Cancelled
from tests.documents.worlds import KEY, writer

A, B = writer(1), writer(2)
X = encode_value("x")


def naming(dot: Dot) -> list[Operation]:
    """An operation of every kind that names the dot, in every place where one can."""
    return [
        SetField(field="f", value=X, replaces=(dot,)),
        SetField(field="f", value=X, ancestors=(Ancestor(dot, "x"),)),
        RemoveField(field="f", replaces=(dot,)),
        DeclareField(field="f", kind=FieldKind.SET, replaces=(dot,)),
        AddElement(field="f", element=X, replaces=(dot,)),
        RemoveElement(field="f", element=X, replaces=(dot,)),
        CancelCounter(field="f", cancelled=(Cancelled(dot.writer, dot.number, 1),)),
        DeleteDocument(seen={dot.writer: dot.number}),
        DeleteDocument(seen={}, replaces=(dot,)),
        RestoreDocument(replaces=(dot,)),
    ]


def check(operation: Operation, *, past: dict[Writer, int]) -> None:
    """Check an entry of B's fourth commit."""
    check_record_entry(RecordEntry(key=KEY, operations=(operation,)), dot=Dot(B, 4), past=past)


@pytest.mark.parametrize("dot", [Dot(A, 5), Dot(A, 1), Dot(B, 3)])
def test_what_the_author_had_seen_may_be_named(dot: Dot) -> None:
    """Dots in the past, the author's own earlier ones included, are valid; more past changes nothing."""
    for operation in naming(dot):
        check(operation, past={A: 5, B: 3})
        check(operation, past={A: 9, B: 3, writer(3): 1})


@pytest.mark.parametrize("dot", [Dot(A, 6), Dot(writer(3), 1), Dot(B, 4), Dot(B, 5)])
def test_what_the_author_cannot_have_seen_may_not_be_named(dot: Dot) -> None:
    """Dots beyond the past, and the commit itself, are invalid wherever an operation names them."""
    for operation in naming(dot):
        for past in ({A: 5, B: 3}, {A: 5, B: 7}):
            with pytest.raises(InvalidSegment):
                check(operation, past=past)


def test_an_increment_names_nothing() -> None:
    """A writer that has seen nothing can count."""
    check(AddToCounter(field="n", amount=1), past={})
