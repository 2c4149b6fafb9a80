"""The tables that belong to indexes: an ordered one has its entries, a full-text one its words."""

from syncore.core.errors import Misused, StorageError
from syncore.core.ports import SqlConnection
from syncore.query.definitions import IndexDefinition
from syncore.query.text_definitions import TextDefinition
from syncore.storage.index_rows import IndexRow, entries_table
from syncore.storage.text_rows import TextRows, text_table

AnyDefinition = IndexDefinition | TextDefinition


def table_of(number: int, definition: AnyDefinition) -> str:
    """The statement that makes the table of an index."""
    if isinstance(definition, TextDefinition):
        return text_table(number, len(definition.paths))
    return entries_table(number)


def name_of_table(number: int, definition: AnyDefinition) -> str:
    """What the table of an index is called."""
    return f"{'text' if isinstance(definition, TextDefinition) else 'index'}_entries_{number:d}"


def make_table(sql: SqlConnection, row: IndexRow, definition: AnyDefinition) -> None:
    """Make the table of an index that was just added.

    Raises:
        Misused: Python's SQLite was built without FTS5.
    """
    try:
        sql.execute(table_of(row.number, definition))
    except StorageError as error:
        if "no such module" in error.message:
            raise Misused(
                "this Python's SQLite has no FTS5, which full text needs",
                hint="use a Python that has it, as those of python.org and of most systems do",
            ) from error
        raise


def empty_table(sql: SqlConnection, row: IndexRow, definition: AnyDefinition) -> None:
    """Remove all entries of an index at once."""
    if isinstance(definition, TextDefinition):
        TextRows(sql, row.number).clear()
    else:
        sql.execute(f"DELETE FROM index_entries_{row.number:d}")  # noqa: S608 - a number
