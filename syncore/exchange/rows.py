"""Rows: what readers of any format make of a file, one for each document that it holds."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from syncore.core.errors import LocalError
from syncore.core.hashing import hash_parts
from syncore.core.limits import MAX_COMMIT_BYTES
from syncore.exchange.json_forms import FieldChange

MAX_ROW_BYTES = 8 * MAX_COMMIT_BYTES
"""One line or record: escapes take at most six times as much as what they stand for."""

_SOURCE_DIGITS, _LINE_DIGITS, _CONTENT_DIGITS = 12, 10, 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A document that was read.

    Attributes:
        number: The line that it begins on, from 1.
        end: The line that it ends on.
        id: The document's id, if the file says it.
        fields: What to write.
        text: The line or record as it stands in the file, without its line end.
    """

    number: int
    end: int
    id: str | None
    fields: Mapping[str, FieldChange]
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejected:
    """A line or record that is no document, or none that can be written.

    Attributes:
        number: The line that it begins on, from 1.
        end: The line that it ends on.
        error: Why.
        text: The line or record as it stands in the file, as far as it can be read.
        is_final: Whether nothing behind it can be read either.
    """

    number: int
    end: int
    error: LocalError
    text: str
    is_final: bool = False

    def encoded(self) -> bytes:
        """A JSON line for the file of what was skipped."""
        problem = {"error": type(self.error).__name__, "message": self.error.message}
        return json.dumps({"line": self.number, **problem, "text": self.text}).encode() + b"\n"


Item = Row | Rejected


class RowReader(Protocol):
    """A reader of one format: takes the bytes of a file in pieces of any size. Pure."""

    @property
    def lines(self) -> int:
        """How many lines were read completely."""
        ...

    def feed(self, data: bytes) -> Iterator[Item]:
        """The rows that end in these bytes. Exhaust the iterator before the next call."""
        ...

    def finish(self) -> Iterator[Item]:
        """The rows that end with the file."""
        ...


def at_line(error: LocalError, number: int, hint: str) -> LocalError:
    """The same error, saying which line it is about; other facts that it carries stay."""
    error.message = f"line {number}: {error.message}"
    error.args = (error.message,)
    error.hint = error.hint or hint
    error.details = {**error.details, "line": number}
    return error


def derived_id(source: str, row: Row) -> str:
    """The id of a row that has none: the same whenever the same source is read again.

    From the source's name, the line's number and its text; in the order of the lines.
    """
    of_source = hash_parts("source", source.encode("utf-8", "surrogatepass")).hex()[:_SOURCE_DIGITS]
    of_text = hash_parts("row", row.text.encode("utf-8", "surrogatepass")).hex()[:_CONTENT_DIGITS]
    return f"{of_source}-{row.number:0{_LINE_DIGITS}x}-{of_text}"
