"""Documents as CSV (RFC 4180: CRLF, quotes where they are needed), for programs that read tables.

What CSV does not tell apart, and JSON lines do: a field that is None from one that is not there (both are
empty cells), and any type from the text that it is written in, unless the column is declared when it is read.
Sets, lists and maps stand as JSON; counters and texts as what they show.
"""

from collections.abc import Sequence

from syncore.core.errors import InvalidValue
from syncore.exchange.csv_rows import ID_COLUMN
from syncore.exchange.csv_types import cell_text
from syncore.replica.views import Document

_NEEDS_QUOTES = frozenset('"\r\n\ufeff')


def encode_header(fields: Sequence[str], delimiter: str) -> bytes:
    """The first record: ``$id`` and the names of the fields.

    Raises:
        InvalidValue: a field is called ``$id`` itself.
    """
    if ID_COLUMN in fields:
        raise InvalidValue(f"a field called {ID_COLUMN} cannot stand in CSV", hint="export JSON lines")
    return encode_record([ID_COLUMN, *fields], delimiter)


def encode_document(document: Document, fields: Sequence[str], delimiter: str) -> bytes:
    """The record of a document."""
    kinds = document.kinds
    cells = [cell_text(document[name], kinds.get(name)) if name in document else None for name in fields]
    return encode_record([document.id, *cells], delimiter)


def encode_record(cells: Sequence[str | None], delimiter: str) -> bytes:
    """A record; nothing at all for None, and quotes around an empty text."""
    return (delimiter.join(_encoded(cell, delimiter) for cell in cells) + "\r\n").encode()


def _encoded(cell: str | None, delimiter: str) -> str:
    if cell is None:
        return ""
    if cell and delimiter not in cell and _NEEDS_QUOTES.isdisjoint(cell):
        return cell
    return '"' + cell.replace('"', '""') + '"'
