"""JSON lines, read in batches that fit into one transaction each."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from syncore.cli.values import FieldChange, document_from_json
from syncore.codec.json_values import parse_json
from syncore.core.errors import InvalidValue, LocalError, TooLarge
from syncore.core.limits import KIB, MAX_COMMIT_BYTES

BATCH_LINES = 500
"""Documents that are committed together: enough that a commit's own cost does not show."""
BATCH_BYTES = 256 * KIB
"""Lines that are committed together: some values take more room in a commit than in JSON."""
MAX_LINE_BYTES = 8 * MAX_COMMIT_BYTES
"""One line: escapes take at most six times as much as what they stand for."""

assert BATCH_BYTES < MAX_COMMIT_BYTES < MAX_LINE_BYTES

_HINT = "the lines before it are imported"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A document that was read.

    Attributes:
        number: The line, from 1.
        id: The document's id, if the line says it.
        fields: What to write.
    """

    number: int
    id: str | None
    fields: dict[str, FieldChange]


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Lines to be committed together.

    Attributes:
        lines: In their order.
        end: How many lines of the file are behind them.
        failure: Why the line after them cannot be imported; the last batch then.
    """

    lines: list[Line]
    end: int
    failure: LocalError | None = None


def read_batches(stream: BinaryIO, id_field: str | None) -> Iterator[Batch]:
    """All documents of a file, up to the first line that holds none; empty lines are passed over.

    Args:
        stream: The file.
        id_field: The field that holds the id, as a string or an integer; ``$id`` if None.
    """
    waiting: list[Line] = []
    size_bytes = number = 0
    while data := stream.readline(MAX_LINE_BYTES + 1):
        if waiting and (len(waiting) == BATCH_LINES or size_bytes + len(data) > BATCH_BYTES):
            yield Batch(lines=waiting, end=number)
            waiting, size_bytes = [], 0
        number += 1
        try:
            line = _read_line(data, number, id_field)
        except LocalError as error:
            yield Batch(lines=waiting, end=number - 1, failure=line_error(number, error))
            return
        if line is not None:
            waiting.append(line)
            size_bytes += len(data)
    yield Batch(lines=waiting, end=number)


def line_error(number: int, error: LocalError) -> LocalError:
    """The same error, with the line that it is about."""
    return type(error)(f"line {number}: {error.message}", hint=error.hint or _HINT, line=number)


def _read_line(data: bytes, number: int, id_field: str | None) -> Line | None:
    if len(data) > MAX_LINE_BYTES:
        raise TooLarge(f"longer than {MAX_LINE_BYTES} bytes")
    try:
        text = data.removeprefix(_BYTE_ORDER_MARK if number == 1 else b"").decode().strip()
    except UnicodeDecodeError as error:
        raise InvalidValue("not UTF-8") from error
    if not text:
        return None
    found = parse_json(text)
    id_, fields = document_from_json(found)
    if id_field is not None:
        assert isinstance(found, dict)
        id_ = _id_in(found.get(id_field), id_field)
    return Line(number=number, id=id_, fields=fields)


def _id_in(form: object, id_field: str) -> str:
    if type(form) is not str and type(form) is not int:
        raise InvalidValue(f"field {id_field!r} holds no id", hint="ids are strings or integers")
    return str(form)
