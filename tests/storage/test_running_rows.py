"""Running hashes: one for each offset of a generation, the last word counts."""

from syncore.core.ports import SqlConnection
from syncore.storage.running_rows import RunningRows

OLD, NEW = b"old generation..", b"new generation.."


def test_running_hashes_are_found_by_their_place(sql: SqlConnection) -> None:
    """By generation and offset, within a space."""
    rows = RunningRows(sql, 1)
    rows.add(OLD, 1, [b"a", b"b"])
    rows.add(OLD, 3, [b"c"])
    rows.add(NEW, 1, [b"d"])
    RunningRows(sql, 2).add(OLD, 4, [b"x"])
    assert [rows.at(OLD, offset) for offset in range(5)] == [None, b"a", b"b", b"c", None]
    assert rows.at(NEW, 1) == b"d"


def test_what_is_read_again_replaces_what_was_kept(sql: SqlConnection) -> None:
    """A log that is read again under its old name is the one that counts."""
    rows = RunningRows(sql, 1)
    rows.add(OLD, 1, [b"a", b"b"])
    rows.add(OLD, 2, [b"c"])
    assert [rows.at(OLD, 1), rows.at(OLD, 2)] == [b"a", b"c"]


def test_other_generations_can_be_forgotten(sql: SqlConnection) -> None:
    """Of this space alone."""
    rows, others = RunningRows(sql, 1), RunningRows(sql, 2)
    for one in (rows, others):
        one.add(OLD, 1, [b"a"])
        one.add(NEW, 1, [b"b"])
    rows.forget_all_but(NEW)
    assert (rows.at(OLD, 1), rows.at(NEW, 1), others.at(OLD, 1)) == (None, b"b", b"a")
