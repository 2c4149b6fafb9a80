"""SQLite's calls as operations of a disk."""

from random import Random

import apsw
import pytest

from simulations.disk.disk import FOLDER, Disk
from simulations.disk.vfs import connect


def log_connection(disk: Disk, name: str = "a.db") -> apsw.Connection:
    """A connection in WAL mode."""
    connection = connect(disk, name)
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    assert connection.execute("PRAGMA journal_mode = WAL").fetchall() == [("wal",)]
    return connection


def test_a_commit_writes_the_log_and_syncs_it_if_it_is_to_be_full() -> None:
    """A FULL commit is frames and one sync of the log; the first one syncs the log's name as well."""
    disk = Disk()
    connection = log_connection(disk)
    seen: list[tuple[str, str]] = []
    disk.before_operation = lambda kind, name: seen.append((kind, name))
    connection.execute("CREATE TABLE item (x)")
    assert ("create", "a.db-wal") in seen
    assert seen.index(("sync", FOLDER)) == seen.index(("sync", "a.db-wal")) + 1
    assert seen[-1] == ("sync", "a.db-wal")
    seen.clear()
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("INSERT INTO item VALUES (1)")
    assert seen == [("write", "a.db-wal")] * 2  # the frame's header and its page
    seen.clear()
    connection.close()
    assert ("delete", "a.db-wal") in seen
    assert disk.names == ("a.db",)


def test_a_rollback_journal_is_replayed_after_a_power_cut() -> None:
    """Without a log, too, a transaction is whole or missing after a power cut at any operation.

    The one before it may be missing then although it was FULL: SQLite does not sync the deletion of its
    journal (https://www.sqlite.org/pragma.html#pragma_synchronous, EXTRA).
    """
    disk = Disk()
    connection = connect(disk, "a.db")
    connection.execute("CREATE TABLE item (x)")
    survivors: list[Disk] = []
    disk.before_operation = lambda _kind, _name: survivors.append(
        disk.after_power_cut(Random(len(survivors)))
    )
    connection.execute("INSERT INTO item SELECT zeroblob(3000) FROM json_each('[1,2,3,4,5,6,7]')")
    connection.close()
    assert len(survivors) > 10
    for survivor in survivors:
        again = connect(survivor, "a.db")
        assert again.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        if again.execute("SELECT * FROM sqlite_schema").fetchall():
            assert again.execute("SELECT count(*) FROM item").fetchall() in ([(0,)], [(7,)])
        again.close()


def test_there_are_no_temporary_files() -> None:
    """What SQLite would put into a file without a name is refused; the drivers keep such things in memory."""
    connection = log_connection(Disk())
    connection.execute("PRAGMA temp_store = FILE")
    connection.execute("PRAGMA temp.cache_size = 1")
    with pytest.raises(apsw.CantOpenError):
        connection.execute(
            "CREATE TEMP TABLE t AS WITH RECURSIVE n(i) AS "
            "(VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 2000) SELECT zeroblob(3000) FROM n"
        )
    connection.close()


def test_the_default_vfs_stays_what_it_was() -> None:
    """Other users of apsw in the process get real files as before."""
    before = apsw.vfs_names()[0]
    connect(Disk(), "a.db").close()
    assert apsw.vfs_names()[0] == before
