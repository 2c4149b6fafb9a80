"""Segments, control records, heads, closed writers, sealed segments and waiting entries."""

import pytest

from syncore.core.errors import IntegrityError
from syncore.core.identifiers import Writer
from syncore.core.ports import SqlConnection
from syncore.storage.log_rows import ClosedWriterRow, LogRows, SealedRow, WriterRow
from syncore.storage.protection import recover

A, B = Writer(1), Writer(2**53 - 2**33)


@pytest.fixture
def log(sql: SqlConnection) -> LogRows:
    """The log of a space, with another space beside it that must never show."""
    other = LogRows(sql, 2)
    other.add_segment(writer=A, first=1, last=9, hash_=b"other", segment=b"other", arrived_ms=7)
    other.add_control(0, b"other")
    other.write_head(WriterRow(A, 9, b"other", b""))
    other.close_writer(ClosedWriterRow(A, 9, "other", b""))
    other.add_sealed(SealedRow(1, A, 1, 1, b"other", b""))
    return LogRows(sql, 1)


def test_segments_are_found_by_their_end(log: LogRows) -> None:
    """Only the number with which a segment ends names it."""
    log.add_segment(writer=A, first=1, last=2, hash_=b"h2", segment=b"s2", arrived_ms=7)
    log.add_segment(writer=A, first=3, last=3, hash_=b"h3", segment=b"s3", arrived_ms=7)
    assert [log.segment_hash(A, number) for number in (1, 2, 3, 9)] == [None, b"h2", b"h3", None]
    assert log.segments(after=0, limit=9) == [(1, b"s2"), (2, b"s3")]
    assert log.segments(after=1, limit=1) == [(2, b"s3")]


def test_no_number_is_held_twice(log: LogRows) -> None:
    """Two segments that end with one commit cannot both be kept."""
    log.add_segment(writer=A, first=1, last=2, hash_=b"h", segment=b"", arrived_ms=7)
    with pytest.raises(IntegrityError):
        log.add_segment(writer=A, first=2, last=2, hash_=b"i", segment=b"", arrived_ms=7)


def test_control_records_keep_their_order(log: LogRows) -> None:
    """The control log comes back by sequence."""
    log.add_control(1, b"one")
    log.add_control(0, b"zero")
    assert log.control() == [b"zero", b"one"]


def test_heads_move(log: LogRows) -> None:
    """Each writer has one head, the last one written."""
    log.write_head(WriterRow(A, 1, b"h1", b"r1"))
    log.write_head(WriterRow(A, 5, b"h5", b"r5"))
    log.write_head(WriterRow(B, 2, b"h2", b""))
    assert sorted(log.heads(), key=lambda row: row.writer) == [
        WriterRow(A, 5, b"h5", b"r5"),
        WriterRow(B, 2, b"h2", b""),
    ]


def test_a_writer_is_closed_once(log: LogRows) -> None:
    """The first evidence against a writer stays, whatever comes later."""
    log.close_writer(ClosedWriterRow(A, 3, "first", b"evidence"))
    log.close_writer(ClosedWriterRow(A, 1, "second", b"other"))
    assert log.closed_writers() == [ClosedWriterRow(A, 3, "first", b"evidence")]


def test_sealed_segments_wait_in_order(log: LogRows) -> None:
    """Sealed segments come back oldest first, and are forgotten one by one or all at once."""
    rows = [SealedRow(n, A, n, n, bytes([n]), bytes([n] * 3)) for n in (1, 2, 3)]
    for row in reversed(rows):
        log.add_sealed(row)
    assert log.sealed() == rows
    log.remove_sealed(b"\x01")
    assert log.sealed() == rows[1:]
    log.remove_all_sealed()
    assert log.sealed() == []


def test_unknown_entries_are_kept(sql: SqlConnection, log: LogRows) -> None:
    """An entry of a kind that this version cannot read is stored whole, with its place and a checksum."""
    log.keep_waiting(A, 4, 1, 200, b"later")
    found = sql.row("SELECT space, writer, number, ordinal, kind, body FROM waiting_entries")
    assert found is not None
    assert found[:5] == (1, A, 4, 1, 200)
    assert recover(found[5], what="it") == b"later"
