"""Constraints: are the stored facts, standings, references and claims what the documents' states come to?"""

from collections.abc import Iterator

from syncore.constraints.encoding import encode_facts, encode_standing
from syncore.constraints.evaluation import evaluate
from syncore.constraints.facts import DocumentFacts
from syncore.core.errors import SyncoreError
from syncore.core.identifiers import DocumentKey
from syncore.core.ports import SqlConnection
from syncore.documents.resolution import Contest
from syncore.replica.constraining import Constraining, claims_in, references_in
from syncore.replica.constraint_rules import restraint_of
from syncore.replica.constraint_stages import write_build
from syncore.replica.doctor.findings import Finding, Mend
from syncore.replica.doctor.subject import PAGE_ROWS, Subject
from syncore.replica.document_work import DocumentWork
from syncore.replica.space_memory import SpaceMemory
from syncore.replica.space_state import SpaceState
from syncore.storage.document_rows import DocumentRows
from syncore.storage.standing_rows import STANDING_TABLES, StandingRows


def examine(subject: Subject) -> Iterator[Finding]:
    """Documents that stand otherwise than evaluation from scratch finds; all their facts are in memory."""
    for state in subject.states.values():
        lacking = any(
            DocumentRows(subject.sql, state.number).contested(
                collection, at_least=Contest.LACKING, after="", limit=1
            )
            for collection in state.constraints
        )
        if not lacking:  # by rules of which this program, or the last one, carries out only some
            yield from _space(subject, state)


def compute_anew(subject: Subject, states: dict[int, SpaceState]) -> None:
    """Make all of it anew from states and settings.

    Raises:
        SyncoreError: a document cannot be read.
    """
    for table in STANDING_TABLES:
        subject.sql.execute(f"DELETE FROM {table}")  # noqa: S608 - names of ours
    for state in states.values():
        state.build = None
        write_build(subject.sql, state.number, None)
        known = Constraining(subject.sql, state.number, DocumentRows(subject.sql, state.number))
        universe = dict(_universe(subject, state)) if state.constraints else {}
        for key, standing in evaluate(universe).items():
            known.put(key, universe[key], standing)


def _space(subject: Subject, state: SpaceState) -> Iterator[Finding]:
    rows, documents = StandingRows(subject.sql, state.number), DocumentRows(subject.sql, state.number)
    is_known = state.constraints or state.build is not None
    universe = dict(_universe(subject, state)) if is_known else {}
    standings = evaluate(universe)
    held_back = set(rows.held_back())
    known: set[DocumentKey] = set()
    after = 0
    while page := rows.page(after=after, limit=PAGE_ROWS):
        for row in page:
            key = documents.key_of(row.document)
            known.add(key)
            name = f"{key.collection}/{key.id}"
            facts, standing = universe.get(key), standings.get(key)
            if facts is None or standing is None:
                yield _finding("standings", name, "nothing is asked of it", row.document)
                continue
            is_held_back = restraint_of(standing) is not None
            if (row.facts, row.standing, row.document in held_back) != (
                encode_facts(facts),
                encode_standing(standing),
                is_held_back,
            ):
                yield _finding("standings", name, "it stands otherwise", row.document)
            if rows.references_of(row.document) != references_in(facts.references):
                what = "it names other documents than are noted"
                yield _finding("document_references", name, what, row.document)
            if rows.claims_of(row.document) != claims_in(facts, standing):
                yield _finding("claims", name, "it claims something else than is noted", row.document)
        after = page[-1].document
    for key in universe.keys() - known:
        if _is_waiting(state, documents, key):
            continue
        yield _finding("standings", f"{key.collection}/{key.id}", "how it stands is not noted")
    yield from _strays(subject.sql)


def _universe(subject: Subject, state: SpaceState) -> Iterator[tuple[DocumentKey, DocumentFacts]]:
    documents, after = DocumentRows(subject.sql, state.number), 0
    while page := documents.keys(after=after, limit=PAGE_ROWS):
        work = DocumentWork(subject.sql, state, SpaceMemory(PAGE_ROWS), state.resolution_context())
        for row, key in page:
            if (facts := facts_as_built(work, state, key, row)) is not None:
                yield key, facts
        after = page[-1][0]


def facts_as_built(work: DocumentWork, state: SpaceState, key: DocumentKey, row: int) -> DocumentFacts | None:
    """What constraints have to know of a document, as far as all documents were looked at."""
    build = state.build
    if build is not None and key.collection in build.collections:
        is_settled = key.collection in state.constraints and not build.is_waiting(key, row)
        if not is_settled:  # taken by the settings before, or not at all
            stored = work.constraining.find(key)
            return None if stored is None else stored.facts
    return work.facts(key) if key.collection in state.constraints else None


def _is_waiting(state: SpaceState, documents: DocumentRows, key: DocumentKey) -> bool:
    row = documents.row_of(key)
    return state.build is not None and row is not None and state.build.is_waiting(key, row)


def _strays(sql: SqlConnection) -> Iterator[Finding]:
    for table in STANDING_TABLES[1:]:
        for (document,) in sql.rows(
            f"SELECT DISTINCT document FROM {table} EXCEPT SELECT document FROM standings LIMIT 100"  # noqa: S608
        ):
            assert isinstance(document, int)
            yield _finding(table, f"document {document}", "nothing is asked of it", document)


def _finding(table: str, row: str, what: str, document: int | None = None) -> Finding:
    return Finding(
        examination="constraints", table=table, row=row, what=what, mend=Mend.STATES, document=document
    )


def is_about_standings(error: SyncoreError) -> bool:
    """Whether a document does not read because of what constraints noted of it, which is told elsewhere."""
    return str(error.details.get("what", "")) in (
        "the facts of a document",
        "the standing of a document",
    )
