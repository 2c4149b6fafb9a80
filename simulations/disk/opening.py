"""Opening a database on a simulated disk, as the adapters open real files: is it one, and is it ours?

A replica's file is recognised by its application id (:mod:`syncore.adapters.sqlite_opening`), a relay's store
by that and its version (:mod:`relay.adapters.database`).
"""

from collections.abc import Sequence

import apsw

from relay.adapters.database import check_format
from simulations.disk.disk import Disk
from simulations.disk.sqlite_errors import APSW_FAULTS, translated
from simulations.disk.statements import integer_pragma, run, write_transaction
from simulations.disk.vfs import connect
from syncore.adapters.sqlite_opening import settings
from syncore.core.errors import NotAReplica, StorageError
from syncore.core.ports import Durability, SqlConnection

_MAGIC = b"SQLite format 3\0"
_APPLICATION_ID = slice(68, 72)
"""Where a database's header has it (https://www.sqlite.org/fileformat.html#application_id)."""


def open_replica_file(disk: Disk, name: str, *, application_id: int) -> apsw.Connection:
    """A connection to a replica's file, which is made if it is missing; its log is empty, commits are NORMAL.

    Raises:
        NotAReplica: an existing file is not a SQLite database with this application id; it was not touched.
        StorageError: the disk does not work, or another connection has the file.
        IntegrityError: SQLite finds the file damaged.
    """
    _check_header(disk, name, application_id)
    connection = _connect(disk, name)
    try:
        if integer_pragma(connection, "application_id") != application_id:
            # New, or a crash while it was made was undone only now, by the journal that it had left behind.
            _mark(connection, application_id)
        _use_log(connection)
        run(connection, "PRAGMA wal_checkpoint(PASSIVE)")
        # Not before the log is in use: with a rollback journal NORMAL does not keep a file from being torn.
        run(connection, "PRAGMA synchronous = NORMAL")
    except BaseException:
        close(connection)
        raise
    return connection


def open_store_file(
    disk: Disk, name: str, *, application_id: int, version: int, schema: Sequence[str]
) -> apsw.Connection:
    """A connection to a relay's store, which is made with ``schema`` if it is missing; commits are FULL.

    Raises:
        NotAReplica: the file is something else.
        NewerFormat: it has a version above ``version``.
        StorageError: any other kind: it cannot be opened.
    """
    connection = _connect(disk, name)
    try:
        found = integer_pragma(connection, "application_id"), integer_pragma(connection, "user_version")
        is_new = found == (0, 0) and run(connection, "SELECT 1 FROM sqlite_schema LIMIT 1") is None
        if not is_new:
            check_format(found, application_id, version)
        run(connection, "PRAGMA secure_delete = ON")
        _use_log(connection)
        if is_new:
            _create_store(connection, application_id, version, schema)
            disk.sync_folder()
    except BaseException:
        close(connection)
        raise
    return connection


def close(connection: apsw.Connection) -> None:
    """Release a file. What fails then has lost nothing: what was committed is in the log.

    SQLite, and so every other driver, is silent about a checkpoint that fails in this place; the disk counts
    its faults.
    """
    try:
        connection.close(True)  # noqa: FBT003 - apsw's interface: whatever still runs
    except APSW_FAULTS:
        connection.close(True)  # noqa: FBT003 - the same; what failed is not tried twice


def _check_header(disk: Disk, name: str, application_id: int) -> None:
    """Look at a file without changing it, unless a journal beside it says that it is half written."""
    file = disk.find(name)
    if file is None or not file.content or disk.find(f"{name}-journal") is not None:
        return
    if not file.content.startswith(_MAGIC):
        raise NotAReplica(f"{name} is not a SQLite database", hint="the file was not touched")
    found = int.from_bytes(file.content[_APPLICATION_ID], "big")
    if found != application_id:
        raise NotAReplica(
            f"{name} belongs to another application", hint="the file was not touched", application_id=found
        )


def _connect(disk: Disk, name: str) -> apsw.Connection:
    try:
        connection = connect(disk, name)
    except APSW_FAULTS as error:
        raise translated(error) from error
    try:
        # Before the log is first looked at: without shared memory there is no other way to use one.
        run(connection, "PRAGMA locking_mode = EXCLUSIVE")
        # A real log is cut where it restarts; here that would only be one operation more.
        for pragma, setting in (
            settings(durability=Durability.FULL, wait_ms=0) | {"journal_size_limit": -1}
        ).items():
            run(connection, f"PRAGMA {pragma} = {setting}")
    except BaseException:
        close(connection)
        raise
    return connection


def _mark(connection: apsw.Connection, application_id: int) -> None:
    if integer_pragma(connection, "page_count") > 0:
        raise NotAReplica("the file belongs to another application", hint="the file was not touched")
    run(connection, f"PRAGMA application_id = {application_id}")


def _use_log(connection: apsw.Connection) -> None:
    if run(connection, "PRAGMA journal_mode = WAL") != ("wal",):
        raise StorageError(
            "the simulated disk cannot hold a write-ahead log", hint="a mistake in simulations"
        )


def _create_store(
    connection: apsw.Connection, application_id: int, version: int, schema: Sequence[str]
) -> None:
    def create(sql: SqlConnection) -> None:
        for statement in schema:
            sql.execute(statement)
        sql.execute(f"PRAGMA application_id = {application_id}")
        sql.execute(f"PRAGMA user_version = {version}")

    write_transaction(connection, create, is_synced=False)
