"""The undo log: what this replica's last commits did to each document, kept with the commits themselves.

A local commit must not pay for a log that is rarely read. So what undoing it takes is a column of its pending
row, and moves into the log proper when the relay acknowledges the commit, or before the log is used. In the
private space, where nothing is pending, it goes there at once.

Owns the rows of a transaction as one thing: they are pushed, found and taken off together. A transaction of
which a part is no longer there, because that document was changed too often since, can no longer be found at
all.

Knows nothing of how a step is undone (:mod:`syncore.replica.undoing`).
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from syncore.codec.fields import as_array, as_bytes, as_integer
from syncore.codec.packing import pack, unpack
from syncore.core.hybrid_clock import HybridTime
from syncore.core.identifiers import DocumentKey, Dot
from syncore.core.limits import MAX_COMMIT_BYTES, MAX_ENTRIES_PER_COMMIT, MAX_HYBRID_TIME, MAX_UNDO_STEPS
from syncore.core.ports import SqlConnection
from syncore.documents.rich_rekeying import ClockRange
from syncore.documents.undo_steps import MAX_STEP_BYTES, UndoStep, decode_step, encode_step
from syncore.replica.document_work import DocumentWork
from syncore.storage.pending_rows import PendingRows
from syncore.storage.undo_rows import Stack, UndoRow, UndoRows

_SLACK = 16
"""Steps beyond the bound before the oldest are dropped, so that not every commit has to drop one."""
_MAX_WAITING = MAX_ENTRIES_PER_COMMIT * MAX_STEP_BYTES
_WAITING = "the undo steps of a pending commit"
_DOCUMENTS = "the documents of a transaction"


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedStep:
    """What one commit did to one document, as it is logged."""

    row: UndoRow
    step: UndoStep


def steps_of_pending(
    work: DocumentWork, steps: Mapping[DocumentKey, UndoStep], time: HybridTime
) -> bytes | None:
    """What a pending row keeps until it is logged; its documents are written already."""
    if not steps:
        return None
    return pack([time, [(work.row_of(key), encode_step(step)) for key, step in steps.items()]])


def log_pending(sql: SqlConnection, space: int, *, until: int | None = None) -> None:
    """Move what pending rows keep, up to a sequence, into the log: before they go, or the log is used."""
    pending, rows = PendingRows(sql, space), UndoRows(sql)
    documents: set[int] = set()
    for dot, waiting in pending.waiting_steps(until):
        time, steps = as_array(
            unpack(waiting, what=_WAITING, max_bytes=_MAX_WAITING), what=_WAITING, length=2
        )
        by_document = {}
        for part in as_array(steps, what=_WAITING):
            document, step = as_array(part, what=_WAITING, length=2)
            by_document[as_integer(document, what=_WAITING)] = as_bytes(step, what=_WAITING)
        _push(rows, by_document, dot=dot, time=HybridTime(as_integer(time, what=_WAITING)), stack=Stack.UNDO)
        documents.update(by_document)
    if documents:
        pending.forget_steps(until)
    for document in sorted(documents):
        if rows.count(Stack.UNDO, document) > MAX_UNDO_STEPS:
            rows.trim(Stack.UNDO, document, keep=MAX_UNDO_STEPS)


def is_waiting(sql: SqlConnection, space: int, document: int) -> bool:
    """Whether a pending row keeps what a document can be undone by."""
    return any(
        document in read_waiting(waiting)[1] for waiting in PendingRows(sql, space).waiting_steps_of(document)
    )


def push_steps(
    sql: SqlConnection,
    work: DocumentWork,
    steps: Mapping[DocumentKey, UndoStep],
    *,
    dot: Dot,
    time: HybridTime,
    stack: Stack,
) -> None:
    """Log what a commit did at once, in its own transaction; its documents are written already."""
    rows = UndoRows(sql)
    by_document = {work.row_of(key): encode_step(step) for key, step in steps.items()}
    if by_document:
        _push(rows, by_document, dot=dot, time=time, stack=stack)
    for key in steps if stack is Stack.UNDO else ():  # the other stack is no higher than this one was
        _bound(rows, work, key)


def _push(rows: UndoRows, steps: Mapping[int, bytes], *, dot: Dot, time: HybridTime, stack: Stack) -> None:
    leader = next(iter(steps))
    documents = pack(tuple(steps)) if len(steps) > 1 else None
    rows.push(
        stack,
        [
            UndoRow(
                document=document,
                time=time,
                dot=dot,
                leader=leader,
                documents=documents if document == leader else None,
                step=step,
            )
            for document, step in steps.items()
        ],
    )


def _bound(rows: UndoRows, work: DocumentWork, key: DocumentKey) -> None:
    """Keep a document's stack as low as it has to be, looking at it as rarely as possible."""
    held = work.hold(key)
    if held.undo_count is None:
        held.undo_count = rows.count(Stack.UNDO, work.row_of(key))
    else:
        held.undo_count += 1
    if held.undo_count > MAX_UNDO_STEPS + _SLACK:
        rows.trim(Stack.UNDO, work.row_of(key), keep=MAX_UNDO_STEPS)
        held.undo_count = MAX_UNDO_STEPS


def read_waiting(data: bytes) -> tuple[HybridTime, dict[int, bytes]]:
    """A pending commit's time, and its steps by document."""
    time, steps = as_array(unpack(data, what=_WAITING, max_bytes=_MAX_WAITING), what=_WAITING, length=2)
    parts = (as_array(part, what=_WAITING, length=2) for part in as_array(steps, what=_WAITING))
    return HybridTime(as_integer(time, what=_WAITING)), {
        as_integer(document, what=_WAITING): as_bytes(step, what=_WAITING) for document, step in parts
    }


def find_steps(sql: SqlConnection, document: int, stack: Stack) -> list[LoggedStep]:
    """The newest transaction on a document's stack, all of it; nothing if it is not there as a whole."""
    rows = UndoRows(sql)
    top = rows.newest(stack, document)
    if top is None:
        return []
    documents = _documents_of(rows, top, stack)
    found = [rows.at(stack, one, top.time) for one in documents]
    whole = [row for row in found if row is not None]
    if len(whole) < len(documents) or not documents:
        return []
    return [LoggedStep(row=row, step=decode_step(row.step)) for row in whole]


def take_off(sql: SqlConnection, steps: Iterable[LoggedStep], stack: Stack) -> None:
    """Take a transaction off its stack."""
    for one in steps:
        UndoRows(sql).remove(stack, one.row.document, one.row.time)


def own_dots(sql: SqlConnection, document: int) -> dict[Dot, tuple[Stack, HybridTime]]:
    """The logged commits that touched a document: where each is, and when it was made."""
    return {
        row.dot: (stack, row.time) for stack in Stack for row in UndoRows(sql).of_document(stack, document)
    }


def rename_units(sql: SqlConnection, document: int, renamed: Sequence[ClockRange]) -> None:
    """Let the log follow units that were deleted and came back under other names."""
    _rewrite(sql, document, lambda row, step: (row, step.reinserted(renamed)))


def rekey_steps(
    sql: SqlConnection, document: int, *, dots: Mapping[Dot, Dot], clocks: Sequence[ClockRange]
) -> None:
    """Let the log follow a rebase: commits and units of the document have new names."""
    _rewrite(
        sql,
        document,
        lambda row, step: (replace(row, dot=dots.get(row.dot, row.dot)), step.rekeyed(clocks)),
    )


def forget_commit(sql: SqlConnection, documents: Iterable[int], time: HybridTime) -> None:
    """Forget a commit that was set aside: what it did is not there to be undone."""
    for document in documents:
        for stack in Stack:
            UndoRows(sql).remove(stack, document, time)


def clear_redo(sql: SqlConnection, work: DocumentWork, keys: Iterable[DocumentKey]) -> bool:
    """Forget what could be done again to documents that were changed anew; whether anything else can.

    A transaction goes in all of its documents, and with it what was to be done again after it there.
    """
    rows = UndoRows(sql)
    waiting = [(work.row_of(key), HybridTime(MAX_HYBRID_TIME)) for key in keys]
    while waiting:
        document, time = waiting.pop()
        for row in rows.of_document(Stack.REDO, document):
            if row.time <= time:
                waiting += (
                    (one, row.time) for one in _documents_of(rows, row, Stack.REDO) if one != document
                )
                rows.remove(Stack.REDO, document, row.time)
    return not rows.is_empty(Stack.REDO)


def _rewrite(
    sql: SqlConnection, document: int, change: Callable[[UndoRow, UndoStep], tuple[UndoRow, UndoStep]]
) -> None:
    rows = UndoRows(sql)
    for stack in Stack:
        for row in rows.of_document(stack, document):
            changed, step = change(row, decode_step(row.step))
            changed = replace(changed, step=encode_step(step))
            if changed != row:
                rows.replace(stack, changed)


def _documents_of(rows: UndoRows, row: UndoRow, stack: Stack) -> list[int]:
    """The documents of a row's transaction; none if the row that names them is gone."""
    leading = row if row.leader == row.document else rows.at(stack, row.leader, row.time)
    if leading is None:
        return []
    if leading.documents is None:
        return [row.document]
    named = unpack(leading.documents, what=_DOCUMENTS, max_bytes=MAX_COMMIT_BYTES)
    return [as_integer(document, what=_DOCUMENTS) for document in as_array(named, what=_DOCUMENTS)]
