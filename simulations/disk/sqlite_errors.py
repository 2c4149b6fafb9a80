"""What apsw raises, as syncore's errors: the same as the adapters make of what ``sqlite3`` raises."""

from typing import Final

import apsw

from syncore.adapters.sqlite_errors import error_of_code
from syncore.core.errors import IntegrityError, Misused, SyncoreError

APSW_FAULTS: Final = (apsw.Error, OverflowError, UnicodeError, TypeError)
"""What the calls of apsw raise; to be caught around them and handed to :func:`translated`."""


def translated(error: Exception) -> SyncoreError:
    """The error to raise ``from`` one of :data:`APSW_FAULTS`; ``details`` has SQLite's code and name."""
    if isinstance(error, UnicodeDecodeError):
        return IntegrityError(f"stored text does not read: {error}")
    if not isinstance(error, apsw.Error):
        return Misused(f"a parameter does not fit into SQLite: {error}")
    code: int | None = getattr(error, "extendedresult", None)
    if code is None:
        return Misused(f"a wrong use of SQLite: {error}")
    return error_of_code(code, _name(code), error)


def _name(code: int) -> str:
    names = apsw.mapping_result_codes if code <= 0xFF else apsw.mapping_extended_result_codes
    return str(names.get(code, code))
