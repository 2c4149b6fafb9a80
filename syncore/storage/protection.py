"""Checksums on stored blobs: 8 bytes in front, checked whenever the blob is read."""

from syncore.core.errors import IntegrityError
from syncore.core.hashing import checksum
from syncore.core.ports import SqlValue

CHECKSUM_BYTES = 8


def protect(data: bytes) -> bytes:
    """The blob to store for ``data``."""
    return checksum(data) + data


def recover(blob: SqlValue, *, what: str) -> bytes:
    """The data of a stored blob.

    Raises:
        IntegrityError: the blob is not what was written; names ``what``.
    """
    if not isinstance(blob, bytes) or len(blob) < CHECKSUM_BYTES:
        raise IntegrityError(f"{what} is damaged: no checksum", what=what)
    data = blob[CHECKSUM_BYTES:]
    if checksum(data) != blob[:CHECKSUM_BYTES]:
        raise IntegrityError(f"{what} is damaged: its checksum does not hold", what=what)
    return data


def missing(what: str) -> IntegrityError:
    """What to raise when a row is not there that was written together with one that is."""
    return IntegrityError(f"{what} is damaged: it is not there", what=what)


def integer(value: SqlValue) -> int:
    """A column declared INTEGER NOT NULL."""
    if not isinstance(value, int):
        raise IntegrityError("a number in the file is damaged")
    return value


def blob(value: SqlValue) -> bytes:
    """A column declared BLOB NOT NULL."""
    if not isinstance(value, bytes):
        raise IntegrityError("a key in the file is damaged")
    return value


def text(value: SqlValue) -> str:
    """A column declared TEXT NOT NULL."""
    if not isinstance(value, str):
        raise IntegrityError("a name in the file is damaged")
    return value
