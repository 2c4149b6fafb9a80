"""What a mended copy gets anew because documents come to it: indexes, and flags of what does not fit."""

from collections.abc import Callable

from syncore.core.errors import SyncoreError
from syncore.core.ports import SqlConnection
from syncore.replica.doctor.findings import said
from syncore.replica.doctor.subject import Subject
from syncore.replica.document_work import DocumentWork
from syncore.replica.index_tables import empty_table
from syncore.replica.index_upkeep import held
from syncore.replica.reprojecting import JUDGED_STAMP, rejudge
from syncore.replica.space_memory import SpaceMemory
from syncore.replica.space_state import load_spaces
from syncore.storage.index_rows import IndexRows
from syncore.storage.schema import INDEX_TABLES

_CACHED = 64


def mend_indexes(sql: SqlConnection, damaged: set[str], note: Callable[[str], None]) -> None:
    """Drop indexes of which it cannot be told what is in them; the copy has all others, to be built.

    Args:
        sql: The copy.
        damaged: The tables in which damage was found.
        note: Takes a sentence on what was done.
    """
    for number, space, name in sql.rows("SELECT number, space, name FROM indexes"):
        assert isinstance(number, int)
        assert isinstance(space, int)
        try:
            is_known = [held(row) for row in IndexRows(sql, space).all() if row.number == number]
        except (SyncoreError, ValueError):
            is_known = []
        if not is_known or sql.row("SELECT 1 FROM spaces WHERE space = ?", (space,)) is None:
            sql.execute("DELETE FROM indexes WHERE number = ?", (number,))
            for table in ("index", "text"):
                sql.execute(f"DROP TABLE IF EXISTS {table}_entries_{number:d}")
            note(f"the index {said(name)} was dropped, because what is in it does not read; make it again")
    if any(table.startswith(INDEX_TABLES) for table in damaged):
        note("the indexes are empty, and are built anew when the file is opened")


def empty_indexes(sql: SqlConnection) -> None:
    """Leave nothing in the indexes of the copy that mending put there; opening it builds them."""
    for (space,) in sql.rows("SELECT space FROM spaces"):
        assert isinstance(space, int)
        for row in IndexRows(sql, space).all():
            empty_table(sql, row, held(row).definition)


def judge_anew(subject: Subject, note: Callable[[str], None]) -> None:
    """Flag the documents that do not fit their schemas; validators have their say when the file is opened."""
    subject.sql.execute("DELETE FROM invalid_documents")
    for state in load_spaces(subject.sql, subject.resolvers, {}).values():
        work = DocumentWork(subject.sql, state, SpaceMemory(_CACHED), state.resolution_context())
        for collection in sorted(state.rules):
            rejudge(work, collection)
    subject.sql.execute("DELETE FROM meta WHERE name = ?", (JUDGED_STAMP,))
    note("which documents do not fit their schemas was found out anew")
