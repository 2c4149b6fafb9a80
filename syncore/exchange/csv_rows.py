"""CSV as documents: encoding, header and types around :mod:`syncore.exchange.csv_parsing`."""

import codecs
from collections.abc import Collection, Iterator, Mapping, Sequence

from syncore.core.errors import InvalidValue, LocalError, Misused
from syncore.core.identifiers import check_name
from syncore.exchange.csv_parsing import CsvParser, Record
from syncore.exchange.csv_types import ColumnType, ColumnTypeLike, declared_type, inferred_type
from syncore.exchange.json_forms import FieldChange
from syncore.exchange.rows import Item, Rejected, Row

SAMPLE_RECORDS = 1_000
"""Records from which the types of columns that nobody declared are inferred."""
SAMPLE_CHARACTERS = 1024 * 1024
"""Their text together: it waits in memory until the types are known."""

ID_COLUMN = "$id"


class CsvReader:
    """Reads a row from each record behind the header; empty lines are passed over.

    An empty cell is no field at all; an empty cell in quotes is an empty text.
    """

    def __init__(
        self,
        *,
        types: Mapping[str, ColumnTypeLike] | None = None,
        id_field: str | None = None,
        delimiter: str = ",",
        encoding: str = "utf-8",
        header: Sequence[str] | None = None,
        missing: Collection[str] = (),
    ) -> None:
        """Prepare to read a file.

        Args:
            types: Types by column; the others are inferred.
            id_field: The column that holds ids; ``$id`` if None, where there is one.
            delimiter: What stands between cells.
            encoding: The file's encoding; a byte order mark is passed over.
            header: The names of the columns, for a file that does not begin with them.
            missing: What stands in cells that mean nothing, such as ``NA``; beside the empty ones.

        Raises:
            Misused: an unknown type or encoding, or a delimiter that cannot be one.
        """
        try:
            self._decoder = codecs.getincrementaldecoder(encoding)()
        except LookupError as error:
            raise Misused(
                f"there is no encoding {encoding!r}", hint="such as utf-8, utf-16 or cp1252"
            ) from error
        self._encoding = encoding
        self._parser = CsvParser(delimiter)
        self._declared = {name: declared_type(wanted) for name, wanted in (types or {}).items()}
        self._id_field = id_field
        self._missing = frozenset(missing)
        self._names: list[str] = []
        self._types: list[ColumnType] = []
        self._sample: list[Record] | None = []
        self._sample_size = 0
        self._is_first_text = True
        self._is_over = False
        if header is not None:
            self._take_header(list(header))

    @property
    def lines(self) -> int:
        """How many lines were read completely."""
        return self._parser.lines

    def feed(self, data: bytes) -> Iterator[Item]:
        """The rows whose records end in these bytes, once the types are known."""
        yield from self._read(data, is_last=False)

    def finish(self) -> Iterator[Item]:
        """The rows that are left."""
        yield from self._read(b"", is_last=True)
        if not self._is_over:
            for record in self._parser.finish():
                yield from self._record(record)
        yield from self._end_sample()

    def _read(self, data: bytes, *, is_last: bool) -> Iterator[Item]:
        if self._is_over:
            return
        failure: UnicodeDecodeError | None = None
        try:
            text = self._decoder.decode(data, is_last)
        except UnicodeDecodeError as error:
            failure = error
            text = bytes(error.object[: error.start]).decode(self._encoding, "replace")
        if self._is_first_text and text:
            text = text.removeprefix("\ufeff")
            self._is_first_text = False
        for record in self._parser.feed(text):
            yield from self._record(record)
        if failure is not None:
            yield from self._end_sample()
            self._is_over = True
            problem = InvalidValue(
                f"not {self._encoding}: byte {failure.object[failure.start]:#04x}",
                hint="name the file's encoding, such as cp1252 for many older Windows files",
            )
            number = self._parser.lines + 1
            yield Rejected(number=number, end=number, error=problem, text="", is_final=True)

    def _record(self, record: Record) -> Iterator[Item]:
        if self._is_over:  # the header was none, and what follows it is not one either
            return
        if not self._names:
            try:
                if record.problem is not None:
                    raise record.problem
                self._take_header([cell or "" for cell in record.cells])
            except LocalError as error:
                self._is_over = True
                yield Rejected(
                    number=record.number, end=record.end, error=error, text=record.text, is_final=True
                )
        elif self._sample is None:
            yield self._row(record)
        else:
            self._sample.append(record)
            self._sample_size += len(record.text)
            if len(self._sample) >= SAMPLE_RECORDS or self._sample_size >= SAMPLE_CHARACTERS:
                yield from self._end_sample()
        self._is_over = self._is_over or record.is_final

    def _take_header(self, names: list[str]) -> None:
        for place, name in enumerate(names, 1):
            if name != ID_COLUMN or self._id_field is not None:
                check_name(name, f"the name of column {place}")
            if names.index(name) != place - 1:
                raise InvalidValue(f"two columns are called {name!r}", hint="give the names yourself")
        for wanted in [*self._declared, *([self._id_field] if self._id_field is not None else [])]:
            if wanted not in names:
                raise Misused(f"there is no column {wanted!r}", hint=f"there are: {', '.join(names)[:200]}")
        self._names = names
        if all(name in self._declared for name in names):
            self._types = [self._declared[name] for name in names]
            self._sample = None

    def _end_sample(self) -> Iterator[Item]:
        if self._sample is None:
            return
        sample, self._sample = self._sample, None
        width = len(self._names)
        whole = [record for record in sample if len(record.cells) == width]
        self._types = [
            self._declared.get(name) or inferred_type(self._present(record.cells[place]) for record in whole)
            for place, name in enumerate(self._names)
        ]
        for record in sample:
            yield self._row(record)

    def _present(self, cell: str | None) -> str | None:
        return None if cell in self._missing else cell

    def _row(self, record: Record) -> Item:
        try:
            if record.problem is not None:
                raise record.problem
            id_, fields = self._document(record.cells)
        except LocalError as error:
            return Rejected(
                number=record.number, end=record.end, error=error, text=record.text, is_final=record.is_final
            )
        return Row(number=record.number, end=record.end, id=id_, fields=fields, text=record.text)

    def _document(self, cells: list[str | None]) -> tuple[str | None, dict[str, FieldChange]]:
        if len(cells) != len(self._names):
            raise InvalidValue(
                f"{len(cells)} cells, where the header names {len(self._names)}",
                hint="a delimiter inside a cell needs quotes around the cell",
            )
        id_: str | None = None
        id_column = self._id_field or ID_COLUMN
        fields: dict[str, FieldChange] = {}
        for name, type_, found in zip(self._names, self._types, cells, strict=True):
            cell = found if found not in self._missing else None
            if name == id_column:
                id_ = cell
                if cell is None and self._id_field is not None:
                    raise InvalidValue(f"column {name!r} holds no id")
            if cell is None or name == ID_COLUMN:
                continue
            try:
                fields[name] = type_.value(cell)
            except InvalidValue as error:
                error.message = f"column {name!r}: {error.message}"
                error.args = (error.message,)
                raise
        return id_, fields
