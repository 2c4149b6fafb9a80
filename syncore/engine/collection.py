"""Collections as programs get them: those of the replica, with their ways in and out of files."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from collections.abc import Collection as Names
from contextlib import asynccontextmanager
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from syncore.adapters.byte_files import FileSource, GrowingFile, Readable, ReplacingFile, StreamSource
from syncore.core.errors import Misused
from syncore.core.ports import ByteSink, ByteSource
from syncore.exchange.batch_writing import BatchWriter, Existing
from syncore.exchange.csv_rows import CsvReader
from syncore.exchange.csv_types import ColumnTypeLike
from syncore.exchange.exporting import export_csv, export_jsonl
from syncore.exchange.importing import import_rows
from syncore.exchange.json_lines import JsonLineReader
from syncore.exchange.report import ExportReport, ImportReport, OnExport, OnImport
from syncore.exchange.rows import RowReader
from syncore.exchange.tables import TableBuilder, require, to_frame
from syncore.replica import collection

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

FilePath = str | PathLike[str]


class Collection(collection.Collection):
    """A named set of documents in a space. Cheap to make; holds no documents itself."""

    async def import_jsonl(
        self,
        file: FilePath | Readable | ByteSource,
        /,
        *,
        id_field: str | None = None,
        source: str | None = None,
        existing: Existing | str | None = None,
        skip_bad: FilePath | None = None,
        on_progress: OnImport | None = None,
    ) -> ImportReport:
        """Insert or update a document for each line of JSON, some hundred in one commit.

        An import that ended early, or was killed, is completed by importing again: nothing comes in twice.

        Args:
            file: A path, or a stream of bytes.
            id_field: The field that holds the id, which stays in the document; ``$id`` if None.
            source: A name for where the lines come from; the file's name if None. Lines without an id get one
                that is derived from it, the line's number and the line; from a stream without a name, a
                fresh one.
            existing: ``"update"`` or ``"keep"`` documents that are there and differ. If None, those whose id
                the line says are updated, and those whose ids were derived are kept.
            skip_bad: A file for lines that cannot be imported, as JSON lines with the reason; begun anew. If
                None, the first such line ends the import.
            on_progress: Called with an :class:`ImportReport` after each commit.

        Returns:
            What was done.

        Raises:
            LocalError: a line that cannot be imported: its number is in the message and in
                ``details["line"]``. All lines before it are committed.
            StorageError: the disk; whole commits are kept.
        """
        return await self._import(file, JsonLineReader(id_field), source, existing, skip_bad, on_progress)

    async def import_csv(  # noqa: PLR0913 - a CSV file does not say how it is to be read
        self,
        file: FilePath | Readable | ByteSource,
        /,
        *,
        types: Mapping[str, ColumnTypeLike] | None = None,
        id_field: str | None = None,
        delimiter: str = ",",
        encoding: str = "utf-8",
        header: Sequence[str] | None = None,
        missing: Names[str] = (),
        source: str | None = None,
        existing: Existing | str | None = None,
        skip_bad: FilePath | None = None,
        on_progress: OnImport | None = None,
    ) -> ImportReport:
        """Insert or update a document for each record of a CSV file (RFC 4180).

        An empty cell is no field; an empty cell in quotes is an empty text.

        Args:
            file: As in :meth:`import_jsonl`; so are the other arguments that are not named here.
            types: Types by column: ``"string"``, ``"integer"``, ``"number"``, ``"decimal"``, ``"boolean"``,
                ``"date"``, ``"datetime"`` or ``"datetime:ZONE"``, ``"uuid"``, ``"bytes"``, ``"json"``,
                ``"counter"``, ``"text"``, or Python's own, such as ``Decimal``. The others are inferred
                from the first 1,000 records, never with a loss.
            id_field: The column that holds ids, taken as they stand; ``$id`` if None, where there is one.
            delimiter: What stands between cells.
            encoding: The file's encoding; a byte order mark is passed over.
            header: The names of the columns, for a file that does not begin with them.
            missing: Cells that mean nothing, such as ``["NA"]``.
            source: As in :meth:`import_jsonl`.
            existing: As in :meth:`import_jsonl`.
            skip_bad: As in :meth:`import_jsonl`.
            on_progress: As in :meth:`import_jsonl`.

        Raises:
            LocalError, StorageError: as in :meth:`import_jsonl`.
        """
        reader = CsvReader(
            types=types,
            id_field=id_field,
            delimiter=delimiter,
            encoding=encoding,
            header=header,
            missing=missing,
        )
        return await self._import(file, reader, source, existing, skip_bad, on_progress)

    async def export_jsonl(
        self, file: FilePath | ByteSink, /, *, on_progress: OnExport | None = None
    ) -> ExportReport:
        """Write all documents to a file as JSON lines, which :meth:`import_jsonl` reads without loss.

        The file appears when it is complete, in place of one that was there. What a document shows is
        written, not the siblings beside it; fields in conflict are named in ``$conflicts``.

        Raises:
            StorageError: the disk; what was under the file's name is as it was.
        """
        return await export_jsonl(self, _sink(file), clock=self._replica.clock, on_progress=on_progress)

    async def export_csv(
        self,
        file: FilePath | ByteSink,
        /,
        *,
        fields: Sequence[str] | None = None,
        delimiter: str = ",",
        on_progress: OnExport | None = None,
    ) -> ExportReport:
        """Write all documents to a file as CSV in UTF-8: a column ``$id`` and one for each field.

        A field that is None and one that is not there are both empty cells; sets, lists and maps are JSON;
        types are inferred or declared when the file is read. For an exact copy there is :meth:`export_jsonl`.

        Args:
            file: As in :meth:`export_jsonl`.
            fields: The fields to write, in this order; all, by name, if None.
            delimiter: What stands between cells.
            on_progress: Called with an :class:`ExportReport` now and then.

        Raises:
            InvalidValue: a field is called ``$id``.
            InvalidChange: a document got a new field meanwhile.
            StorageError: as in :meth:`export_jsonl`.
        """
        return await export_csv(
            self,
            _sink(file),
            fields=fields,
            delimiter=delimiter,
            clock=self._replica.clock,
            on_progress=on_progress,
        )

    async def to_arrow(self, *, fields: Sequence[str] | None = None) -> "pa.Table":
        """All documents as a ``pyarrow.Table``: ``$id``, and a column for each field, typed by what it holds.

        Args:
            fields: The fields to take, in this order; all, by name, if None.

        Raises:
            Misused: pyarrow is not installed: ``pip install "syncore[arrow]"``.
            InvalidValue: a field is called ``$id``.
        """
        builder = TableBuilder(fields)
        async for document in self.find():
            builder.add(document)
        return await asyncio.to_thread(builder.table)

    async def to_pandas(self, *, fields: Sequence[str] | None = None) -> "pd.DataFrame":
        """All documents as a data frame whose columns have Arrow's types. As :meth:`to_arrow`.

        Raises:
            Misused: pandas or pyarrow is not installed: ``pip install "syncore[pandas]"``.
        """
        require("pandas", "pandas")
        return to_frame(await self.to_arrow(fields=fields))

    async def _import(
        self,
        file: FilePath | Readable | ByteSource,
        reader: RowReader,
        source: str | None,
        existing: Existing | str | None,
        skip_bad: FilePath | None,
        on_progress: OnImport | None,
    ) -> ImportReport:
        if source is None and isinstance(file, str | PathLike):
            source = Path(file).name
        writer = BatchWriter(
            self._replica,
            self._space,
            self.name,
            source=source,
            existing=_existing(existing),
            is_skipping=skip_bad is not None,
        )
        async with _opened(file) as opened:
            rejects = None if skip_bad is None else GrowingFile(Path(skip_bad))
            try:
                report = await import_rows(
                    opened,
                    reader,
                    writer,
                    clock=self._replica.clock,
                    rejects=rejects,
                    on_progress=on_progress,
                )
            finally:
                if rejects is not None:
                    await rejects.finish()
        await self._replica.flush()
        return report


@asynccontextmanager
async def _opened(file: FilePath | Readable | ByteSource) -> AsyncIterator[ByteSource]:
    if isinstance(file, str | PathLike):
        source = FileSource(Path(file))
        try:
            yield source
        finally:
            source.close()
    else:
        yield file if isinstance(file, ByteSource) else StreamSource(file)


def _sink(file: FilePath | ByteSink) -> ByteSink:
    return ReplacingFile(Path(file)) if isinstance(file, str | PathLike) else file


def _existing(existing: Existing | str | None) -> Existing | None:
    try:
        return None if existing is None else Existing(existing)
    except ValueError as error:
        raise Misused(f"{existing!r} is nothing to do with documents", hint="update or keep") from error
