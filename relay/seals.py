"""Checksums of stored rows: every row ends with a seal over its other columns, checked whenever it is read.

Against accidents of disks and memory, not against attackers. Columns are integers, byte strings or NULL.
"""

from syncore.core.errors import IntegrityError
from syncore.core.hashing import checksum
from syncore.core.ports import Row, SqlValue


def sealed(columns: Row) -> Row:
    """The columns with their checksum behind them."""
    return (*columns, _seal(columns))


def check_seal(row: Row, what: str) -> None:
    """Return if a row that ends with its seal is what was written.

    Raises:
        IntegrityError: it is not.
    """
    if _seal(row[:-1]) != row[-1]:
        raise IntegrityError(f"{what} in the relay's store is not what was written")


def as_integer(value: SqlValue) -> int:
    """A column that was written as an integer.

    Raises:
        IntegrityError: it holds something else.
    """
    if type(value) is not int:
        raise IntegrityError("the relay's store holds something else where an integer was written")
    return value


def as_bytes(value: SqlValue) -> bytes:
    """A column that was written as bytes.

    Raises:
        IntegrityError: it holds something else.
    """
    if type(value) is not bytes:
        raise IntegrityError("the relay's store holds something else where bytes were written")
    return value


def _seal(columns: Row) -> bytes:
    parts = []
    for column in columns:
        part = column if isinstance(column, bytes) else str(column).encode()
        parts += [len(part).to_bytes(8, "big"), part]
    return checksum(b"".join(parts))
