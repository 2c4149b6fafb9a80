"""Rows that name other rows: spaces, documents and pending commits that are there, places without gaps."""

from collections.abc import Iterator

from syncore.core.identifiers import is_reserved, name_problem
from syncore.replica.doctor.findings import Finding, Mend, said
from syncore.replica.doctor.rows import mend_of
from syncore.replica.doctor.subject import Subject

_OF_SPACES = (
    "documents",
    "pending",
    "sealed",
    "segments",
    "control",
    "missing_at_relay",
    "running_hashes",
    "findings",
    "writers",
    "closed_writers",
    "renamed",
    "set_aside",
    "waiting_entries",
    "document_references",
    "claims",
)
_OF_DOCUMENTS = (
    "states",
    "rich_updates",
    "rich_clocks",
    "projection_parts",
    "pending_documents",
    "undo_steps",
    "redo_steps",
    "standings",
    "document_references",
    "claims",
)


def examine(subject: Subject) -> Iterator[Finding]:
    """References that lead nowhere, names that are none, and sequences with gaps."""
    yield from _spaces(subject)
    yield from _documents(subject)
    yield from _names(subject)
    yield from _rich_sequences(subject)


def _spaces(subject: Subject) -> Iterator[Finding]:
    for table in _OF_SPACES:
        for (space,) in subject.sql.rows(
            f"SELECT DISTINCT space FROM {table} EXCEPT SELECT space FROM spaces"  # noqa: S608 - names above
        ):
            yield _finding(table, f"space {space!r}", "no space has this number")


def _documents(subject: Subject) -> Iterator[Finding]:
    for table in _OF_DOCUMENTS:
        for (document,) in subject.sql.rows(
            f"SELECT DISTINCT document FROM {table} t WHERE NOT EXISTS"  # noqa: S608 - names above
            " (SELECT 1 FROM documents d WHERE d.document = t.document) LIMIT 100"
        ):
            yield _finding(table, f"document {document!r}", "no document has this number")
    for document, collection, id_ in subject.sql.rows(
        "SELECT document, collection, id FROM documents d WHERE NOT EXISTS"
        " (SELECT 1 FROM states s WHERE s.document = d.document) LIMIT 100"
    ):
        assert isinstance(document, int)
        yield Finding(
            examination="references",
            table="states",
            row=f"{said(collection)}/{said(id_)}",
            what="its state is not there",
            mend=Mend.LOG,
            document=document,
        )


def _names(subject: Subject) -> Iterator[Finding]:
    for row in subject.walk(
        "documents", "document", "document, collection, id, edition, is_deleted, contest"
    ):
        document, collection, id_, edition, is_deleted, contest = row
        is_named = isinstance(collection, str) and isinstance(id_, str)
        name = f"{said(collection)}/{said(id_)}"
        if (
            not is_named
            or (name_problem(str(collection)) and not is_reserved(str(collection)))
            or name_problem(str(id_))
            or edition != 0
        ):
            yield _finding(
                "documents",
                f"{said(collection)}/{said(id_)}",
                "its name is none that a document can have",
                document,
            )
        if is_deleted not in (0, 1) or contest not in (0, 1, 2, 3):
            yield _finding("documents", name, "its marks are none that there are", document)


def _rich_sequences(subject: Subject) -> Iterator[Finding]:
    for document, first, last, count in subject.sql.rows(
        "SELECT document, min(sequence), max(sequence), count(*) FROM rich_updates GROUP BY document"
        " HAVING min(sequence) NOT IN (0, 1) OR max(sequence) - min(sequence) + 1 <> count(*) LIMIT 100"
    ):
        yield _finding(
            "rich_updates",
            f"document {said(document)}",
            f"its updates are not numbered without gap: {said(count)} from {said(first)} to {said(last)}",
            document,
        )


def _finding(table: str, row: str, what: str, document: object = None) -> Finding:
    return Finding(
        examination="references",
        table=table,
        row=row,
        what=what,
        mend=mend_of(table),
        document=document if isinstance(document, int) else None,
    )
