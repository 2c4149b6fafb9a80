"""CSV as text (RFC 4180), record by record, with the place of whatever does not conform.

A record is cells between delimiters up to a line end, which is CRLF or LF. A cell in quotes may hold
delimiters,
line ends and, doubled, quotes. A cell that is empty and not in quotes is None: nothing, as opposed to an
empty text.
Knows no types and no header. Time is linear in the text, and what is held is bounded by one record.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from syncore.core.errors import InvalidValue, LocalError, Misused, TooLarge
from syncore.exchange.rows import MAX_ROW_BYTES

MAX_CELLS = 4_096
"""Cells of one record: the widest tables of statistics offices have some hundred."""

_QUOTE = '"'


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One record.

    Attributes:
        number: The line that it begins on, from 1.
        end: The line that it ends on.
        cells: In their order; None where there is nothing at all.
        text: As it stands in the file.
        problem: What is wrong with it; the cells are of no use then.
        is_final: Whether nothing behind it can be read either.
    """

    number: int
    end: int
    cells: list[str | None]
    text: str
    problem: LocalError | None = None
    is_final: bool = False


class CsvParser:
    """Takes text in pieces of any size and gives records.

    Attributes:
        lines: Lines that were read completely.
    """

    def __init__(self, delimiter: str = ",") -> None:
        """Split cells at ``delimiter``.

        Raises:
            Misused: it is not one character, or one that means something else.
        """
        if len(delimiter) != 1 or delimiter in '"\r\n':
            raise Misused(
                f"{delimiter!r} cannot stand between cells", hint="one character, such as , ; or a tab"
            )
        self._delimiter = delimiter
        self._rest: list[str] = []
        self._rest_size = 0
        self.lines = 0
        self._is_over = False
        self._begin()

    def feed(self, text: str) -> Iterator[Record]:
        """The records that end in this text."""
        if self._is_over:
            return
        first, *others = text.split("\n")
        self._rest.append(first)
        self._rest_size += len(first)
        if others:
            last = others.pop()
            lines = ["".join(self._rest), *others]
            self._rest, self._rest_size = [last], len(last)
            for line in lines:
                record = self._line(line)
                if record is not None:
                    yield record
                    if record.is_final:
                        return
        if self._rest_size + self._size > MAX_ROW_BYTES:
            yield self._endless()

    def finish(self) -> Iterator[Record]:
        """The record that ends with the file."""
        if self._is_over:
            return
        line = "".join(self._rest)
        self._rest, self._rest_size = [], 0
        record = self._line(line) if line or self._is_quoted else None
        if record is not None:
            yield record
        elif self._is_quoted:
            yield self._endless()

    def _begin(self) -> None:
        self._cells: list[str | None] = []
        self._parts: list[str] = []
        self._texts: list[str] = []
        self._size = 0
        self._is_quoted = False
        self._opened = (0, 0)
        self._number = self.lines + 1

    def _line(self, line: str) -> Record | None:
        """Take a line without its line feed; the record that it ends, unless that was an empty line."""
        self.lines += 1
        if not self._is_quoted:
            self._number = self.lines
            if _QUOTE not in line:
                bare = line.removesuffix("\r")
                if not bare:
                    return None
                if "\r" not in bare:
                    cells: list[str | None] = [cell or None for cell in bare.split(self._delimiter)]
                    return self._checked(cells, bare)
        self._size += len(line) + 1
        self._texts.append(line)
        try:
            is_complete = self._scan(line)
        except LocalError as problem:
            return self._ended([], problem)
        if is_complete:
            return self._ended(self._cells)
        if self._size > MAX_ROW_BYTES:
            return self._endless()
        return None

    def _scan(self, line: str) -> bool:
        """Go through a line from where the record stands; whether the record ends with it."""
        position = 0
        while True:
            if self._is_quoted:
                close = line.find(_QUOTE, position)
                if close < 0:
                    self._parts.append(line[position:] + "\n")
                    return False
                if line.startswith(_QUOTE, close + 1):
                    self._parts.append(line[position : close + 1])
                    position = close + 2
                    continue
                self._cells.append("".join(self._parts) + line[position:close])
                self._is_quoted = False
                position = close + 1
                if line[position:] in {"", "\r"}:
                    return True
                if line[position] != self._delimiter:
                    raise self._problem(
                        position,
                        "text follows the closing quote",
                        'a quote inside quotes is written twice: ""',
                    )
                position += 1
            elif line.startswith(_QUOTE, position):
                self._parts = []
                self._is_quoted = True
                self._opened = (self.lines, position + 1)
                position += 1
            else:
                end = line.find(self._delimiter, position)
                is_last = end < 0
                cell = line[position:].removesuffix("\r") if is_last else line[position:end]
                self._check_bare(cell, position)
                self._cells.append(cell or None)
                if is_last:
                    return True
                position = end + 1

    def _check_bare(self, cell: str, position: int) -> None:
        if _QUOTE in cell:
            raise self._problem(
                position + cell.index(_QUOTE),
                "a quote inside a cell that does not begin with one",
                'put the cell into quotes, and write its own quotes twice: ""',
            )
        if "\r" in cell:
            raise self._problem(
                position + cell.index("\r"),
                "a carriage return that ends no line",
                "lines end with LF or CRLF; put the cell into quotes if it belongs to it",
            )

    def _problem(self, position: int, what: str, hint: str) -> InvalidValue:
        cell = len(self._cells) + 1
        return InvalidValue(
            f"column {position + 1} (cell {cell}): {what}", hint=hint, column=position + 1, cell=cell
        )

    def _ended(self, cells: list[str | None], problem: LocalError | None = None) -> Record:
        text = "\n".join(self._texts).removesuffix("\r")
        number = self._number
        self._begin()
        if problem is None:
            return self._checked(cells, text, number)
        return Record(number=number, end=self.lines, cells=[], text=text, problem=problem)

    def _checked(self, cells: list[str | None], text: str, number: int | None = None) -> Record:
        problem = TooLarge(f"more than {MAX_CELLS} cells") if len(cells) > MAX_CELLS else None
        return Record(
            number=number or self.lines,
            end=self.lines,
            cells=[] if problem else cells,
            text=text,
            problem=problem,
        )

    def _endless(self) -> Record:
        """The record that has no end, as far as anybody can tell: where the next one begins is unknown."""
        self._is_over = True
        if self._is_quoted:
            line, column = self._opened
            problem: LocalError = InvalidValue(
                f"column {column}: the quote that opens here is never closed",
                hint="close it, or write it twice if it belongs to a cell in quotes",
                column=column,
            )
        else:
            line = self.lines + 1
            problem = TooLarge(
                f"longer than {MAX_ROW_BYTES} characters", hint="is this a CSV file with line ends?"
            )
        return Record(
            number=line, end=max(self.lines, line), cells=[], text="", problem=problem, is_final=True
        )
