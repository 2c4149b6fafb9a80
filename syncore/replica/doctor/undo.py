"""The undo log: steps that read, of commits that were made here, with the rows that belong together."""

from collections.abc import Iterator

from syncore.codec.fields import as_array, as_integer
from syncore.codec.packing import unpack
from syncore.core.errors import SyncoreError
from syncore.core.identifiers import WRITER_BITS
from syncore.core.limits import MAX_COMMIT_BYTES
from syncore.core.ports import Row
from syncore.documents.undo_steps import decode_step
from syncore.replica.doctor.findings import Finding, Mend, said
from syncore.replica.doctor.subject import Subject
from syncore.storage.protection import recover
from syncore.storage.undo_rows import Stack

_COLUMNS = "document, time, writer, number, leader, documents, step"


def examine(subject: Subject) -> Iterator[Finding]:
    """Rows that are no step, or belong to no transaction."""
    for stack in Stack:
        total = subject.count(stack.value)
        for seen, row in enumerate(subject.walk(stack.value, "document, time", _COLUMNS)):
            if seen % 64 == 0:
                subject.progress("undo steps", seen, total)
            try:
                problem = _problem(row)
            except SyncoreError as error:
                problem = error.message
            if problem:
                yield Finding(
                    examination="undo steps",
                    table=stack.value,
                    row=f"document {said(row[0])}, time {said(row[1])}",
                    what=problem,
                    mend=Mend.FORGET,
                    document=row[0] if isinstance(row[0], int) else None,
                )


def _problem(row: Row) -> str:
    """What is wrong with a row; empty if nothing is."""
    document, _, writer, number, leader, documents, step = row
    decode_step(recover(step, what="the step"))
    if not (isinstance(writer, int) and 0 <= writer < 1 << WRITER_BITS):
        return "no device made it"
    if not (isinstance(number, int) and number > 0):
        return "it is of no commit"
    if documents is None:
        return ""
    named = unpack(
        recover(documents, what="the transaction"), what="the transaction", max_bytes=MAX_COMMIT_BYTES
    )
    listed = [as_integer(one, what="a document") for one in as_array(named, what="the transaction")]
    return "" if leader == document and document in listed else "its transaction is another one's"
