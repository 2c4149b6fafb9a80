"""Laying out a file, and refusing what is none of ours."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from syncore.adapters.sqlite_inline import open_inline_database
from syncore.core.errors import NewerFormat, NotAReplica, OlderFormat
from syncore.core.ports import Durability, SqlConnection
from syncore.storage import schema
from syncore.storage.schema import APPLICATION_ID, FORMAT, check, prepare


def test_an_empty_file_is_laid_out_once(empty_sql: SqlConnection) -> None:
    """Preparing makes the tables, and preparing again changes nothing."""
    prepare(empty_sql)
    tables = empty_sql.rows("SELECT name, sql FROM sqlite_master ORDER BY name")
    prepare(empty_sql)
    assert empty_sql.rows("SELECT name, sql FROM sqlite_master ORDER BY name") == tables
    assert empty_sql.row("PRAGMA user_version") == (FORMAT,)
    check(empty_sql)


def test_a_newer_format_is_refused(sql: SqlConnection) -> None:
    """A file of a later version is neither written nor read, and the error says which format it has."""
    sql.execute(f"PRAGMA user_version = {FORMAT + 1}")
    for look in (prepare, check):
        with pytest.raises(NewerFormat) as caught:
            look(sql)
        assert caught.value.details == {"found": FORMAT + 1}
    assert sql.row("PRAGMA user_version") == (FORMAT + 1,)


def test_an_earlier_format_is_brought_up_to_date(
    empty_sql: SqlConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only what was added since is done, the rows stay, and only reading it first says what to do."""
    prepare(empty_sql)
    empty_sql.execute("INSERT INTO meta VALUES ('kept', x'00')")
    later = (*schema._FORMATS, ("CREATE TABLE added (x)", "INSERT INTO added VALUES (7)"))  # noqa: SLF001
    monkeypatch.setattr(schema, "_FORMATS", later)
    monkeypatch.setattr(schema, "FORMAT", FORMAT + 1)
    with pytest.raises(OlderFormat, match="open it once for writing"):
        check(empty_sql)
    prepare(empty_sql)
    check(empty_sql)
    assert empty_sql.rows("SELECT x FROM added") == [(7,)]
    assert empty_sql.row("SELECT name FROM meta") == ("kept",)
    prepare(empty_sql)
    assert empty_sql.rows("SELECT x FROM added") == [(7,)]


def test_every_format_has_its_step() -> None:
    """The number of the format is how many steps lead to it."""
    assert len(schema._FORMATS) == FORMAT  # noqa: SLF001


def test_a_damaged_format_number_is_damage(sql: SqlConnection) -> None:
    """A file that says that it is of an earlier format, and has later tables, is not taken apart."""
    sql.execute("PRAGMA user_version = 0")
    with pytest.raises(NotAReplica):
        prepare(sql)


def test_tables_of_somebody_else_are_refused(empty_sql: SqlConnection) -> None:
    """A database that has tables, but no format number, is not taken over."""
    empty_sql.execute("CREATE TABLE theirs (x)")
    with pytest.raises(NotAReplica):
        prepare(empty_sql)
    assert empty_sql.rows("SELECT name FROM sqlite_master") == [("theirs",)]


def test_an_empty_file_cannot_be_read(empty_sql: SqlConnection) -> None:
    """Opening an empty file only to read says that nothing was ever stored in it."""
    with pytest.raises(NotAReplica):
        check(empty_sql)


@pytest.mark.parametrize("theirs", [0, 1, APPLICATION_ID + 1])
def test_a_foreign_application_id_is_not_touched(tmp_path: Path, theirs: int) -> None:
    """A database of another program is refused, and not one byte of it changes."""
    path = tmp_path / "theirs.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(f"PRAGMA application_id = {theirs}; CREATE TABLE theirs (x);")
    before = path.read_bytes()
    for read_only in (False, True):
        with pytest.raises(NotAReplica):
            open_inline_database(path, application_id=APPLICATION_ID, read_only=read_only)
    assert path.read_bytes() == before


async def test_a_new_file_carries_the_application_id(tmp_path: Path) -> None:
    """What is laid out can be told from other databases by its header alone."""
    database = open_inline_database(tmp_path / "a.db", application_id=APPLICATION_ID)
    await database.write(prepare, Durability.FULL)
    await database.close()
    assert (tmp_path / "a.db").read_bytes()[68:72] == APPLICATION_ID.to_bytes(4, "big")
