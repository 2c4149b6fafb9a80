"""Which documents are flagged because they do not fit what is asked of them: is that so?

A program's own validators are not at hand here. Where a collection asks for some, a flag may be theirs, so
only what the schema alone finds wrong has to be flagged.
"""

from collections.abc import Iterator

from syncore.core.identifiers import SETTINGS
from syncore.documents.projection_encoding import decode_projection
from syncore.documents.rules import Unreadable
from syncore.replica.doctor.findings import Finding, Mend, said
from syncore.replica.doctor.live_documents import documents_of
from syncore.replica.doctor.subject import Subject
from syncore.replica.space_state import SpaceState


def examine(subject: Subject) -> Iterator[Finding]:
    """Documents that are flagged and fit, or that do not fit and are not; and flags of no document."""
    for (document,) in subject.sql.rows(
        "SELECT document FROM invalid_documents i WHERE NOT EXISTS"
        " (SELECT 1 FROM documents d WHERE d.document = i.document) LIMIT 100"
    ):
        yield _finding(f"document {document!r}", "no document has this number")
    for state in subject.states.values():
        for (collection,) in subject.sql.rows(
            "SELECT DISTINCT collection FROM documents WHERE space = ?", (state.number,)
        ):
            if isinstance(collection, str) and collection != SETTINGS:
                yield from _collection(subject, state, collection)


def _collection(subject: Subject, state: SpaceState, collection: str) -> Iterator[Finding]:
    judge = state.judge(collection)
    flagged = {
        row[0]: row[1]
        for row in subject.sql.rows(
            "SELECT d.document, d.id FROM invalid_documents i CROSS JOIN documents d"
            " ON d.document = i.document WHERE d.space = ? AND d.collection = ?",
            (state.number, collection),
        )
    }
    if judge is not None:
        is_all_known = not isinstance(judge.validators, Unreadable) and not judge.validators
        for document, found in documents_of(subject, state.number, collection):
            name = f"{collection}/{found.key.id}"
            is_invalid = bool(judge.problems(decode_projection(found.projection)))
            if is_invalid and document not in flagged:
                yield _finding(name, "it does not fit the schema of its collection, and is not flagged")
            if not is_invalid and not is_all_known:
                flagged.pop(document, None)  # a validator of the program may have said so
            if is_invalid:
                flagged.pop(document, None)
    for id_ in list(flagged.values())[:100]:
        yield _finding(f"{collection}/{said(id_)}", "it is flagged as one that does not fit, and fits")


def _finding(row: str, what: str) -> Finding:
    return Finding(examination="judgements", table="invalid_documents", row=row, what=what, mend=Mend.STATES)
