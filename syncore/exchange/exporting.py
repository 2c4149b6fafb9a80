"""Exporting: documents to bytes, page by page, while the replica goes on being used.

Every document is written as it was at one moment, and each document that is there all the while is written
once; what is written to the collection meanwhile may or may not be in the file.
"""

from collections.abc import AsyncIterable, Callable, Sequence

from syncore.core.errors import InvalidChange, Misused
from syncore.core.limits import KIB
from syncore.core.ports import ByteSink, Clock
from syncore.exchange.csv_parsing import MAX_CELLS
from syncore.exchange.csv_writing import encode_document, encode_header
from syncore.exchange.json_lines import encode_json_line
from syncore.exchange.report import ExportReport, OnExport
from syncore.replica.collection import Collection
from syncore.replica.views import Document

WRITE_BYTES = 256 * KIB
"""What is handed over at once."""


async def export_jsonl(
    collection: Collection, sink: ByteSink, *, clock: Clock, on_progress: OnExport | None = None
) -> ExportReport:
    """Write all documents as JSON lines, which lose nothing that a document shows."""
    return await _export(collection.find(), sink, encode_json_line, b"", clock, on_progress)


async def export_csv(
    collection: Collection,
    sink: ByteSink,
    *,
    fields: Sequence[str] | None,
    delimiter: str,
    clock: Clock,
    on_progress: OnExport | None = None,
) -> ExportReport:
    """Write all documents as CSV: ``$id``, and the named fields or all that there are.

    Raises:
        Misused: more fields than anything could read.
        InvalidChange: documents got further fields meanwhile, which the header does not name.
    """
    try:
        names = await _all_fields(collection) if fields is None else list(fields)
        header = encode_header(names, delimiter)
    except BaseException:
        await sink.discard()
        raise
    is_complete = fields is None
    known = frozenset(names)

    def encode(document: Document) -> bytes:
        if is_complete and not known.issuperset(document):
            raise InvalidChange(
                f"{document.id} got a new field while the collection was exported",
                hint="export again, or name the fields",
            )
        return encode_document(document, names, delimiter)

    return await _export(collection.find(), sink, encode, header, clock, on_progress)


async def _all_fields(collection: Collection) -> list[str]:
    names: set[str] = set()
    async for document in collection.find():
        names.update(document)
        if len(names) >= MAX_CELLS:
            raise Misused(
                f"more than {MAX_CELLS} fields", hint="name those that you need, or export JSON lines"
            )
    return sorted(names)


async def _export(
    documents: AsyncIterable[Document],
    sink: ByteSink,
    encode: Callable[[Document], bytes],
    header: bytes,
    clock: Clock,
    on_progress: OnExport | None,
) -> ExportReport:
    started_ms = clock.monotonic_ms()
    report = ExportReport()
    waiting = [header]
    size, count, written = len(header), 0, 0

    async def hand_over() -> None:
        nonlocal waiting, size, written, report
        await sink.write(b"".join(waiting))
        written += size
        waiting, size = [], 0
        report = ExportReport(
            documents=count, written_bytes=written, elapsed_ms=clock.monotonic_ms() - started_ms
        )
        if on_progress is not None:
            on_progress(report)

    try:
        async for document in documents:
            line = encode(document)
            waiting.append(line)
            size += len(line)
            count += 1
            if size >= WRITE_BYTES:
                await hand_over()
        await hand_over()
        await sink.finish()
    except BaseException:
        await sink.discard()
        raise
    return report
