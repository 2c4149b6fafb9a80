"""Full-text indexes: SQLite compares a copy of the words with the texts that they should be of.

FTS5's own ``integrity-check`` does it for tables that have their texts beside them, which ours have not. So
the index is copied, block by block, into an empty database in which they are.
"""

from syncore.core.errors import IntegrityError, SyncoreError
from syncore.core.ports import SqlConnection
from syncore.documents.projection_encoding import decode_projection
from syncore.query.text_definitions import TextDefinition
from syncore.replica.doctor.live_documents import documents_of
from syncore.replica.doctor.subject import Subject
from syncore.replica.reprojecting import WORDS_STAMP, words_stamp
from syncore.storage.index_rows import IndexRow, IndexStage
from syncore.storage.space_rows import SpaceRows
from syncore.storage.text_rows import text_table

_PARTS = (
    ("data", "id", "id, block"),
    ("idx", "segid, term", "segid, term, pgno"),
    ("docsize", "id", "id, sz"),
    ("config", "k", "k, v"),
)


def compare(subject: Subject, space: int, row: IndexRow, definition: TextDefinition) -> str:
    """What is wrong with a full-text index; empty if nothing is."""
    if SpaceRows(subject.sql).value(WORDS_STAMP) != words_stamp():
        return ""  # words are cut otherwise by now; it is built anew when the file is opened
    table = f"text_entries_{row.number:d}"
    with subject.scratch() as scratch:
        columns = ", ".join(f"c{number}" for number in range(len(definition.paths)))
        scratch.execute(f"CREATE TABLE expected (document INTEGER PRIMARY KEY, {columns})")
        marks = ", ?" * len(definition.paths)
        present = {found[0] for found in subject.walk(f"{table}_docsize", "id", "id")}
        for document, found in documents_of(subject, space, row.collection):
            texts = definition.texts_of(decode_projection(found.projection).values)
            is_required = row.stage is IndexStage.COMPLETE or found.key.id <= row.built_to
            if texts is None or (document not in present and not is_required):
                continue
            scratch.execute(f"INSERT INTO expected VALUES (?{marks})", (document, *texts))  # noqa: S608
        return _checked(subject, scratch, table, row.number, len(definition.paths))


def _checked(subject: Subject, scratch: SqlConnection, table: str, number: int, columns: int) -> str:
    # the source of the texts is a table of the copy; nothing reads the index before its blocks are there
    scratch.execute(text_table(number, columns, content="'expected', content_rowid='document'"))
    try:
        for part, keys, names in _PARTS:
            scratch.execute(f"DELETE FROM {table}_{part}")  # noqa: S608 - names of ours
            marks = ", ".join("?" * len(names.split(", ")))
            scratch.execute_many(
                f"INSERT INTO {table}_{part} ({names}) VALUES ({marks})",  # noqa: S608 - names of ours
                subject.walk(f"{table}_{part}", keys, names),
            )
        scratch.execute(f"INSERT INTO {table} ({table}, rank) VALUES ('integrity-check', 1)")  # noqa: S608
    except IntegrityError:
        return "its words are others than those of the documents"
    except SyncoreError as error:
        return error.message
    return ""
