"""Looking at a file as it is at one moment."""

import sqlite3
from contextlib import closing
from pathlib import Path

from syncore.adapters.sqlite_snapshot import open_scratch, open_snapshot


def test_a_snapshot_stands_still_and_shows_what_is_no_text(tmp_path: Path) -> None:
    """What others write meanwhile is not seen, and damaged text does not raise."""
    path = tmp_path / "a.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE t (v TEXT)")
        connection.execute("INSERT INTO t VALUES (CAST(x'61ff' AS TEXT))")
        connection.commit()
        with open_snapshot(path) as sql:
            assert sql.rows("SELECT v FROM t") == [("a\\xff",)]
            connection.execute("INSERT INTO t VALUES ('b')")
            connection.commit()
            assert sql.row("SELECT count(*) FROM t") == (1,)


def test_a_scratch_is_empty_and_ends_with_its_block() -> None:
    """Two of them know nothing of each other."""
    with open_scratch() as one, open_scratch() as other:
        one.execute("CREATE TABLE t (v)")
        assert other.rows("SELECT name FROM sqlite_schema") == []
