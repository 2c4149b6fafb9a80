"""What SQLite's errors mean where the SQL is somebody else's: mostly that it is wrong, and where.

For statements of our own see :mod:`syncore.adapters.sqlite_errors`: there a missing table is damage.
"""

import re
import sqlite3
from typing import Final

from syncore.adapters.sqlite_errors import translated
from syncore.core.errors import Misused, SyncoreError, TooLarge

_PRIMARY = 0xFF
_OF_THE_QUERY: Final = {
    sqlite3.SQLITE_ERROR,
    sqlite3.SQLITE_AUTH,
    sqlite3.SQLITE_MISMATCH,
    sqlite3.SQLITE_RANGE,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CONSTRAINT,
    sqlite3.SQLITE_MISUSE,
    sqlite3.SQLITE_TOOBIG,
}
_NEAR: Final = re.compile(r'near "(?P<token>.*)": syntax error', re.DOTALL)
_TOKEN: Final = re.compile(r'unrecognized token: "(?P<token>.*)"', re.DOTALL)
_NAMED: Final = re.compile(
    r"(?:no such (?:table|column|function|collation sequence)|ambiguous column name): (?P<token>.+)"
)
_MAX_PLACES: Final = 100
"""Places that are tried for the one where a query stops making sense."""


def query_error(error: Exception, sql: str, connection: sqlite3.Connection | None) -> SyncoreError:
    """The error to raise ``from`` what a query raised.

    ``details`` has SQLite's own message (``sqlite_message``) and, where it is known, ``position`` (an index
    into the text), ``line`` and ``column`` (from 1).

    Args:
        error: One of ``SQLITE_FAULTS``, or a ``MemoryError`` or ``ValueError`` of the ``sqlite3`` module.
        sql: The query.
        connection: Where it was to run, while nothing else can happen there than to read what is shown.
    """
    if isinstance(error, MemoryError):
        return TooLarge("the query needs more memory than there is")
    code: int | None = getattr(error, "sqlite_errorcode", None)
    if code is not None and code & _PRIMARY not in _OF_THE_QUERY:
        return translated(error)
    message = str(error)
    position = _position(message, sql, connection)
    if position is None:
        return Misused(f"SQLite refuses the query: {message}", sqlite_message=message)
    line, column = sql.count("\n", 0, position) + 1, position - (sql.rfind("\n", 0, position) + 1) + 1
    return Misused(
        f"SQLite refuses the query: {message} (line {line}, column {column})",
        sqlite_message=message,
        position=position,
        line=line,
        column=column,
    )


def _position(message: str, sql: str, connection: sqlite3.Connection | None) -> int | None:
    if message == "incomplete input":
        return len(sql)
    if found := _NEAR.fullmatch(message):
        return _where_it_stops(message, found["token"], sql, connection)
    if found := _TOKEN.fullmatch(message):
        return _first(found["token"], sql)
    if found := _NAMED.fullmatch(message):
        places = [
            place.start()
            for place in re.finditer(re.escape(found["token"].rpartition(".")[2]), sql, re.IGNORECASE)
        ]
        return places[0] if len(places) == 1 else None
    return None


def _first(token: str, sql: str) -> int | None:
    place = sql.find(token)
    return None if place < 0 else place


def _where_it_stops(message: str, token: str, sql: str, connection: sqlite3.Connection | None) -> int | None:
    """The first place of a token up to which the query does not compile, with the same message.

    Before it there is only a query that is not complete. Compiling runs nothing.
    """
    place, tried = sql.find(token), 0
    while place >= 0 and connection is not None and tried < _MAX_PLACES:
        try:
            connection(sql[: place + len(token)])
        except (sqlite3.Error, sqlite3.Warning, ValueError) as error:
            if str(error) == message:
                return place
        place, tried = sql.find(token, place + 1), tried + 1
    return None
