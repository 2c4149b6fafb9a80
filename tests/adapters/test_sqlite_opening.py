"""Opening a file that a crash, or another program, left in an unusual state."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from syncore.adapters.sqlite_opening import check_file, connect_to_read, open_to_write, resolve_path
from syncore.core.errors import Locked, NotAReplica
from syncore.core.ports import Durability

APPLICATION_ID = 12

DIE_WITH_A_JOURNAL = """
import os, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("PRAGMA cache_size = 1")
connection.execute("BEGIN")
connection.execute("PRAGMA application_id = 12")
connection.execute("CREATE TABLE filler (x)")
connection.executemany("INSERT INTO filler VALUES (zeroblob(3000))", [()] * 50)
os._exit(0)
"""


def leave_a_journal(path: Path) -> None:
    """Make a file by a transaction that is never finished."""
    subprocess.run([sys.executable, "-c", DIE_WITH_A_JOURNAL, str(path)], check=True, timeout=50)
    assert Path(f"{path}-journal").stat().st_size > 0


def test_a_file_whose_making_was_interrupted_is_made_again(tmp_path: Path) -> None:
    """A crash inside the first transaction leaves a journal that undoes it; the file then counts as new."""
    path = tmp_path / "a.db"
    leave_a_journal(path)
    made = sqlite3.connect(tmp_path / "made.db")
    made.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    made.close()
    path.write_bytes((tmp_path / "made.db").read_bytes())
    open_to_write(path, application_id=APPLICATION_ID, durability=Durability.FULL).close()
    check_file(path, application_id=APPLICATION_ID)
    connection = sqlite3.connect(path)
    assert connection.execute("SELECT count(*) FROM sqlite_schema").fetchone() == (0,)
    connection.close()


def test_a_file_whose_first_page_was_torn_is_mended_by_its_journal(tmp_path: Path) -> None:
    """A power cut while the first page was written leaves rubbish there, and a journal that undoes it."""
    path = tmp_path / "a.db"
    leave_a_journal(path)
    path.write_bytes(b"rubbish!" * 512)
    open_to_write(path, application_id=APPLICATION_ID, durability=Durability.NORMAL).close()
    check_file(path, application_id=APPLICATION_ID)


def test_a_file_is_made_with_full_syncs(tmp_path: Path) -> None:
    """Only once the log is in use is a connection as durable as it was asked to be."""
    path = tmp_path / "a.db"
    connection = open_to_write(path, application_id=APPLICATION_ID, durability=Durability.NORMAL)
    assert connection.execute("PRAGMA synchronous").fetchone() == (1,)
    connection.close()


def test_a_database_in_the_classic_journal_mode_is_moved_to_a_log(tmp_path: Path) -> None:
    """A crash between marking a file and setting its mode, or a tool that changed the mode, does no harm."""
    path = tmp_path / "a.db"
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.close()
    opened = open_to_write(path, application_id=APPLICATION_ID, durability=Durability.NORMAL)
    assert opened.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    opened.close()


@pytest.mark.parametrize("durability", list(Durability))
def test_connections_are_set_up_as_the_driver_needs_them(tmp_path: Path, durability: Durability) -> None:
    """Commits sync as asked, no commit checkpoints by itself, and nothing is mapped into memory."""
    opened = open_to_write(tmp_path / "a.db", application_id=APPLICATION_ID, durability=durability)
    found = {
        name: opened.execute(f"PRAGMA {name}").fetchone()[0]
        for name in ("synchronous", "wal_autocheckpoint", "mmap_size", "foreign_keys", "fullfsync")
    }
    opened.close()
    synchronous = {Durability.NORMAL: 1, Durability.FULL: 2}[durability]
    assert found == {
        "synchronous": synchronous,
        "wal_autocheckpoint": 0,
        "mmap_size": 0,
        "foreign_keys": 0,
        "fullfsync": 1,
    }


def test_reading_the_header_keeps_the_locks_of_others(tmp_path: Path) -> None:
    """Checking a file that this process has open does not make SQLite lose its lock on it."""
    path = tmp_path / "a.db"
    opened = open_to_write(path, application_id=APPLICATION_ID, durability=Durability.NORMAL)
    opened.execute("PRAGMA locking_mode = EXCLUSIVE")
    opened.execute("CREATE TABLE item (x)")
    check_file(path, application_id=APPLICATION_ID)
    program = (
        "import sqlite3, sys\n"
        "try:\n"
        "    sqlite3.connect(sys.argv[1], timeout=0).execute('SELECT * FROM item')\n"
        "except sqlite3.OperationalError as error:\n"
        "    print(error)\n"
    )
    seen = subprocess.run(
        [sys.executable, "-c", program, str(path)], check=True, timeout=50, capture_output=True, text=True
    )
    opened.close()
    assert "locked" in seen.stdout


def test_a_file_that_another_program_keeps_is_locked(tmp_path: Path) -> None:
    """Reading a file that another connection holds exclusively raises Locked."""
    path = tmp_path / "a.db"
    opened = open_to_write(path, application_id=APPLICATION_ID, durability=Durability.NORMAL)
    opened.execute("PRAGMA locking_mode = EXCLUSIVE")
    opened.execute("CREATE TABLE item (x)")
    with pytest.raises(Locked):
        connect_to_read(path, wait_ms=0)
    opened.close()


def test_one_file_has_one_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Relative paths, links and links to folders all resolve to the same real path."""
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a.db").touch()
    (tmp_path / "link").symlink_to(folder)
    (tmp_path / "b.db").symlink_to(folder / "a.db")
    monkeypatch.chdir(tmp_path)
    for name in ("folder/a.db", "link/a.db", "b.db", os.fspath(folder / ".." / "b.db")):
        assert resolve_path(name) == (folder / "a.db").resolve()


def test_a_foreign_file_left_with_a_journal_is_not_touched(tmp_path: Path) -> None:
    """Another program's database with a journal to be rolled back is refused, and the journal stays."""
    path = tmp_path / "a.db"
    leave_a_journal(path)
    before = {found.name: found.read_bytes() for found in tmp_path.iterdir()}
    with pytest.raises(NotAReplica):
        open_to_write(path, application_id=99, durability=Durability.FULL)
    assert {found.name: found.read_bytes() for found in tmp_path.iterdir()} == before
