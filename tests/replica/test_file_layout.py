"""A file is laid out once, and what is in it stays."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from simulations.senses import SeededEntropy
from syncore.adapters.sqlite_connection import SqliteConnection
from syncore.core.errors import NewerFormat
from syncore.core.ports import SqlConnection
from syncore.replica.file_layout import lay_out_file
from syncore.storage.space_rows import SpaceRows


@pytest.fixture
def empty() -> Iterator[SqlConnection]:
    """A database without a table."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield SqliteConnection(connection)


def test_an_empty_file_gets_a_private_space_and_keeps_it(empty: SqlConnection) -> None:
    """The first time makes an id and one private space, and every later time changes neither."""
    lay_out_file(empty, SeededEntropy("one"))
    rows = SpaceRows(empty)
    made = rows.value("replica"), rows.all()
    assert made[0]
    assert [row.is_default for row in made[1]] == [True]
    lay_out_file(empty, SeededEntropy("two"))
    assert (rows.value("replica"), rows.all()) == made


def test_a_newer_file_is_left_alone(empty: SqlConnection) -> None:
    """A file of a later format is refused, and gets no table."""
    empty.execute("PRAGMA user_version = 99")
    with pytest.raises(NewerFormat):
        lay_out_file(empty, SeededEntropy("one"))
    assert empty.row("SELECT count(*) FROM sqlite_schema") == (0,)
