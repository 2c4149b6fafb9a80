"""Indexes: does each hold exactly what its documents have in it, as far as it is built?

They are compared with what is stored of the documents, which is examined by itself. Nothing is lost with an
index: it is built anew when a mended file is opened.
"""

from collections.abc import Iterator

from syncore.core.errors import SyncoreError
from syncore.core.identifiers import is_reserved, name_problem
from syncore.core.ports import SqlConnection
from syncore.documents.projection_encoding import decode_projection
from syncore.query.definitions import IndexDefinition
from syncore.query.text_definitions import TextDefinition
from syncore.replica.doctor import texts
from syncore.replica.doctor.findings import Finding, Mend, said
from syncore.replica.doctor.live_documents import documents_of
from syncore.replica.doctor.subject import Subject, walk
from syncore.replica.index_tables import name_of_table
from syncore.replica.index_upkeep import held
from syncore.storage.index_rows import IndexRow, IndexRows, IndexStage

_EXPECTED = """CREATE TABLE expected (
    key BLOB NOT NULL, document INTEGER NOT NULL, is_required INTEGER NOT NULL,
    PRIMARY KEY (key, document)) WITHOUT ROWID"""


def examine(subject: Subject) -> Iterator[Finding]:
    """Indexes that cannot be so, and entries that are missing or that no document has."""
    spaces = {row.space for row in subject.spaces}
    total = subject.count("indexes")
    for done, (number, space, stage) in enumerate(
        subject.sql.rows("SELECT number, space, stage FROM indexes ORDER BY number")
    ):
        subject.progress("indexes", done, total)
        if space not in spaces or stage not in tuple(IndexStage):
            yield _finding("indexes", f"number {said(number)}", "it is of no space, or in no stage")
            continue
        assert isinstance(space, int)
        yield from _index(subject, space, _row(subject.sql, space, number))


def _row(sql: SqlConnection, space: int, number: object) -> IndexRow:
    return next(row for row in IndexRows(sql, space).all() if row.number == number)


def _index(subject: Subject, space: int, row: IndexRow) -> Iterator[Finding]:
    if (name_problem(row.collection) and not is_reserved(row.collection)) or name_problem(row.name):
        yield _finding("indexes", row.name, "it has no name that an index or a collection can have")
    if row.built < 0 or (row.stage is IndexStage.COMPLETE and row.built_to):
        yield _finding("indexes", row.name, "it is not built as far as it says")
    if row.stage is IndexStage.DROPPED:
        return
    try:
        definition = held(row).definition
    except SyncoreError as error:
        yield _finding("indexes", row.name, error.message)
        return
    if isinstance(definition, TextDefinition):
        wrong = texts.compare(subject, space, row, definition)
    else:
        wrong = _compared(subject, space, row, definition)
    if wrong:
        what = f"the index {row.name!r} of {row.collection} is not what its documents come to: {wrong}"
        yield _finding(name_of_table(row.number, definition), "", what)


def _compared(subject: Subject, space: int, row: IndexRow, definition: IndexDefinition) -> str:
    """What is wrong with the entries; empty if nothing is."""
    with subject.scratch() as scratch:
        scratch.execute(_EXPECTED)
        for document, found in documents_of(subject, space, row.collection):
            values = decode_projection(found.projection).values
            is_required = row.stage is IndexStage.COMPLETE or found.key.id <= row.built_to
            scratch.execute_many(
                "INSERT INTO expected VALUES (?, ?, ?)",
                [(key, document, is_required) for key in definition.keys_of(values, found.key.id)],
            )
        return _difference(subject, scratch, f"index_entries_{row.number}")


def _difference(subject: Subject, scratch: SqlConnection, table: str) -> str:
    """Both in order, side by side."""
    expected = walk(scratch, "expected", "key, document", "key, document, is_required")
    wanted = next(expected, None)
    for stored in subject.walk(table, "key, document", "key, document"):
        while wanted is not None and wanted[:2] < stored:
            if wanted[2]:
                return f"an entry of document {said(wanted[1])} is missing"
            wanted = next(expected, None)
        if wanted is None or wanted[:2] != stored:
            return f"it has an entry of document {said(stored[1])} that there should not be"
        wanted = next(expected, None)
    while wanted is not None:
        if wanted[2]:
            return f"an entry of document {said(wanted[1])} is missing"
        wanted = next(expected, None)
    return ""


def _finding(table: str, row: str, what: str) -> Finding:
    return Finding(examination="indexes", table=table, row=row, what=what, mend=Mend.STATES)
