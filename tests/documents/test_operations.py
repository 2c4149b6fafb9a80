"""Entries and operations: one encoding each, and nothing else is read."""

import contextlib
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncore.codec.packing import pack
from syncore.codec.values import encode_value
from syncore.core.errors import Malformed, RemoteError
from syncore.core.identifiers import DocumentKey, Dot
from syncore.core.limits import MAX_SET_REPLACED, MAX_STRUCT_CLOCK
from syncore.documents.descent import Ancestor
from syncore.documents.entries import (
    RecordEntry,
    RichEntry,
    decode_record_entry,
    decode_rich_entry,
    encode_record_entry,
    encode_rich_entry,
    in_order,
)
from syncore.documents.operations import (
    AddElement,
    AddToCounter,
    CancelCounter,
    DeclareField,
    DeleteDocument,
    FieldKind,
    RemoveElement,
    RemoveField,
    RestoreDocument,
    SetField,
)
from syncore.documents.structures import MAX_AMOUNT_BITS, Cancelled
from tests.documents.fuzzing import assert_total
from tests.documents.worlds import KEY, writer

DOTS = (Dot(writer(1), 3), Dot(writer(2), 1))
OPERATIONS = in_order(
    [
        SetField(field="title", value=encode_value("Alien"), replaces=DOTS),
        SetField(
            field="gross",
            value=encode_value("x"),
            label="FINAL",
            ancestors=(Ancestor(DOTS[1], "y"), Ancestor(DOTS[0], "é")),
        ),
        RemoveField(field="year", replaces=DOTS),
        DeclareField(field="tags", kind=FieldKind.SET),
        DeclareField(field="tags", kind=FieldKind.TEXT, replaces=DOTS[:1]),
        AddElement(field="tags", element=encode_value("horror")),
        AddElement(field="tags", element=encode_value(7), replaces=DOTS),
        RemoveElement(field="tags", element=encode_value("comedy"), replaces=DOTS),
        AddToCounter(field="votes", amount=-(2**70)),
        CancelCounter(field="votes", cancelled=(Cancelled(writer(1), 3, 2**70), Cancelled(writer(2), 1, -1))),
        DeleteDocument(seen={writer(2): 1, writer(1): 3}, replaces=DOTS),
        RestoreDocument(replaces=DOTS),
    ]
)
RECORD_ENTRY = RecordEntry(key=KEY, operations=OPERATIONS)
RICH_ENTRY = RichEntry(
    key=DocumentKey("notes", "two", 3),
    clock_before=5,
    clock_after=9,
    builds_on={writer(2): 4, writer(1): 1},
    update=b"\x00\x00",
)


def test_record_entries_round_trip() -> None:
    """An entry with every operation decodes to what was encoded."""
    assert decode_record_entry(encode_record_entry(RECORD_ENTRY)) == RECORD_ENTRY


def test_rich_entries_round_trip() -> None:
    """A rich entry decodes to what was encoded."""
    assert decode_rich_entry(encode_rich_entry(RICH_ENTRY)) == RICH_ENTRY


def test_an_entry_without_operations_is_allowed() -> None:
    """A commit may touch a document without changing a field."""
    empty = RecordEntry(key=KEY, operations=())
    assert decode_record_entry(encode_record_entry(empty)) == empty


@given(st.permutations(OPERATIONS))
def test_the_order_of_operations_does_not_depend_on_how_they_came(shuffled: list[SetField]) -> None:
    """However operations come, an entry lists them in one order."""
    assert in_order(shuffled) == OPERATIONS


def test_damaged_record_entries_are_read_exactly_or_refused() -> None:
    """Any damaged record entry is refused with a RemoteError, or is the one encoding of something else."""
    assert_total(decode_record_entry, encode_record_entry, encode_record_entry(RECORD_ENTRY))


def test_damaged_rich_entries_are_read_exactly_or_refused() -> None:
    """Any damaged rich entry is refused with a RemoteError, or is the one encoding of something else."""
    assert_total(decode_rich_entry, encode_rich_entry, encode_rich_entry(RICH_ENTRY))


@given(st.binary(max_size=80))
def test_arbitrary_bytes_are_no_surprise(data: bytes) -> None:
    """Whatever the bytes, entries decode or raise a RemoteError."""
    for decode in (decode_record_entry, decode_rich_entry):
        with contextlib.suppress(RemoteError):
            decode(data)


ONE, TWO = (1 << 32) + 7, (2 << 32) + 7
VALUE = encode_value(1)


@pytest.mark.parametrize(
    ("operation", "why"),
    [
        ([], "no known code"),
        ([True, "f", VALUE, []], "no known code"),
        ([10, "f", VALUE, []], "no known code"),
        ([1, "f", VALUE], "3 items"),
        ([1, "", VALUE, []], "empty"),
        ([1, "f\n", VALUE, []], "control character"),
        ([1, "f", b"\xc1", []], "does not decode"),
        ([1, "f", VALUE, [ONE]], "pairs"),
        ([1, "f", VALUE, [ONE, 0]], "commit number"),
        ([1, "f", VALUE, [ONE, 2**63]], "commit number"),
        ([1, "f", VALUE, [1 << 53, 1]], "writer"),
        ([1, "f", VALUE, [TWO, 1, ONE, 1]], "sorted"),
        ([1, "f", VALUE, [ONE, 1, ONE, 1]], "sorted"),
        ([1, "f", VALUE, [ONE, 1] * (MAX_SET_REPLACED + 1)], "allowed"),
        ([3, "f", 0, []], "never declared"),
        ([3, "f", 5, []], "kind of field"),
        ([4, "f", encode_value(1.5), []], "a set cannot hold"),
        ([4, "f", encode_value(value=True), []], "a set cannot hold"),
        ([6, "f", encode_value("1")], "an amount"),
        ([6, "f", encode_value(value=True)], "an amount"),
        ([6, "f", encode_value(2**MAX_AMOUNT_BITS)], "an amount"),
        ([7, "f", [[TWO, 1, VALUE], [ONE, 1, VALUE]]], "sorted"),
        ([7, "f", [[ONE, 0, VALUE]]], "commit number"),
        ([8, [ONE, 0], []], "from 1"),
        ([8, [TWO, 1, ONE, 1], []], "sorted"),
    ],
)
def test_operations_that_break_a_rule_are_refused(operation: list[object], why: str) -> None:
    """Each rule of the format has its message."""
    with pytest.raises(Malformed, match=why):
        decode_record_entry(pack(["notes", "one", 0, [operation]]))  # type: ignore[list-item]


@pytest.mark.parametrize(
    "operations",
    [
        [[9, []], [1, "f", VALUE, []]],
        [[1, "g", VALUE, []], [1, "f", VALUE, []]],
        [[1, "f", VALUE, []], [1, "f", encode_value(2), []]],
    ],
)
def test_operations_out_of_order_or_repeated_are_refused(operations: list[list[object]]) -> None:
    """An entry has one order, and one operation for each target."""
    with pytest.raises(Malformed, match="order"):
        decode_record_entry(pack(["notes", "one", 0, operations]))  # type: ignore[list-item]


@pytest.mark.parametrize(
    ("before", "after", "builds_on"),
    [
        (5, 4, []),
        (0, MAX_STRUCT_CLOCK, []),
        (-1, 4, []),
        (0, 1, [ONE, 0]),
        (0, 1, [ONE, MAX_STRUCT_CLOCK]),
        (0, 1, [TWO, 1, ONE, 1]),
    ],
)
def test_rich_entries_with_impossible_clocks_are_refused(
    before: int, after: int, builds_on: list[int]
) -> None:
    """Clocks rise, and stay where their arithmetic is safe."""
    with pytest.raises(Malformed):
        decode_rich_entry(pack(["notes", "one", 0, before, after, builds_on, b""]))


def test_keys_are_checked() -> None:
    """Names and editions of documents are held to their limits."""
    for key in (
        ["", "one", 0],
        ["notes", "x" * 256, 0],
        ["notes", "one", 2**32],
        ["notes", b"one", 0],
        [1, "one", 0],
    ):
        with pytest.raises(Malformed):
            decode_record_entry(pack([*key, []]))  # type: ignore[list-item]


def test_shuffled_bytes_of_replaced_dots_never_crash() -> None:
    """A parser of dots meets integers of every size."""
    source = random.Random(5)
    for _ in range(300):
        dots = [source.choice([0, 1, ONE, 2**53, 2**64 - 1, -1]) for _ in range(source.randint(0, 4))]
        try:
            decode_record_entry(pack(["notes", "one", 0, [[9, dots]]]))
        except Malformed:
            continue
