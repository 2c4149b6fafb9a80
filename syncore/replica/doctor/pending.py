"""The pending log: names, ids and places of own commits, and which documents they touch."""

from collections.abc import Iterator

from syncore.core.errors import SyncoreError
from syncore.core.hybrid_clock import HybridTime
from syncore.core.identifiers import CommitId, Dot, Writer
from syncore.core.ports import Row
from syncore.protocol.commit_codec import decode_commit
from syncore.replica.doctor.findings import Finding, Mend, said
from syncore.replica.doctor.subject import Subject
from syncore.replica.entries import decode_entries
from syncore.replica.space_state import SpaceState
from syncore.replica.undo_log import read_waiting
from syncore.storage.document_rows import DocumentRows
from syncore.storage.protection import blob, integer, recover


def examine(subject: Subject) -> Iterator[Finding]:
    """Pending commits that do not fit their bodies, each other, or the documents."""
    for state in subject.states.values():
        yield from _space(subject, state)
    for document, sequence in subject.sql.rows(
        "SELECT document, sequence FROM pending_documents pd WHERE NOT EXISTS (SELECT 1 FROM documents d"
        " JOIN pending p ON p.space = d.space WHERE d.document = pd.document AND p.sequence = pd.sequence)"
        " LIMIT 100"
    ):
        yield _touching(f"document {said(document)}, commit {said(sequence)}", "no pending commit touches it")


def _space(subject: Subject, state: SpaceState) -> Iterator[Finding]:
    total = state.pending_count
    last: dict[Writer, tuple[int, HybridTime]] = {}
    columns = "sequence, writer, number, id, body, steps"
    for seen, row in enumerate(subject.walk("pending", "sequence", columns, where=f"space = {state.number}")):
        if seen % 64 == 0:
            subject.progress("pending commits", seen, total)
        try:
            yield from _commit(subject, state, row, last)
        except SyncoreError as error:
            yield _finding(state, row, error.message)


def _commit(
    subject: Subject, state: SpaceState, row: Row, last: dict[Writer, tuple[int, HybridTime]]
) -> Iterator[Finding]:
    sequence, number = integer(row[0]), integer(row[2])
    dot = Dot(Writer(integer(row[1])), number)
    commit = decode_commit(recover(row[4], what="its body"))
    if commit.id != CommitId(blob(row[3])):
        yield _finding(state, row, "its id is another one than in its body")
    head = state.heads.get(dot.writer)
    before, time = last.get(dot.writer, (0 if head is None else head.number, HybridTime(0)))
    if dot.number != before + 1:
        yield _finding(state, row, f"its number is {dot.number}, where {before + 1} follows")
    if commit.time <= time or (state.is_private):
        yield _finding(state, row, "it was made before the one that it follows")
    last[dot.writer] = dot.number, commit.time
    rows = DocumentRows(subject.sql, state.number)
    for entry in decode_entries(commit):
        document = rows.row_of(entry.key)
        what = f"{entry.key.collection}/{entry.key.id}, commit {sequence}"
        if document is None:
            yield _finding(state, row, f"the document {entry.key.collection}/{entry.key.id} is not there")
        elif (
            subject.sql.row(
                "SELECT 1 FROM pending_documents WHERE document = ? AND sequence = ?", (document, sequence)
            )
            is None
        ):
            yield _touching(what, "a pending commit touches it, and that is not noted")
    if row[5] is not None:
        made, steps = read_waiting(recover(row[5], what="its undo steps"))
        if made != commit.time or not steps:
            yield _finding(state, row, "its undo steps are those of another commit")


def _finding(state: SpaceState, row: Row, what: str) -> Finding:
    return Finding(
        examination="pending commits",
        table="pending",
        row=f"commit {said(row[2])} of writer {said(row[1])}",
        what=what,
        mend=Mend.NOTHING,
        space=state.number,
    )


def _touching(row: str, what: str) -> Finding:
    return Finding(
        examination="pending commits", table="pending_documents", row=row, what=what, mend=Mend.ROWS
    )
