"""Documents: does every state read, and is what programs see what states and pending commits come to?"""

from collections.abc import Iterator

from syncore.core.errors import IntegrityError, SyncoreError
from syncore.core.identifiers import DocumentKey, Writer
from syncore.documents.projection_encoding import encode_projection
from syncore.documents.record import Record
from syncore.documents.resolution import Contest
from syncore.documents.rich import RichPart
from syncore.replica.doctor.constraints import is_about_standings
from syncore.replica.doctor.findings import Finding, Mend
from syncore.replica.doctor.subject import PAGE_ROWS, Subject
from syncore.replica.document_work import DocumentWork
from syncore.replica.space_memory import SpaceMemory
from syncore.replica.space_state import SpaceState
from syncore.storage.document_rows import DocumentRows
from syncore.storage.long_projections import is_in_parts, read_long
from syncore.storage.protection import recover


def examine(subject: Subject) -> Iterator[Finding]:
    """Documents that do not read, or show something else than they hold."""
    done, total = 0, subject.count("documents")
    for state in subject.states.values():
        rows, after = DocumentRows(subject.sql, state.number), 0
        while page := rows.keys(after=after, limit=PAGE_ROWS):
            work = DocumentWork(subject.sql, state, SpaceMemory(PAGE_ROWS), state.resolution_context())
            for document, key in page:
                yield from _document(subject, state, work, document, key)
            after = page[-1][0]
            done += len(page)
            subject.progress("documents", done, total)


def _document(
    subject: Subject, state: SpaceState, work: DocumentWork, document: int, key: DocumentKey
) -> Iterator[Finding]:
    name = f"{key.collection}/{key.id}"
    try:
        held = work.hold(key)
    except SyncoreError as error:
        if is_about_standings(error):
            return
        yield _finding("states", name, f"it cannot be read: {error.message}", Mend.LOG, document)
        return
    record = held.confirmed_record
    ahead = [writer for writer, number in record.vector.items() if number > _reached(state, writer)]
    if ahead:
        yield _finding(
            "states", name, "it holds commits that the space does not have yet", Mend.LOG, document
        )
    yield from _clocks(subject, state, document, name, record)
    try:
        yield from _parts(subject, document, name)
        yield from _shown(subject, work, document, key)
    except (SyncoreError, AssertionError) as error:
        what = f"what it shows cannot be told: {error}"
        yield _finding("documents", name, what, Mend.STATES, document)


def _reached(state: SpaceState, writer: Writer) -> int:
    head = state.heads.get(writer)
    return 0 if head is None else head.number


def _clocks(
    subject: Subject, state: SpaceState, document: int, name: str, record: Record
) -> Iterator[Finding]:
    """The rich part is as far as the record says, and its clocks rise with the commits."""
    updates = DocumentRows(subject.sql, state.number).rich_updates(document)
    held = RichPart.load(updates, state.writer).clocks() if updates else {}
    if held != record.clocks:
        yield _finding(
            "rich_updates", name, "its texts and lists are not as far as its state says", Mend.LOG, document
        )
    last: dict[int, tuple[int, int]] = {}
    for writer, number, clock in subject.sql.rows(
        "SELECT writer, number, clock FROM rich_clocks WHERE document = ? ORDER BY writer, number",
        (document,),
    ):
        if not (isinstance(writer, int) and isinstance(number, int) and isinstance(clock, int)):
            raise IntegrityError("a clock is no number")
        if clock <= last.get(writer, (0, 0))[1]:
            yield _finding("rich_clocks", name, "the clocks of a writer do not rise", Mend.LOG, document)
        last[writer] = number, clock
    if not state.is_private and {writer: clock for writer, (_, clock) in last.items()} != record.clocks:
        yield _finding(
            "rich_clocks", name, "the last clocks are not those of the document", Mend.LOG, document
        )


def _shown(subject: Subject, work: DocumentWork, document: int, key: DocumentKey) -> Iterator[Finding]:
    found = subject.sql.row(
        "SELECT projection, is_deleted, contest FROM documents WHERE document = ?", (document,)
    )
    assert found is not None
    projection, is_deleted, contest = found
    shown = work.hold(key).visible.project(work.context)
    if Contest.LACKING in (shown.contest, contest):
        return  # by rules of which this program, or the last one, carries out only some
    name = f"{key.collection}/{key.id}"
    if contest != shown.contest:
        yield _finding(
            "documents", name, "it is marked as contested otherwise than it is", Mend.STATES, document
        )
    if is_deleted != int(not shown.is_live):
        yield _finding(
            "documents", name, "it is marked as deleted and is not, or the other way", Mend.STATES, document
        )
    stored = recover(projection, what="what it shows")
    if read_long(subject.sql, document, stored) != encode_projection(shown):
        yield _finding("documents", name, "it shows something else than it holds", Mend.STATES, document)


def _parts(subject: Subject, document: int, name: str) -> Iterator[Finding]:
    """The parts of a long projection are numbered without gap; their checksums say which they are."""
    found = subject.sql.row(
        "SELECT count(*), coalesce(max(part) + 1, 0) FROM projection_parts WHERE document = ?", (document,)
    )
    row = subject.sql.row("SELECT projection FROM documents WHERE document = ?", (document,))
    is_long = row is not None and is_in_parts(recover(row[0], what="what it shows"))
    if found is not None and (found[0] != found[1] or bool(found[0]) != is_long):
        yield _finding(
            "projection_parts", name, "the parts are not those of what it shows", Mend.STATES, document
        )


def _finding(table: str, row: str, what: str, mend: Mend, document: int) -> Finding:
    return Finding(examination="documents", table=table, row=row, what=what, mend=mend, document=document)
