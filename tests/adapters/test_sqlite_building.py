"""Building a file beside another one, and putting it in its place."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from syncore.adapters.sqlite_building import build_file, swap_in

MARK = 0x53594E43


def make(path: Path, value: int) -> None:
    """A file that holds a value."""
    with build_file(path, application_id=MARK) as sql:
        sql.execute("CREATE TABLE t (v INTEGER)")
        sql.execute("INSERT INTO t VALUES (?)", (value,))


def values(path: Path) -> list[tuple[int]]:
    """What a file holds."""
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute("SELECT v FROM t ORDER BY v").fetchall()


def test_a_built_file_is_whole_and_uses_a_log(tmp_path: Path) -> None:
    """After the block the file is committed, marked, and in the mode that replicas are in."""
    make(tmp_path / "a.db", 1)
    assert values(tmp_path / "a.db") == [(1,)]
    with closing(sqlite3.connect(tmp_path / "a.db")) as connection:
        assert connection.execute("PRAGMA application_id").fetchone() == (MARK,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_build_that_fails_leaves_nothing(tmp_path: Path) -> None:
    """An error inside the block removes the file."""
    with pytest.raises(KeyError), build_file(tmp_path / "a.db", application_id=MARK):
        raise KeyError
    assert list(tmp_path.iterdir()) == []


def test_the_old_file_is_kept_with_what_its_log_held(tmp_path: Path) -> None:
    """What is only in the log beside the old file is in the one that is kept, and not in the new one."""
    path, fresh, kept = tmp_path / "a.db", tmp_path / "fresh.db", tmp_path / "kept.db"
    make(path, 1)
    make(fresh, 2)
    writer = sqlite3.connect(path)
    writer.execute("PRAGMA wal_autocheckpoint = 0")
    writer.execute("INSERT INTO t VALUES (3)")
    writer.commit()
    log = Path(f"{path}-wal").read_bytes()
    writer.close()
    Path(f"{path}-wal").write_bytes(log)  # as a killed program leaves it
    swap_in(fresh, path, kept)
    assert values(path) == [(2,)]
    assert values(kept) == [(1,), (3,)]
    assert not fresh.exists()
