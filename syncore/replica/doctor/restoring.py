"""Documents put right: confirmed content from a log that was played again, and what they show from both."""

from collections.abc import Callable, Iterator
from contextlib import suppress

from syncore.core.errors import SyncoreError
from syncore.core.identifiers import PRIVATE_SPACE, SETTINGS, DocumentKey, SpaceId, Writer
from syncore.core.ports import SqlConnection
from syncore.documents.projection_encoding import encode_projection
from syncore.documents.resolution import Contest
from syncore.documents.rich import RichPart
from syncore.protocol.control_log import ControlLog
from syncore.protocol.items import ControlItem, decode_item, read_accepted
from syncore.replica.doctor.constraints import compute_anew
from syncore.replica.doctor.subject import PAGE_ROWS, Subject
from syncore.replica.document_work import DocumentWork
from syncore.replica.space_memory import SpaceMemory
from syncore.replica.space_state import SpaceState, load_spaces
from syncore.storage.document_rows import DocumentRows
from syncore.storage.log_rows import LogRows
from syncore.storage.long_projections import read_long
from syncore.storage.protection import recover
from syncore.storage.space_rows import SpaceRow, SpaceRows

_UNREADABLE = b""
"""What no confirmed document has for a state."""
_NOBODY = Writer(1)
"""Nothing is written while texts are compared."""


def restore_documents(sql: SqlConnection, scratch: SqlConnection, row: SpaceRow) -> Iterator[str]:
    """Make the confirmed content of a space what ``scratch`` says; the names of what was different."""
    held, right = DocumentRows(sql, row.space), DocumentRows(scratch, row.space)
    strangers = _strangers(held, right)
    for document, key in _all(right):
        name = f"{key.collection}/{key.id}"
        number = held.row_of(key)
        is_other = number is None
        if number is None:
            number = _renamed(sql, strangers, key, right.state(document) or b"")
        if number is None:
            number = held.add(key, b"", is_deleted=False)
        if _state(held, number) != right.state(document):
            held.write_state(number, right.state(document) or b"")
            is_other = True
        if _rich(held, number) != _rich(right, document):
            sql.execute("DELETE FROM rich_updates WHERE document = ?", (number,))
            for update in right.rich_updates(document):
                held.append_rich(number, update)
            is_other = True
        if held.clocks(number) != right.clocks(document):
            sql.execute("DELETE FROM rich_clocks WHERE document = ?", (number,))
            sql.execute_many(
                "INSERT INTO rich_clocks VALUES (?, ?, ?, ?)",
                [(number, *clock) for clock in right.clocks(document)],
            )
            is_other = True
        if is_other:
            yield name
    yield from _tidy(sql, held, right, row)


def _tidy(sql: SqlConnection, held: DocumentRows, right: DocumentRows, row: SpaceRow) -> Iterator[str]:
    """What belongs to documents of which the log knows nothing."""
    for number, key in _all(held):
        if right.row_of(key) is None and _state(held, number) == _UNREADABLE:
            held.write_state(number, b"")  # the log does not know it: nothing of it is confirmed
            yield f"{key.collection}/{key.id}"
    for table in ("states", "rich_updates", "rich_clocks", "projection_parts"):
        if sql.execute(f"DELETE FROM {table} WHERE document NOT IN (SELECT document FROM documents)"):  # noqa: S608
            yield f"what {table} held of no document"
    for (lacking,) in sql.rows(
        "SELECT document FROM documents WHERE space = ? AND document NOT IN (SELECT document FROM states)",
        (row.space,),
    ):
        held.write_state(int(str(lacking)), b"")


def show_documents(subject: Subject) -> Iterator[str]:
    """Compute anew what all documents show; the names of those that showed something else.

    Settings first, which nothing but states is needed for: the other documents are shown by them.
    """
    for row in SpaceRows(subject.sql).all():
        state = SpaceState(row=row, control=read_control(subject.sql, row.id, row.space))
        yield from _show_all(subject.sql, state, lambda key: key.collection == SETTINGS)
    states = load_spaces(subject.sql, subject.resolvers, {})
    with suppress(SyncoreError):  # told by the examination of the copy
        compute_anew(subject, states)
    for state in states.values():
        yield from _show_all(subject.sql, state, lambda key: key.collection != SETTINGS)


def read_control(sql: SqlConnection, id_: SpaceId, space: int) -> ControlLog | None:
    """The control log as it is stored; None for the private space."""
    if id_ == PRIVATE_SPACE:
        return None
    log = ControlLog(id_)
    for data in LogRows(sql, space).control():
        item = decode_item(data)
        assert isinstance(item, ControlItem)
        log.restore(read_accepted(item))
    return log


def _show_all(
    sql: SqlConnection, state: SpaceState, is_wanted: Callable[[DocumentKey], bool]
) -> Iterator[str]:
    rows, after = DocumentRows(sql, state.number), 0
    while page := rows.keys(after=after, limit=PAGE_ROWS):
        work = DocumentWork(sql, state, SpaceMemory(PAGE_ROWS), state.resolution_context())
        for document, key in page:
            try:
                if is_wanted(key) and _show(sql, rows, work, document, key):
                    yield f"{key.collection}/{key.id}"
            except (SyncoreError, AssertionError):
                continue  # told by the examination of the copy
        after = page[-1][0]


def _show(
    sql: SqlConnection, rows: DocumentRows, work: DocumentWork, document: int, key: DocumentKey
) -> bool:
    found = sql.row("SELECT projection, is_deleted, contest FROM documents WHERE document = ?", (document,))
    assert found is not None
    shown = work.hold(key).visible.project(work.context)
    encoded = encode_projection(shown)
    try:
        stored: bytes | None = read_long(sql, document, recover(found[0], what="it")) or None
    except SyncoreError:
        stored = None
    if stored is not None and Contest.LACKING in (shown.contest, found[2]):
        return False  # by rules of which this program, or the last one, carries out only some
    if (stored, found[1], found[2]) == (encoded, int(not shown.is_live), int(shown.contest)):
        return False
    rows.write_projections([(document, encoded, not shown.is_live, shown.contest)])
    return True


def _strangers(held: DocumentRows, right: DocumentRows) -> dict[bytes, int]:
    """Documents with confirmed content that the log does not know under their names, by content."""
    return {
        state: number
        for number, key in _all(held)
        if right.row_of(key) is None and (state := _state(held, number))
    }


def _renamed(sql: SqlConnection, strangers: dict[bytes, int], key: DocumentKey, state: bytes) -> int | None:
    """The row whose content says that it is this document, under its right name again; or None."""
    number = strangers.pop(state, None)
    if number is not None:
        sql.execute(
            "UPDATE documents SET collection = ?, id = ?, edition = ? WHERE document = ?", (*key, number)
        )
    return number


def _all(rows: DocumentRows) -> Iterator[tuple[int, DocumentKey]]:
    after = 0
    while page := rows.keys(after=after, limit=PAGE_ROWS):
        yield from page
        after = page[-1][0]


def _state(rows: DocumentRows, document: int) -> bytes | None:
    try:
        return rows.state(document)
    except SyncoreError:
        return _UNREADABLE


def _rich(rows: DocumentRows, document: int) -> object:
    """Texts and lists, by name; None where they do not read."""
    try:
        updates = rows.rich_updates(document)
        if not updates:
            return {}
        rich = RichPart.load(updates, _NOBODY)
    except SyncoreError:
        return None
    fields = rich.fields()
    return [
        sorted((k, n, rich.text(n) if k == "t" else b"".join(rich.items(n))) for k, n in fields),
        rich.clocks(),
    ]
