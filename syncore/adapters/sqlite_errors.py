"""What SQLite's error codes mean for whoever reads the error.

Owns the translation of ``sqlite3`` exceptions, and of those that binding a parameter raises, into syncore's
tree, and what each code means for other drivers too; the codes are those of
https://www.sqlite.org/rescode.html. Knows nothing of transactions or files.
"""

import sqlite3
from typing import Final

from syncore.core.errors import (
    DiskFull,
    IntegrityError,
    Locked,
    Misused,
    NotWritable,
    StorageError,
    SyncoreError,
)

SQLITE_FAULTS: Final = (sqlite3.Error, sqlite3.Warning, OverflowError, UnicodeError)
"""What the calls of ``sqlite3`` raise; to be caught around them and handed to :func:`translated`."""

_PRIMARY = 0xFF  # an extended code carries its primary code in the lowest byte
_NO_ROOM = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE}
_UNSYNCED = {sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_IOERR_DIR_FSYNC}
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_DAMAGED_READ = {sqlite3.SQLITE_IOERR_DATA, sqlite3.SQLITE_IOERR_CORRUPTFS, sqlite3.SQLITE_IOERR_SHORT_READ}
_FORBIDDEN = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH}
_TAKEN = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL}
_SCHEMA_DAMAGED = (
    "already exists",
    "no such table",
    "no such column",
    "no such index",
    "no such collation",
    "has no column named",
    "does not match any PRIMARY KEY",
)
"""What SQLite says, with its code for everything, to statements of ours that the stored schema fails."""


def translated(error: Exception) -> SyncoreError:
    """The error to raise ``from`` one of :data:`SQLITE_FAULTS`; ``details`` has SQLite's code and name."""
    if isinstance(error, OverflowError | UnicodeEncodeError):
        return Misused(f"a parameter does not fit into SQLite: {error}")
    if isinstance(error, UnicodeError):  # in the schema, or in what SQLite says of it
        return IntegrityError(f"stored text does not read: {error}")
    code: int | None = getattr(error, "sqlite_errorcode", None)
    if code is None:
        return _without_code(error)
    return error_of_code(code, getattr(error, "sqlite_errorname", ""), error)


def error_of_code(code: int, name: str, cause: Exception) -> SyncoreError:
    """The error to raise ``from`` a driver's exception that carries an extended code of this name."""
    kind, message, hint = _meaning(code)
    if code == sqlite3.SQLITE_ERROR and any(told in str(cause) for told in _SCHEMA_DAMAGED):
        # Every statement is a fixed one that fits the schema as we made it: the stored one is another.
        kind, message = IntegrityError, "the file's tables are not as they were made"
    return kind(f"{message}: {cause} ({name})", hint=hint, sqlite_code=code, sqlite_name=name)


def is_failed_sync(error: BaseException) -> bool:
    """Whether the operating system could not say that earlier writes are on the disk.

    Linux forgets what it failed to write, so a later sync succeeds without it: nothing that the file promised
    may be relied on until it was opened and read anew (Rebello et al., "Can applications recover from fsync
    failures?", 2020).
    """
    return isinstance(error, StorageError) and error.details.get("sqlite_code") in _UNSYNCED


def failed_earlier(cause: StorageError) -> StorageError:
    """What to raise for every write after one that :func:`is_failed_sync` is true of."""
    return StorageError(
        "the disk has failed to store earlier writes",
        hint="check the disk, then open the file anew",
        **cause.details,
    )


def _meaning(code: int) -> tuple[type[SyncoreError], str, str]:
    """The error for an extended code, its message and its hint (empty: the error's own)."""
    if code in _NO_ROOM:
        hint = "" if code == sqlite3.SQLITE_FULL else "free some space; if there is room, the disk is failing"
        return DiskFull, "there is no room for what was to be written", hint
    if code & _PRIMARY in _DAMAGED or code in _DAMAGED_READ:
        return IntegrityError, "SQLite finds the file damaged", ""
    if code & _PRIMARY == sqlite3.SQLITE_CONSTRAINT:
        # Our statements never break one in a file that holds what was written.
        return IntegrityError, "a row of the file contradicts what belongs beside it", ""
    if code & _PRIMARY in _FORBIDDEN:
        return NotWritable, "the file cannot be opened or written", _what_forbids(code)
    if code & _PRIMARY in _TAKEN:
        return Locked, "another program works on the file", "close it and try again"
    return StorageError, "SQLite failed", ""


def _without_code(error: Exception) -> SyncoreError:
    """An error of the ``sqlite3`` module itself: a wrong call, or bytes that it could not read as text."""
    if isinstance(error, sqlite3.OperationalError):
        return IntegrityError(f"stored text does not read: {error}")
    return Misused(f"a wrong use of SQLite: {error}")


def _what_forbids(code: int) -> str:
    if code == sqlite3.SQLITE_READONLY_DBMOVED:
        return "the file was moved, replaced or deleted while it was open"
    return "check that the folder exists and that the file, the folder and the disk may be written"
