"""What apsw raises becomes what the adapters raise for the same fault."""

import sqlite3

import apsw
import pytest

from simulations.disk.sqlite_errors import translated
from syncore.adapters import sqlite_errors
from syncore.core.errors import IntegrityError, Misused

CODES = {
    name: code
    for name, code in vars(sqlite3).items()
    if name.startswith(
        (
            "SQLITE_FULL",
            "SQLITE_IOERR",
            "SQLITE_CORRUPT",
            "SQLITE_BUSY",
            "SQLITE_READONLY",
            "SQLITE_CONSTRAINT",
        )
    )
}


@pytest.mark.parametrize("name", CODES)
def test_a_code_becomes_the_same_error_from_both_drivers(name: str) -> None:
    """Kind, code, name and hint do not depend on who talked to SQLite."""
    theirs = sqlite3.OperationalError("disk trouble")
    theirs.sqlite_errorcode, theirs.sqlite_errorname = CODES[name], name
    ours = apsw.exception_for(CODES[name])
    expected, found = sqlite_errors.translated(theirs), translated(ours)
    assert type(found) is type(expected)
    assert found.details == expected.details
    assert found.hint == expected.hint


def test_what_has_no_code_is_a_mistake_or_damage() -> None:
    """Parameters that do not fit are the caller's fault, text that does not read is the disk's."""
    assert type(translated(apsw.BindingsError("none supplied"))) is Misused
    assert type(translated(OverflowError("too large"))) is Misused
    assert type(translated(TypeError("an object"))) is Misused
    assert type(translated(UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid"))) is IntegrityError
