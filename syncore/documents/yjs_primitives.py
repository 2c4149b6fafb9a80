"""The scalars of the Yjs update format: variable-length numbers, client ids, text and byte strings.

Owns: how one scalar is read and written, in its shortest form only. Must not know: what an update means.
Format: unsigned LEB128 numbers; text and byte strings behind their length (``docs/formats/rich-update.md``;
it comes from https://github.com/dmonad/lib0).
"""

from typing import Final

from syncore.core.errors import Malformed
from syncore.core.identifiers import WRITER_BITS

MAX_CLIENT: Final = 2**WRITER_BITS - 1
"""The greatest client id: a writer number."""

_CONTINUES: Final = 0x80
_PAYLOAD: Final = 0x7F
_MAX_SHIFT: Final = 63
"""Nine bytes hold every number of the format (53 bits at most); more would only make integers grow."""


class UpdateReader:
    """Reads one scalar after another and refuses whatever is not in its shortest form.

    Client ids are eight bytes long and one of them occurs again and again, so the last one is known by its
    bytes.

    Raises (all methods): ``Malformed``.
    """

    __slots__ = ("_client", "_client_bytes", "data", "position")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.position = 0
        self._client = -1
        self._client_bytes = b""

    def read_number(self, maximum: int) -> int:
        """The next number, at most ``maximum``."""
        data, position = self.data, self.position
        try:
            value = data[position]
            position += 1
            if value >= _CONTINUES:
                value &= _PAYLOAD
                shift = 7
                while (byte := data[position]) >= _CONTINUES and shift < _MAX_SHIFT:
                    value |= (byte & _PAYLOAD) << shift
                    position += 1
                    shift += 7
                if byte == 0 or shift >= _MAX_SHIFT:
                    raise Malformed("a number in a rich update is not in its shortest form")
                value |= byte << shift
                position += 1
        except IndexError as error:
            raise Malformed("a rich update is cut short") from error
        if value > maximum:
            raise Malformed(f"a rich update holds the number {value} where {maximum} is the greatest allowed")
        self.position = position
        return value

    def read_byte(self) -> int:
        """The next byte."""
        try:
            byte = self.data[self.position]
        except IndexError as error:
            raise Malformed("a rich update is cut short") from error
        self.position += 1
        return byte

    def read_client(self) -> int:
        """The next client id."""
        if self._client >= 0 and self.data.startswith(self._client_bytes, self.position):
            self.position += len(self._client_bytes)
            return self._client
        start = self.position
        self._client = self.read_number(MAX_CLIENT)
        self._client_bytes = self.data[start : self.position]
        return self._client

    def read_bytes(self) -> bytes:
        """The next byte string."""
        size_bytes = self.read_number(len(self.data))
        start = self.position
        end = start + size_bytes
        if end > len(self.data):
            raise Malformed("a rich update is cut short")
        self.position = end
        return self.data[start:end]

    def read_text(self) -> str:
        """The next text."""
        try:
            return self.read_bytes().decode()
        except UnicodeDecodeError as error:
            raise Malformed("text in a rich update is not UTF-8") from error

    def expect_end(self) -> None:
        """Refuse bytes behind the last scalar."""
        if self.position != len(self.data):
            raise Malformed("a rich update has trailing bytes")


def write_number(out: bytearray, value: int) -> None:
    """Append a number in its shortest form."""
    while value >= _CONTINUES:
        out.append(value & _PAYLOAD | _CONTINUES)
        value >>= 7
    out.append(value)


def write_bytes(out: bytearray, value: bytes) -> None:
    """Append a byte string behind its length."""
    write_number(out, len(value))
    out += value


def utf16_length(text: str) -> int:
    """How many clocks a text takes: its UTF-16 code units, so two for a character beyond U+FFFF."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2
