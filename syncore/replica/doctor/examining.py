"""All examinations, one after the other: what each of them finds, and what keeps one from being finished."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from itertools import islice

from syncore.core.errors import SyncoreError
from syncore.core.identifiers import PRIVATE_SPACE
from syncore.replica.doctor import (
    chains,
    constraints,
    control,
    cursor,
    documents,
    history,
    indexes,
    judgements,
    pages,
    pending,
    references,
    rows,
    schema,
    sealed,
    small_tables,
    spaces,
    undo,
)
from syncore.replica.doctor.findings import MAX_FINDINGS, Finding, Mend
from syncore.replica.doctor.subject import Subject

Examination = Callable[[Subject], Iterator[Finding]]

EXAMINATIONS: tuple[tuple[str, Examination], ...] = (
    ("schema", schema.examine),
    ("pages", pages.examine),
    ("rows", rows.examine),
    ("references", references.examine),
    ("spaces", spaces.examine),
    ("control log", control.examine),
    ("segments", chains.examine),
    ("cursor", cursor.examine),
    ("pending commits", pending.examine),
    ("sealed segments", sealed.examine),
    ("documents", documents.examine),
    ("constraints", constraints.examine),
    ("indexes", indexes.examine),
    ("judgements", judgements.examine),
    ("undo steps", undo.examine),
    ("small tables", small_tables.examine),
    ("history", history.examine),
)
"""In this order: what later ones rely on was looked at by earlier ones. A new one is one more line."""


def examine(subject: Subject) -> Iterator[Finding]:
    """Everything that is found, as it is found; at most ``MAX_FINDINGS``, and a word if there is more."""
    found = _all(subject)
    yield from islice(found, MAX_FINDINGS)
    if next(found, None) is not None:
        yield Finding(
            examination="all", table="pages", what="there is more; it is not listed", mend=Mend.NOTHING
        )


def _all(subject: Subject) -> Iterator[Finding]:
    damaged: list[Finding] = []
    for name, examination in EXAMINATIONS:
        subject.progress(name, 0, 0)
        try:
            for finding in map(partial(_in_space, subject), examination(subject)):
                if finding.is_damage:
                    damaged.append(finding)
                yield finding
        except Exception as error:  # noqa: BLE001 - damage may break any code that trusts the file; it is told
            told = error.message if isinstance(error, SyncoreError) else type(error).__name__
            if not damaged:  # otherwise it is what was found already that it stumbled over
                damaged.append(
                    Finding(
                        examination=name,
                        table=_TABLES.get(name, "pages"),
                        what=f"the examination could not be finished: {told}",
                        mend=Mend.NOTHING,
                    )
                )
                yield damaged[-1]
        if len(damaged) > MAX_FINDINGS:
            return


def _in_space(subject: Subject, finding: Finding) -> Finding:
    """The finding, but for a document of the private space, which has no update log that mends it."""
    if finding.mend is not Mend.LOG or finding.document is None:
        return finding
    found = subject.sql.row(
        "SELECT id FROM spaces WHERE space = (SELECT space FROM documents WHERE document = ?)",
        (finding.document,),
    )
    is_private = found is not None and found[0] == PRIVATE_SPACE
    return replace(finding, mend=Mend.NOTHING) if is_private else finding


_TABLES = {
    "schema": "schema",
    "spaces": "spaces",
    "control log": "control",
    "segments": "segments",
    "cursor": "running_hashes",
    "pending commits": "pending",
    "sealed segments": "sealed",
    "documents": "documents",
    "constraints": "standings",
    "indexes": "indexes",
    "judgements": "invalid_documents",
    "undo steps": "undo_steps",
    "history": "states",
}
