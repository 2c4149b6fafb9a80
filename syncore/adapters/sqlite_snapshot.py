"""A file as it is at one moment, to be looked at for long; and a database to work in that nobody keeps.

For tools that examine or copy a file on a thread of their own, beside the program that writes it or without
any. Stored text that is no text is given with escapes instead of raising: what is damaged is to be told.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from syncore.adapters.sqlite_connection import SqliteConnection, run
from syncore.adapters.sqlite_errors import SQLITE_FAULTS, translated
from syncore.adapters.sqlite_opening import connect_to_read
from syncore.core.ports import SqlConnection


@contextmanager
def open_snapshot(path: Path) -> Iterator[SqlConnection]:
    """The file as it is now, for reading; others may write it meanwhile.

    Raises:
        StorageError, IntegrityError: it cannot be opened.
    """
    with closing(connect_to_read(path)) as connection:
        connection.text_factory = as_text
        run(connection, "BEGIN")
        yield SqliteConnection(connection)


@contextmanager
def open_scratch() -> Iterator[SqlConnection]:
    """An empty database in a file that has no name and ends with the block; memory stays small."""
    try:
        connection = sqlite3.connect("", isolation_level=None)
    except SQLITE_FAULTS as error:
        raise translated(error) from error
    with closing(connection):
        for setting in ("journal_mode = OFF", "synchronous = OFF", "cache_size = -8192"):
            run(connection, f"PRAGMA {setting}")
        run(connection, "BEGIN")
        yield SqliteConnection(connection)


def as_text(data: bytes) -> str:
    """Stored text, with escapes for what is none."""
    return data.decode("utf-8", "backslashreplace")
