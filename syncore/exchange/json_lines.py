"""JSON lines: a document a line, in the lossless forms of :mod:`syncore.exchange.json_forms`."""

import json
from collections.abc import Iterator

from syncore.codec.json_values import Json, parse_json
from syncore.core.errors import InvalidValue, LocalError, TooLarge
from syncore.exchange.json_forms import document_from_json, document_to_json
from syncore.exchange.rows import MAX_ROW_BYTES, Item, Rejected, Row
from syncore.replica.views import Document

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_SHOWN_CHARACTERS = 1_000
"""What is shown of a line that is too long to be read."""


class JsonLineReader:
    """Reads a row from each line; empty lines are passed over.

    Attributes:
        lines: Lines that were read completely.
    """

    def __init__(self, id_field: str | None = None) -> None:
        """Take ids from ``id_field``, as strings or integers; from ``$id`` if None."""
        self._id_field = id_field
        self._rest = b""
        self._is_passing_over = False
        self.lines = 0

    def feed(self, data: bytes) -> Iterator[Item]:
        """The rows whose lines end in these bytes."""
        first, *others = data.split(b"\n")
        if not others:
            self._rest += first
        else:
            yield from self._line(self._rest + first)
            self._rest = others.pop()
            for line in others:
                yield from self._line(line)
        if len(self._rest) > MAX_ROW_BYTES:
            if not self._is_passing_over:
                yield self._too_long(self._rest)
            self._is_passing_over = True
            self._rest = b""

    def finish(self) -> Iterator[Item]:
        """The row of a last line that has no line end."""
        if self._rest or self._is_passing_over:
            yield from self._line(self._rest)
            self._rest = b""

    def _line(self, data: bytes) -> Iterator[Item]:
        self.lines += 1
        if self._is_passing_over:
            self._is_passing_over = False
            return
        if len(data) > MAX_ROW_BYTES:
            self.lines -= 1
            yield self._too_long(data)
            self.lines += 1
            return
        data = data.removeprefix(_BYTE_ORDER_MARK if self.lines == 1 else b"").strip()
        if not data:
            return
        try:
            text = data.decode()
        except UnicodeDecodeError as error:
            problem = InvalidValue("not UTF-8", hint="JSON lines are UTF-8; convert the file first")
            problem.__cause__ = error
            yield self._rejected(problem, data.decode("utf-8", "backslashreplace"))
            return
        try:
            yield self._row(text)
        except LocalError as error:
            yield self._rejected(error, text)

    def _row(self, text: str) -> Row:
        found = parse_json(text)
        id_, fields = document_from_json(found)
        if self._id_field is not None:
            assert isinstance(found, dict)
            id_ = _id_in(found.get(self._id_field), self._id_field)
        return Row(number=self.lines, end=self.lines, id=id_, fields=fields, text=text)

    def _rejected(self, error: LocalError, text: str) -> Rejected:
        return Rejected(number=self.lines, end=self.lines, error=error, text=text)

    def _too_long(self, data: bytes) -> Rejected:
        number = self.lines + 1
        shown = data[:_SHOWN_CHARACTERS].decode("utf-8", "backslashreplace")
        return Rejected(
            number=number, end=number, error=TooLarge(f"longer than {MAX_ROW_BYTES} bytes"), text=shown
        )


def encode_json_line(document: Document) -> bytes:
    """A document as a line that can be imported."""
    return json.dumps(document_json(document), ensure_ascii=False, allow_nan=False).encode() + b"\n"


def document_json(document: Document) -> dict[str, Json]:
    """A document as JSON; fields in conflict are named in ``$conflicts``, which readers may ignore."""
    found = document_to_json(document.id, document, document.kinds)
    return {**found, "$conflicts": list(document.conflicts)} if document.conflicts else found


def _id_in(form: object, id_field: str) -> str:
    if type(form) is not str and type(form) is not int:
        raise InvalidValue(f"field {id_field!r} holds no id", hint="ids are strings or integers")
    return str(form)
