"""Confirmed content against the update log: every document as it becomes when the log is played again."""

from collections.abc import Iterator, Mapping

from syncore.core.errors import SyncoreError
from syncore.core.identifiers import DocumentKey, Writer
from syncore.core.ports import SqlConnection
from syncore.crypto.keys import ContentKey
from syncore.documents.rich import RichPart
from syncore.replica.doctor.findings import Finding, Mend, Severity, said
from syncore.replica.doctor.replaying import replay
from syncore.replica.doctor.subject import PAGE_ROWS, Subject
from syncore.replica.space_state import SpaceState
from syncore.storage.document_rows import DocumentRows


def examine(subject: Subject) -> Iterator[Finding]:
    """Documents, clocks and closed writers that are not what the log comes to."""
    for state in subject.states.values():
        if state.is_private:
            continue
        keys = content_keys_of(subject, state)
        if keys is None:
            yield Finding(
                examination="history",
                table="keystore",
                what=f"the content keys of space {state.number} are not here: its documents were not"
                " compared with its update log",
                mend=Mend.NOTHING_LOST,
                severity=Severity.NOTE,
            )
            continue
        with subject.scratch() as scratch:
            try:
                replayed = replay(
                    subject.sql,
                    scratch,
                    state.row,
                    keys,
                    progress=lambda done, total: subject.progress("history", done, total),
                )
            except SyncoreError as error:
                yield _finding("segments", "", f"they cannot be played again: {error.message}", Mend.RELAY)
                continue
            yield from _compare(subject, state, scratch, replayed)


def content_keys_of(subject: Subject, state: SpaceState) -> Mapping[int, ContentKey] | None:
    """The keys of all epochs of a space; None if one is not here."""
    if subject.keys is None or state.control is None:
        return None
    found: dict[int, ContentKey] = {}
    for epoch in range(1, state.control.epoch + 1):
        key = subject.keys.content_keys(state.id, epoch)
        if key is None:
            return None
        found[epoch] = key
    return found


def _compare(
    subject: Subject, state: SpaceState, scratch: SqlConnection, replayed: SpaceState
) -> Iterator[Finding]:
    held, made = DocumentRows(subject.sql, state.number), DocumentRows(scratch, replayed.number)
    after = 0
    while page := made.keys(after=after, limit=PAGE_ROWS):
        for document, key in page:
            yield from _document(state, held, made, document, key)
        after = page[-1][0]
    after = 0
    while page := held.keys(after=after, limit=PAGE_ROWS):
        for document, key in page:
            if made.row_of(key) is None and _state_of(held, document):
                name = f"{key.collection}/{key.id}"
                yield _finding("states", name, "the update log does not know it", Mend.LOG, document)
        after = page[-1][0]
    for table, columns in (
        ("closed_writers", "writer, number, reason"),
        ("waiting_entries", "writer, number, ordinal, kind, body"),
    ):
        select = f"SELECT {columns} FROM {table} WHERE space = ?"  # noqa: S608 - the names above
        ours, theirs = (
            set(subject.sql.rows(select, (state.number,))),
            set(scratch.rows(select, (replayed.number,))),
        )
        for row in sorted(ours ^ theirs, key=str):
            what = "it is not what the update log comes to"
            yield _finding(table, f"writer {said(row[0])}", what, Mend.LOG)


def _document(
    state: SpaceState, held: DocumentRows, made: DocumentRows, document: int, key: DocumentKey
) -> Iterator[Finding]:
    row = held.row_of(key)
    name = f"{key.collection}/{key.id}"
    if row is None:
        yield _finding("documents", name, "the update log knows it, and it is not there", Mend.LOG)
        return
    try:
        ours = _state_of(held, row)
        is_rich_same = _rich(held, row, state.writer) == _rich(made, document, state.writer)
    except SyncoreError:
        return  # told where documents are examined
    if ours != _state_of(made, document):
        yield _finding("states", name, "it is not what the update log comes to", Mend.LOG, row)
    if not is_rich_same:
        yield _finding("rich_updates", name, "they are not what the update log comes to", Mend.LOG, row)
    if held.clocks(row) != made.clocks(document):
        yield _finding("rich_clocks", name, "they are not what the update log comes to", Mend.LOG, row)


def _state_of(rows: DocumentRows, document: int) -> bytes | None:
    return rows.state(document)


def _rich(rows: DocumentRows, document: int, writer: Writer) -> dict[tuple[str, str], object]:
    updates = rows.rich_updates(document)
    if not updates:
        return {}
    rich = RichPart.load(updates, writer)
    return {
        (kind, name): rich.text(name) if kind == "t" else rich.items(name) for kind, name in rich.fields()
    }


def _finding(table: str, row: str, what: str, mend: Mend, document: int | None = None) -> Finding:
    return Finding(examination="history", table=table, row=row, what=what, mend=mend, document=document)
