"""Building a database file anew beside another, and putting it in its place in one step."""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from syncore.adapters.sqlite_connection import SqliteConnection, run
from syncore.adapters.sqlite_errors import SQLITE_FAULTS, translated
from syncore.adapters.sqlite_snapshot import as_text
from syncore.core.errors import NotWritable, StorageError
from syncore.core.ports import SqlConnection


@contextmanager
def build_file(path: Path, *, application_id: int) -> Iterator[SqlConnection]:
    """A file that must not exist yet, in one transaction; durable after the block, gone after an error.

    Raises:
        NotWritable, DiskFull, StorageError: it cannot be made.
    """
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=rwc", isolation_level=None, uri=True)) as made:
            made.text_factory = as_text
            settings = ("journal_mode = OFF", "synchronous = OFF", f"application_id = {application_id}")
            for setting in settings:
                run(made, f"PRAGMA {setting}")
            run(made, "BEGIN")
            yield SqliteConnection(made)
            run(made, "COMMIT")
            run(made, "PRAGMA journal_mode = WAL")
        _sync(path)
    except SQLITE_FAULTS as error:
        remove_database(path)
        raise translated(error) from error
    except BaseException:
        remove_database(path)
        raise


def swap_in(fresh: Path, path: Path, kept: Path) -> None:
    """Put ``fresh`` in the place of ``path``, which stays as ``kept``. The caller owns the file.

    The log beside the old file is moved into it first: SQLite would read it into the new one. A crash at any
    moment leaves one of the two under the name, and the old one under a name of its own or under this.

    Raises:
        StorageError: the log cannot be moved, or the disk refuses; the file is where it was.
    """
    log = Path(f"{path}-wal")
    try:
        if log.exists() and log.stat().st_size:
            _empty_log(path)
        try:
            os.link(path, kept)
        except OSError:  # a file system without links
            shutil.copyfile(path, kept)
            _sync(kept)
        _sync(path.parent)
        for suffix in ("-wal", "-shm"):
            Path(f"{path}{suffix}").unlink(missing_ok=True)
        fresh.replace(path)
        _sync(path.parent)
    except OSError as error:
        raise NotWritable(f"{path} cannot be replaced: {error}") from error


def remove_database(path: Path) -> None:
    """Remove a database file that nobody needs, with what SQLite keeps beside it."""
    for suffix in ("", "-wal", "-shm", "-journal"):
        with suppress(OSError):
            Path(f"{path}{suffix}").unlink(missing_ok=True)


def _empty_log(path: Path) -> None:
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=rw", isolation_level=None, uri=True)) as connection:
        found = run(connection, "PRAGMA wal_checkpoint(TRUNCATE)")
    if found is None or found[0]:
        raise StorageError(
            "the log beside the file cannot be moved into it", hint="close programs that read the file"
        )


def _sync(path: Path) -> None:
    if os.name == "nt" and path.is_dir():
        return
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
