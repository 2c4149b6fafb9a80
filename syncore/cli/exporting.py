"""``export``: a collection into a file of JSON lines or CSV."""

import argparse
import asyncio
import sys
from pathlib import Path

from syncore.cli.opening import chosen_space, looked_at
from syncore.cli.output import Output, printable
from syncore.cli.transferring import TAB, TransferProgress, format_of
from syncore.core.errors import Misused


class _StandardOutput:
    """Standard output as a sink of bytes."""

    async def write(self, data: bytes) -> None:
        sys.stdout.buffer.write(data)

    async def finish(self) -> None:
        sys.stdout.buffer.flush()

    async def discard(self) -> None:
        """What was printed is printed."""


def export(options: argparse.Namespace, output: Output) -> int:
    """Export a collection."""
    return asyncio.run(_export(options, output))


async def _export(options: argparse.Namespace, output: Output) -> int:
    file = _StandardOutput() if options.file == "-" else Path(options.file)
    is_csv = format_of(options) == "csv"
    if not is_csv and (options.field or options.delimiter):
        raise Misused("--field and --delimiter are about CSV", hint="add --format csv to write CSV")
    progress = TransferProgress(output)
    async with looked_at(options) as replica:
        collection = chosen_space(replica, options).collection(options.collection)
        if is_csv:
            report = await collection.export_csv(
                file,
                fields=options.field or None,
                delimiter=options.delimiter or (TAB if options.file.endswith(".tsv") else ","),
                on_progress=progress.exported,
            )
        else:
            report = await collection.export_jsonl(file, on_progress=progress.exported)
    if options.file != "-":
        record = {"documents": report.documents, "bytes": report.written_bytes, "file": options.file}
        output.result(record, f"{report.documents} documents exported to {printable(options.file)}")
    return 0
