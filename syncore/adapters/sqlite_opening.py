"""Opening the one SQLite file of a replica: is it one, and how is SQLite set up for it?

A file is recognised by the application id in its header
(https://www.sqlite.org/fileformat.html#application_id), which is written before anything else and looked at
without changing a byte. What the numbers in ``user_version`` and the tables mean is the caller's business.
"""

import sqlite3
from os import PathLike
from pathlib import Path

from syncore.adapters.sqlite_connection import integer_pragma, run, touch
from syncore.adapters.sqlite_errors import SQLITE_FAULTS, translated
from syncore.core.errors import IntegrityError, NotAReplica, NotWritable, StorageError
from syncore.core.limits import KIB, MIB
from syncore.core.ports import Durability

LOG_LIMIT_BYTES = 16 * MIB
"""About 1,000 pages of write-ahead log: where a checkpoint is due and what a restarted log is cut to."""
CACHE_BYTES = 8 * MIB
"""Pages kept in memory by a connection: the upper levels of every index of a database of some gigabytes."""
WAIT_FOR_OTHERS_MS = 5_000
"""How long a thread waits for another program's lock; a backup tool holds it for moments."""

_FIRST_PAGE_BYTES = 4 * KIB
"""What a file of ours holds until its making has been committed: one page of SQLite's default size."""

_URI_MODES = {"read": "mode=ro", "write": "mode=rwc", "frozen": "mode=ro&immutable=1"}


def resolve_path(path: str | PathLike[str]) -> Path:
    """The real path of a database file, links followed, so that one file has one name.

    Raises:
        NotWritable: the folder does not exist, or the path names something that is not a file.
    """
    try:
        real = Path(path).expanduser().resolve()
        if real.is_dir() or (real.exists() and not real.is_file()):
            raise NotWritable(f"{real} is not a file", hint="name a file inside an existing folder")
        if not real.parent.is_dir():
            raise NotWritable(f"the folder {real.parent} does not exist", hint="create it first")
    except (OSError, RuntimeError, ValueError) as error:  # a loop of links, a name too long, a NUL inside it
        raise NotWritable(f"{path!r} cannot be a file: {error}") from error
    return real


def open_to_write(path: Path, *, application_id: int, durability: Durability) -> sqlite3.Connection:
    """The first connection: makes a new file or checks an existing one, and tries whether it can be written.

    Raises:
        NotAReplica: SQLite cannot read it, or it has another application id; it was not touched.
        NotWritable: the file, its folder or the disk cannot be written.
    """
    if not _is_empty(path):
        _check_file_or_journal(path, application_id)
    connection = _connect(path, "write")
    try:
        # A file is made with full syncs: without a log in use yet, a power cut could leave half a page.
        _set_up(connection, durability=Durability.FULL, wait_ms=WAIT_FOR_OTHERS_MS)
        if integer_pragma(connection, "application_id") != application_id:
            # New, or a crash while it was made was undone only now, by the journal that it had left behind.
            _mark(connection, application_id)
        _use_log(connection)
        run(connection, f"PRAGMA synchronous = {durability.name}")
        # SQLite opens what it cannot write for reading, and says so only when a page is to be changed.
        run(connection, "BEGIN IMMEDIATE")
        touch(connection)
        run(connection, "ROLLBACK")
    except BaseException:
        connection.close()
        raise
    return connection


def connect_to_write(path: Path, *, durability: Durability, wait_ms: int) -> sqlite3.Connection:
    """A further connection to a file that :func:`open_to_write` holds open."""
    connection = _connect(path, "write")
    try:
        _set_up(connection, durability=durability, wait_ms=wait_ms)
    except BaseException:
        connection.close()
        raise
    return connection


def connect_to_read(path: Path, *, wait_ms: int = WAIT_FOR_OTHERS_MS) -> sqlite3.Connection:
    """A connection that cannot write. Works on a read-only disk too, if the file was closed in good order."""
    connection = _connect(path, "read")
    try:
        _set_up(connection, durability=Durability.NORMAL, wait_ms=wait_ms)
        run(connection, "SELECT count(*) FROM sqlite_schema")
    except NotWritable:
        connection.close()
        if Path(f"{path}-wal").exists():
            raise
        # Not even the index of an empty log can be made here. Without a log the file itself is complete.
        connection = _connect(path, "frozen")
        _set_up(connection, durability=Durability.NORMAL, wait_ms=wait_ms)
    except BaseException:
        connection.close()
        raise
    return connection


def connect_to_memory() -> sqlite3.Connection:
    """A database that lives as long as its connection."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    _set_up(connection, durability=Durability.NORMAL, wait_ms=0)
    return connection


def check_file(path: Path, *, application_id: int) -> None:
    """Check an existing file's application id without changing anything.

    Raises:
        NotAReplica: SQLite cannot read it, or it has another application id.
        StorageError: there is no such file, or it cannot be read.
    """
    if not path.exists():
        raise StorageError(f"there is no file {path}")
    # Frozen: SQLite neither locks the file nor looks for a journal or a log beside it. (Reading the header
    # ourselves would be simpler, but closing a file drops every lock that this process has on it, those of
    # SQLite included.)
    connection = _connect(path, "frozen")
    try:
        found = integer_pragma(connection, "application_id")
    except IntegrityError as error:
        raise NotAReplica(f"{path} is not a SQLite database", hint="the file was not touched") from error
    finally:
        connection.close()
    if found != application_id:
        raise NotAReplica(
            f"{path} belongs to another application", hint="the file was not touched", application_id=found
        )


def settings(*, durability: Durability, wait_ms: int) -> dict[str, int | str]:
    """The pragmas that every connection to a replica begins with, in this order."""
    return {
        "busy_timeout": wait_ms,
        "synchronous": durability.name,
        "fullfsync": 1,  # macOS: a plain fsync leaves the data in the drive's cache
        "checkpoint_fullfsync": 1,
        "wal_autocheckpoint": 0,  # it would run on whatever thread commits, the event loop's included
        "journal_size_limit": LOG_LIMIT_BYTES,
        "foreign_keys": "OFF",  # merge order must not matter to the tables; a build may have it on
        "trusted_schema": "OFF",
        "cell_size_check": "ON",
        "cache_size": -(CACHE_BYTES // KIB),
        "mmap_size": 0,  # a read error of a mapped page kills the process instead of raising
        "temp_store": "MEMORY",
    }


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    try:
        return sqlite3.connect(f"{path.as_uri()}?{_URI_MODES[mode]}", isolation_level=None, uri=True)
    except SQLITE_FAULTS as error:
        raise translated(error) from error


def _mark(connection: sqlite3.Connection, application_id: int) -> None:
    """Write the application id into an empty file, before a log is in use, so that the file itself has it."""
    if integer_pragma(connection, "page_count") > 0:
        raise NotAReplica("the file belongs to another application", hint="the file was not touched")
    run(connection, f"PRAGMA application_id = {application_id}")


def _use_log(connection: sqlite3.Connection) -> None:
    mode = run(connection, "PRAGMA journal_mode = WAL")
    if mode != ("wal",):
        raise StorageError("the file system cannot hold a write-ahead log", hint="use a local disk")


def _set_up(connection: sqlite3.Connection, *, durability: Durability, wait_ms: int) -> None:
    for name, setting in settings(durability=durability, wait_ms=wait_ms).items():
        run(connection, f"PRAGMA {name} = {setting}")


def _check_file_or_journal(path: Path, application_id: int) -> None:
    """Like :func:`check_file`, but for a file that a power cut left with half of its very first page.

    SQLite undoes that by the journal beside it, and the file is made again.
    """
    try:
        check_file(path, application_id=application_id)
    except NotAReplica as error:
        is_unreadable = isinstance(error.__cause__, IntegrityError)
        was_begun = Path(f"{path}-journal").exists() and path.stat().st_size <= _FIRST_PAGE_BYTES
        if not (is_unreadable and was_begun):
            raise


def _is_empty(path: Path) -> bool:
    try:
        return not path.exists() or path.stat().st_size == 0
    except OSError as error:
        raise NotWritable(f"{path} cannot be looked at: {error}") from error
