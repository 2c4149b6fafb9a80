"""What the storage tests share: SQL inside one open transaction on a laid-out file in memory."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from syncore.adapters.sqlite_connection import SqliteConnection
from syncore.core.ports import SqlConnection
from syncore.storage.schema import prepare


@pytest.fixture
def empty_sql() -> Iterator[SqlConnection]:
    """SQL on a file in memory in which nothing was ever stored."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        yield SqliteConnection(connection)


@pytest.fixture
def sql(empty_sql: SqlConnection) -> SqlConnection:
    """SQL on a file in memory that has the tables of a replica."""
    prepare(empty_sql)
    return empty_sql
