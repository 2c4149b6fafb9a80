"""The stored form of a record: lossless, canonical, checked."""

import pytest

from syncore.codec.packing import pack
from syncore.codec.values import encode_value
from syncore.core.errors import Malformed
from syncore.core.hybrid_clock import HybridTime
from syncore.core.identifiers import Dot
from syncore.documents.descent import Ancestor
from syncore.documents.operations import FieldKind
from syncore.documents.record import Record, Sibling, Tally
from syncore.documents.record_encoding import decode_record, encode_record
from tests.documents.fuzzing import assert_total
from tests.documents.worlds import writer

A, B = writer(1), writer(2)
X, Y = encode_value("x"), encode_value(2**70)
FULL = Record(
    vector={B: 3, A: 9},
    clocks={A: 17},
    registers={
        "title": (Sibling(Dot(A, 1), X, HybridTime(5)), Sibling(Dot(B, 1), Y, HybridTime(2**63 - 1))),
        "text": (
            Sibling(Dot(A, 2), X, HybridTime(6), "", (Ancestor(Dot(A, 1), "é"),)),
            Sibling(Dot(B, 1), X, HybridTime(6), "FINAL"),
        ),
    },
    sets={"tags": {X: (Dot(A, 1), Dot(B, 2)), encode_value(1): (Dot(B, 3),)}},
    counters={"n": {B: Tally(3, -(2**80), 2, 7), A: Tally(1, 4)}, "m": {A: Tally(0, 0, 1, 3)}},
    declarations={"tags": {FieldKind.LIST: (Dot(A, 3),), FieldKind.SET: (Dot(A, 2), Dot(B, 1))}},
    deletions={Dot(B, 2): {B: 1, A: 3}, Dot(A, 4): {}},
)


def test_records_round_trip() -> None:
    """A record with everything in it decodes to itself, and so does an empty one."""
    assert decode_record(encode_record(FULL)) == FULL
    assert decode_record(encode_record(Record())) == Record()


def test_equal_records_have_equal_bytes() -> None:
    """The order in which a record was filled does not show."""
    shuffled = Record(
        vector=dict(reversed(FULL.vector.items())),
        clocks=FULL.clocks,
        registers=FULL.registers,
        sets={"tags": dict(reversed(FULL.sets["tags"].items()))},
        counters={name: dict(reversed(FULL.counters[name].items())) for name in reversed(FULL.counters)},
        declarations={"tags": dict(reversed(FULL.declarations["tags"].items()))},
        deletions=dict(reversed(FULL.deletions.items())),
    )
    assert encode_record(shuffled) == encode_record(FULL)


def test_damaged_records_are_read_exactly_or_refused() -> None:
    """Any damaged record is refused with a RemoteError, or is the one encoding of another record."""
    assert_total(decode_record, encode_record, encode_record(FULL))


ONE, TWO = int(A), int(B)


@pytest.mark.parametrize(
    ("place", "part", "why"),
    [
        (0, [ONE, 0], "from 1"),
        (1, [ONE, 2**31], "from 1"),
        (2, [["f", []]], "no siblings"),
        (2, [["f", [[ONE, 1, X, 0]]], ["f", [[ONE, 1, X, 0]]]], "out of order"),
        (2, [["f", [[TWO, 1, X, 0], [ONE, 1, X, 0]]]], "out of order"),
        (2, [["f", [[ONE, 1, X, -1]]]], "time"),
        (3, [["f", []]], "does not have"),
        (3, [["f", [[X, []]]]], "missing"),
        (3, [["f", [[encode_value(0.5), [ONE, 1]]]]], "cannot hold"),
        (4, [["f", []]], "does not have"),
        (4, [["f", [[ONE, 1, encode_value("1"), 0, encode_value(0)]]]], "total"),
        (5, [["f", []]], "does not have"),
        (5, [["f", [[1, [ONE, 1]]]]], "never declared"),
        (6, [[ONE, 1, [ONE]]], "pairs"),
    ],
)
def test_parts_that_break_a_rule_are_refused(place: int, part: list[object], why: str) -> None:
    """Each rule of the stored form has its message."""
    parts: list[object] = [[], [], [], [], [], [], []]
    parts[place] = part
    with pytest.raises(Malformed, match=why):
        decode_record(pack(parts))  # type: ignore[arg-type]
