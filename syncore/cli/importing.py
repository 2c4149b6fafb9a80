"""``import``: JSON lines or CSV into a collection. Owns the choice of format and what is said about it."""

import argparse
import asyncio
import io
import sys
from collections.abc import Mapping
from pathlib import Path

from syncore.adapters.byte_files import DescriptorSource, Readable
from syncore.cli.opening import chosen_space, owned
from syncore.cli.output import Output
from syncore.cli.transferring import TAB, TransferProgress, format_of
from syncore.core.errors import Misused
from syncore.core.ports import ByteSource
from syncore.engine.collection import Collection
from syncore.exchange.report import ImportReport, OnImport


def import_(options: argparse.Namespace, output: Output) -> int:
    """Import a file."""
    return asyncio.run(_import(options, output))


async def _import(options: argparse.Namespace, output: Output) -> int:
    file = _standard_input() if options.file == "-" else Path(options.file)
    progress = TransferProgress(output)
    if isinstance(file, Path) and not file.is_file() and not file.is_fifo():
        raise Misused(f"{options.file} cannot be read: {'a folder' if file.is_dir() else 'no such file'}")
    async with owned(options, output) as replica:
        collection = chosen_space(replica, options).collection(options.collection)
        last = ImportReport()

        def note(report: ImportReport) -> None:
            nonlocal last
            last = report
            progress.imported(report)

        try:
            last = await _read(collection, file, options, note)
        finally:
            await replica.flush()
            _report(last, options.skip_bad, output)
    return 0


async def _read(
    collection: Collection, file: Path | Readable | ByteSource, options: argparse.Namespace, note: OnImport
) -> ImportReport:
    if format_of(options) == "jsonl":
        _refuse_csv_options(options)
        return await collection.import_jsonl(
            file,
            id_field=options.id_field,
            source=options.source,
            existing=options.existing,
            skip_bad=options.skip_bad,
            on_progress=note,
        )
    return await collection.import_csv(
        file,
        types=_types(options.type),
        id_field=options.id_field,
        delimiter=options.delimiter or (TAB if options.file.endswith(".tsv") else ","),
        encoding=options.encoding or "utf-8",
        header=options.columns.split(",") if options.columns is not None else None,
        missing=options.missing,
        source=options.source,
        existing=options.existing,
        skip_bad=options.skip_bad,
        on_progress=note,
    )


def _types(given: list[str]) -> Mapping[str, str]:
    types = {}
    for pair in given:
        column, equals, type_ = pair.rpartition("=")
        if not equals:
            raise Misused(f"--type {pair} names no type", hint="such as --type price=decimal")
        types[column] = type_
    return types


def _refuse_csv_options(options: argparse.Namespace) -> None:
    for name in ("type", "delimiter", "encoding", "columns", "missing"):
        if getattr(options, name):
            raise Misused(f"--{name} is about CSV", hint="add --format csv if the file is CSV")


def _standard_input() -> Readable | ByteSource:
    """Standard input, so that waiting for it can be interrupted."""
    try:
        return DescriptorSource(sys.stdin.fileno())
    except io.UnsupportedOperation:  # it was replaced by something in memory
        return sys.stdin.buffer


def _report(report: ImportReport, skip_bad: str | None, output: Output) -> None:
    record: dict[str, object] = {
        "lines": report.lines,
        "inserted": report.inserted,
        "updated": report.updated,
        "unchanged": report.unchanged,
        "kept": report.kept,
        "rejected": report.rejected,
    }
    text = (
        f"{report.lines} lines imported: {report.inserted} inserted, {report.updated} updated,"
        f" {report.unchanged} unchanged"
    )
    if report.kept:
        text += f", {report.kept} kept as they are here"
    if report.rejected:
        text += f", {report.rejected} rejected into {skip_bad}"
    output.result(record, text)
    output.flush()
