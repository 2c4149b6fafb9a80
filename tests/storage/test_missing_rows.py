"""What the relay lacks: noted as a whole, in an order that is causal, and crossed off by hash."""

from syncore.core.identifiers import Writer
from syncore.core.ports import SqlConnection
from syncore.storage.log_rows import LogRows
from syncore.storage.missing_rows import MissingKind, MissingRow, MissingRows

A = Writer(1)
CONTROL = [MissingRow(MissingKind.CONTROL, n, b"link %d" % n) for n in range(2)]
SEGMENTS = [MissingRow(MissingKind.SEGMENT, n, b"hash %d" % n) for n in (1, 2, 3)]


def filled(sql: SqlConnection, space: int = 1) -> MissingRows:
    """A space of which the relay lacks two control records and three segments."""
    log = LogRows(sql, space)
    for number in (1, 2, 3):
        log.add_segment(
            writer=A, first=number, last=number, hash_=b"hash %d" % number, segment=b"s", arrived_ms=7
        )
    missing = MissingRows(sql, space)
    missing.add_all_segments()
    missing.add_control([row.hash for row in CONTROL])
    return missing


def test_control_records_come_first_then_segments_in_their_order(sql: SqlConnection) -> None:
    """Pages follow each other without gap, and another space's items never show."""
    filled(sql, 2)
    missing = filled(sql)
    assert missing.count() == 5
    assert missing.after(MissingKind.CONTROL, -1, limit=9) == CONTROL + SEGMENTS
    assert missing.after(MissingKind.CONTROL, 0, limit=2) == [CONTROL[1], SEGMENTS[0]]
    assert missing.after(MissingKind.SEGMENT, 2, limit=9) == SEGMENTS[2:]


def test_an_item_is_crossed_off_once(sql: SqlConnection) -> None:
    """By its hash, whatever it is; what was not missing is not crossed off."""
    other = filled(sql, 2)
    missing = filled(sql)
    assert missing.remove(b"hash 2")
    assert missing.remove(b"link 0")
    assert not missing.remove(b"hash 2")
    assert not missing.remove(b"hash 9")
    assert missing.after(MissingKind.CONTROL, -1, limit=9) == [CONTROL[1], SEGMENTS[0], SEGMENTS[2]]
    assert other.count() == 5


def test_noting_everything_again_changes_nothing_but_what_was_crossed_off(sql: SqlConnection) -> None:
    """A relay that loses its disk twice lacks everything again, each item once."""
    missing = filled(sql)
    missing.remove(b"hash 1")
    missing.add_all_segments()
    missing.add_control([row.hash for row in CONTROL])
    assert missing.after(MissingKind.CONTROL, -1, limit=9) == CONTROL + SEGMENTS
