"""Checksums of stored rows."""

import pytest

from relay.seals import as_bytes, as_integer, check_seal, sealed
from syncore.core.errors import IntegrityError
from syncore.core.hashing import checksum
from syncore.core.ports import Row, SqlValue

ROW: Row = (7, b"space", None, b"", 2**63 - 1)


def test_a_sealed_row_is_what_was_written() -> None:
    """The columns stay as they are, the seal stands behind them, and it holds."""
    row = sealed(ROW)
    assert row[:-1] == ROW
    check_seal(row, "a row")
    check_seal(sealed(()), "an empty row")


def test_the_seal_is_the_specified_one() -> None:
    """8 bytes over every column with its length before it: integers in decimal, NULL as None."""
    parts = [b"7", b"space", b"None", b"", b"9223372036854775807"]
    assert sealed(ROW)[-1] == checksum(b"".join(len(part).to_bytes(8, "big") + part for part in parts))


@pytest.mark.parametrize(
    "columns",
    [
        (8, *ROW[1:]),
        (7, b"spacf", *ROW[2:]),
        (7, b"spac", None, b"e", ROW[4]),
        (7, b"space", b"", b"", ROW[4]),
        (7, b"space", b"", None, ROW[4]),
        (b"space", 7, *ROW[2:]),
        ROW[:-1],
        (*ROW, None),
    ],
)
def test_another_row_does_not_fit_the_seal(columns: Row) -> None:
    """A changed, moved, swapped, lost or added column is an IntegrityError that names what was read."""
    with pytest.raises(IntegrityError, match="an invitation slot"):
        check_seal((*columns, sealed(ROW)[-1]), "an invitation slot")


@pytest.mark.parametrize("seal", [bytes(8), b"", None, 7, "text"])
def test_a_seal_that_is_none_does_not_hold(seal: SqlValue) -> None:
    """A damaged seal is as bad as a damaged row."""
    with pytest.raises(IntegrityError):
        check_seal((*ROW, seal), "a row")


def test_columns_have_the_type_that_was_written() -> None:
    """Integers and bytes pass as they are; anything else in their place is an IntegrityError."""
    assert (as_integer(0), as_integer(-1), as_bytes(b"")) == (0, -1, b"")
    for value in (None, 1.0, "1", b"1", True):
        with pytest.raises(IntegrityError):
            as_integer(value)
    for other in (None, 1, "1"):
        with pytest.raises(IntegrityError):
            as_bytes(other)
