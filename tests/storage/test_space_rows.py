"""The table of spaces and the values of the file as a whole."""

from dataclasses import replace

from syncore.core.identifiers import PRIVATE_SPACE, SpaceId, Writer
from syncore.core.ports import SqlConnection
from syncore.storage.log_rows import LogRows, WriterRow
from syncore.storage.space_rows import SpaceRow, SpaceRows

PRIVATE = SpaceRow(space=1, id=PRIVATE_SPACE, is_default=True, writer=Writer(7))
SHARED = SpaceRow(
    space=2,
    id=SpaceId(b"s" * 32),
    is_default=False,
    writer=Writer(2**53 - 2),
    generation=b"g" * 16,
    log_offset=12,
    running_hash=b"r" * 32,
    receipt=b"receipt",
)


def test_spaces_come_back_as_written(sql: SqlConnection) -> None:
    """Every column survives, and writing a space again replaces it."""
    rows = SpaceRows(sql)
    for row in (PRIVATE, SHARED):
        rows.write(row)
    assert rows.all() == [PRIVATE, SHARED]
    rows.write(replace(SHARED, log_offset=13, receipt=None))
    assert rows.all() == [PRIVATE, replace(SHARED, log_offset=13, receipt=None)]


def test_one_space_is_the_default(sql: SqlConnection) -> None:
    """A new default takes the place of the old one."""
    rows = SpaceRows(sql)
    rows.write(PRIVATE)
    rows.write(replace(SHARED, is_default=True))
    assert rows.all() == [replace(PRIVATE, is_default=False), replace(SHARED, is_default=True)]


def test_numbers_are_given_in_order(sql: SqlConnection) -> None:
    """The next number is behind the greatest that is there."""
    rows = SpaceRows(sql)
    assert rows.next_number() == 1
    rows.write(replace(PRIVATE, space=4))
    assert rows.next_number() == 5


def test_a_space_goes_with_its_heads(sql: SqlConnection) -> None:
    """Removing a space removes its writers' heads, and those of no other."""
    rows = SpaceRows(sql)
    rows.write(PRIVATE)
    rows.write(SHARED)
    for space in (1, 2):
        LogRows(sql, space).write_head(WriterRow(Writer(7), 1, b"", b""))
    rows.remove(1)
    assert rows.all() == [SHARED]
    assert (LogRows(sql, 1).heads(), len(LogRows(sql, 2).heads())) == ([], 1)


def test_values_of_the_file(sql: SqlConnection) -> None:
    """A value is None before it is written, and then the last one."""
    rows = SpaceRows(sql)
    assert rows.value("replica") is None
    rows.write_value("replica", b"1")
    rows.write_value("replica", b"2")
    assert rows.value("replica") == b"2"
