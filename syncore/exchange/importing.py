"""Importing: from bytes to rows to commits, in batches, so that memory does not grow with the file.

Batches are committed in the order of the file, each as a whole. So what an import that ended early has
committed is
the beginning of the file, whether it was killed, interrupted, or met a line that is no document; importing
again
from the start completes it. Rows with ids are found again by them. Rows without get ids that are derived
from the
name of the source, their line's number and its text (:func:`syncore.exchange.rows.derived_id`): they are
found again too, and what was since done to them stays.
"""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

from syncore.core.limits import KIB, MAX_COMMIT_BYTES
from syncore.core.ports import ByteSink, ByteSource, Clock
from syncore.exchange.batch_writing import BatchWriter, Fate
from syncore.exchange.report import ImportReport, OnImport
from syncore.exchange.rows import Item, RowReader, at_line

BATCH_ROWS = 500
"""Documents that are committed together: enough that a commit's own cost does not show."""
BATCH_BYTES = 256 * KIB
"""Text that is committed together: some values take more room in a commit than in a file."""
CHUNK_BYTES = 256 * KIB
"""What is read at once: fewer and fewer calls gain nothing beyond."""

_HINT = (
    "the lines before it are imported; correct it and import the file again, or skip such lines into a file"
)

assert BATCH_BYTES < MAX_COMMIT_BYTES


@dataclass(frozen=True, slots=True)
class _Batch:
    items: list[Item]
    read_bytes: int


async def import_rows(
    source: ByteSource,
    reader: RowReader,
    writer: BatchWriter,
    *,
    clock: Clock,
    rejects: ByteSink | None = None,
    on_progress: OnImport | None = None,
) -> ImportReport:
    """Import everything that a source holds.

    Args:
        source: The file.
        reader: Of its format.
        writer: Into the collection.
        clock: For how long it takes.
        rejects: Where skipped lines are written, when the lines around them are committed.
        on_progress: Is told after each commit.

    Raises:
        LocalError: a line that cannot be imported; those before it are committed.
        StorageError: the disk is full or fails; whole batches are committed, and importing again goes on.
    """
    report = ImportReport(size_bytes=source.size_bytes)
    started_ms = clock.monotonic_ms()
    is_complete = False
    noted = 0

    def tell(read_bytes: int) -> ImportReport:
        nonlocal report
        done = writer.committed
        report = replace(
            report,
            lines=reader.lines if is_complete else done.end,
            inserted=done.fates[Fate.INSERTED],
            updated=done.fates[Fate.UPDATED],
            unchanged=done.fates[Fate.UNCHANGED],
            kept=done.fates[Fate.KEPT],
            rejected=noted,
            read_bytes=read_bytes,
            elapsed_ms=clock.monotonic_ms() - started_ms,
        )
        if on_progress is not None:
            on_progress(report)
        return report

    async for batch in _batches(source, reader):
        try:
            await writer.write(batch.items)
            skipped = writer.committed.rejected
            if rejects is not None and skipped:
                await rejects.write(b"".join(item.encoded() for item in skipped))
            noted += len(skipped)
            skipped.clear()
        finally:
            tell(batch.read_bytes)
        stopped = writer.committed.stopped
        if stopped is not None:
            raise at_line(stopped.error, stopped.number, _HINT)
    is_complete = True
    return tell(report.read_bytes)


async def _batches(source: ByteSource, reader: RowReader) -> AsyncIterator[_Batch]:
    """What the source holds, in batches that fit into a commit each."""
    waiting: list[Item] = []
    size = read_bytes = 0
    is_over = False
    while not is_over:
        data = await source.read(CHUNK_BYTES)
        is_over = not data
        read_bytes += len(data)
        for item in reader.feed(data) if data else reader.finish():
            if waiting and (len(waiting) == BATCH_ROWS or size + len(item.text) > BATCH_BYTES):
                yield _Batch(waiting, read_bytes)
                waiting, size = [], 0
            waiting.append(item)
            size += len(item.text)
    yield _Batch(waiting, read_bytes)
