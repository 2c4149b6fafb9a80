"""The tables of a relay's store."""

import sqlite3
from collections.abc import Iterator

import pytest

from relay.schema import APPLICATION_ID, SCHEMA


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    """An empty store of this format, without a file."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    for statement in SCHEMA:
        connection.execute(statement)
    yield connection
    connection.close()


def item(
    row: int, offset: int, writer: int | None, number: int | None, *, space: int = 1
) -> tuple[object, ...]:
    """A row of the items table."""
    return (row, space, offset, 1, writer, number, b"hash", b"running", b"seal", b"seal")


INSERT = "INSERT INTO items VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"


def test_the_file_says_whose_it_is() -> None:
    """The application id reads as four letters, and fits SQLite's signed 32 bits."""
    assert APPLICATION_ID.to_bytes(4, "big") == b"synR"
    assert APPLICATION_ID < 2**31


def test_every_row_of_what_clients_sent_ends_with_a_seal(connection: sqlite3.Connection) -> None:
    """All tables but the pulse are sealed: bodies by the item's row that says where they stand."""
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")]
    last = {
        table: list(connection.execute('SELECT name, type, "notnull" FROM pragma_table_info(?)', (table,)))
        for table in tables
    }
    assert set(tables) == {"spaces", "items", "bodies", "heads", "slots", "pulse"}
    for table in set(tables) - {"bodies", "pulse"}:
        assert last[table][-1] == ("seal", "BLOB", 1), table
    assert ("body_seal", "BLOB", 1) in last["items"]


def test_columns_keep_their_types(connection: sqlite3.Connection) -> None:
    """No table takes text for bytes or bytes for an integer."""
    strict = dict(connection.execute("SELECT name, strict FROM pragma_table_list WHERE schema = 'main'"))
    assert not [name for name, is_strict in strict.items() if not is_strict and name != "sqlite_schema"]
    with pytest.raises(sqlite3.IntegrityError):
        connection.execute("INSERT INTO bodies VALUES (1, 'text')")


def test_a_place_and_a_commit_number_are_taken_once(connection: sqlite3.Connection) -> None:
    """One item an offset and one segment an end in each space; control records have no end to share."""
    for row in (
        item(1, 1, None, None),
        item(2, 2, None, None),
        item(3, 3, 7, 1),
        item(4, 4, 8, 1),
        item(5, 3, 7, 1, space=2),
    ):
        connection.execute(INSERT, row)
    for taken in (item(6, 3, 9, 1), item(6, 5, 7, 1)):
        with pytest.raises(sqlite3.IntegrityError):
            connection.execute(INSERT, taken)


def test_there_is_one_pulse(connection: sqlite3.Connection) -> None:
    """The row that readiness checks write is there from the beginning, and no second one."""
    assert connection.execute("SELECT id, beats, probe FROM pulse").fetchall() == [(1, 0, b"")]
    with pytest.raises(sqlite3.IntegrityError):
        connection.execute("INSERT INTO pulse VALUES (2, 0, x'')")


@pytest.mark.parametrize(
    ("query", "index"),
    [
        ("SELECT * FROM items WHERE space_key = 1 AND offset >= 5 ORDER BY offset", "items_by_offset"),
        ("SELECT * FROM items WHERE space_key = 1 AND writer = 2 AND number = 3", "items_by_writer"),
        (
            "SELECT * FROM items WHERE space_key = 1 AND writer IS NULL ORDER BY offset",
            "items_of_control",
        ),
        ("SELECT count(*) FROM slots WHERE space_key = 1", "slots_of_space"),
    ],
)
def test_what_is_asked_often_has_an_index(connection: sqlite3.Connection, query: str, index: str) -> None:
    """The store's questions are answered by an index, without sorting."""
    plan = " ".join(row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {query}"))
    assert f"INDEX {index} " in plan
    assert "TEMP B-TREE" not in plan
