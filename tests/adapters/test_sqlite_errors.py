"""What each of SQLite's codes becomes."""

import sqlite3

import pytest

from syncore.adapters.sqlite_errors import SQLITE_FAULTS, is_failed_sync, translated
from syncore.core.errors import (
    DiskFull,
    IntegrityError,
    Locked,
    Misused,
    NotWritable,
    StorageError,
    SyncoreError,
)


def fault(name: str) -> sqlite3.OperationalError:
    """The error that sqlite3 raises for a code."""
    error = sqlite3.OperationalError("something")
    error.sqlite_errorname = name
    error.sqlite_errorcode = getattr(sqlite3, name)
    return error


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("SQLITE_FULL", DiskFull),
        ("SQLITE_IOERR_WRITE", DiskFull),
        ("SQLITE_IOERR_SHMSIZE", DiskFull),
        ("SQLITE_READONLY", NotWritable),
        ("SQLITE_READONLY_DBMOVED", NotWritable),
        ("SQLITE_READONLY_DIRECTORY", NotWritable),
        ("SQLITE_CANTOPEN", NotWritable),
        ("SQLITE_CANTOPEN_ISDIR", NotWritable),
        ("SQLITE_PERM", NotWritable),
        ("SQLITE_BUSY", Locked),
        ("SQLITE_BUSY_SNAPSHOT", Locked),
        ("SQLITE_LOCKED", Locked),
        ("SQLITE_CORRUPT", IntegrityError),
        ("SQLITE_CORRUPT_INDEX", IntegrityError),
        ("SQLITE_NOTADB", IntegrityError),
        ("SQLITE_IOERR_CORRUPTFS", IntegrityError),
        ("SQLITE_IOERR_READ", StorageError),
        ("SQLITE_IOERR_FSYNC", StorageError),
        ("SQLITE_CONSTRAINT_UNIQUE", IntegrityError),
        ("SQLITE_ERROR", StorageError),
    ],
)
def test_every_code_has_its_error(name: str, kind: type[SyncoreError]) -> None:
    """A code, extended or not, becomes the error that tells whose fault it is, with the code in its
    details.
    """
    error = translated(fault(name))
    assert type(error) is kind
    assert error.details["sqlite_name"] == name
    assert name in error.message


@pytest.mark.parametrize(
    "told",
    [
        "table commits already exists",
        "no such table: commits",
        "no such column: dot",
        "table commits has no column named dot",
        "ON CONFLICT clause does not match any PRIMARY KEY or UNIQUE constraint",
    ],
)
def test_a_schema_that_lost_something_is_damage(told: str) -> None:
    """A fixed statement that no longer fits the stored tables tells of damage, not of a wrong call."""
    error = sqlite3.OperationalError(told)
    error.sqlite_errorcode = sqlite3.SQLITE_ERROR
    error.sqlite_errorname = "SQLITE_ERROR"
    found = translated(error)
    assert isinstance(found, IntegrityError)
    assert told in found.message


def test_only_a_failed_sync_is_one() -> None:
    """The codes of fsync, and no other, say that earlier writes may be lost."""
    for name in dir(sqlite3):
        if name.startswith("SQLITE_") and name.isupper() and isinstance(getattr(sqlite3, name), int):
            assert is_failed_sync(translated(fault(name))) == (
                name in {"SQLITE_IOERR_FSYNC", "SQLITE_IOERR_DIR_FSYNC"}
            )
    assert not is_failed_sync(ValueError())


def test_every_fault_of_a_call_is_translated() -> None:
    """The exceptions that are caught around sqlite3 all have a translation."""
    examples = [
        sqlite3.Error("x"),
        sqlite3.ProgrammingError("x"),
        sqlite3.Warning("x"),
        OverflowError("x"),
        UnicodeEncodeError("utf-8", "\ud800", 0, 1, "x"),
    ]
    for example in examples:
        assert isinstance(example, SQLITE_FAULTS)
        assert type(translated(example)) is Misused
    assert type(translated(sqlite3.OperationalError("Could not decode to UTF-8"))) is IntegrityError


def test_text_of_the_schema_that_is_none_is_damage() -> None:
    """Python cannot read what SQLite says of a schema with damaged text; that is told as damage too."""
    error = translated(UnicodeDecodeError("utf-8", b"\xe5", 0, 1, "invalid continuation byte"))
    assert isinstance(error, IntegrityError)
