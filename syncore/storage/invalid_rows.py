"""The documents that do not fit the schema or the validators of their collections."""

from dataclasses import dataclass

from syncore.core.identifiers import DocumentKey
from syncore.core.ports import SqlConnection
from syncore.storage.protection import integer, text


@dataclass(frozen=True, slots=True)
class InvalidRow:
    """A document that does not fit.

    Attributes:
        document: Its local row number.
        key: Its place.
    """

    document: int
    key: DocumentKey


class InvalidRows:
    """Reads and writes which documents of one space do not fit, inside one transaction."""

    def __init__(self, sql: SqlConnection, space: int) -> None:
        """Work within ``sql`` on the space with that local number."""
        self._sql = sql
        self._space = space

    def note(self, document: int, *, is_invalid: bool) -> None:
        """Remember whether a document fits."""
        if is_invalid:
            self._sql.execute("INSERT OR IGNORE INTO invalid_documents VALUES (?)", (document,))
        else:
            self._sql.execute("DELETE FROM invalid_documents WHERE document = ?", (document,))

    def page(self, collection: str | None, *, after: int, limit: int) -> list[InvalidRow]:
        """Documents that do not fit, with rows greater than ``after``; None is all collections."""
        found = self._sql.rows(
            "SELECT documents.document, collection, id, edition"
            " FROM invalid_documents CROSS JOIN documents ON documents.document = invalid_documents.document"
            " WHERE invalid_documents.document > ? AND space = ? AND (? IS NULL OR collection = ?)"
            " ORDER BY invalid_documents.document LIMIT ?",
            (after, self._space, collection, collection, limit),
        )
        return [
            InvalidRow(integer(document), DocumentKey(text(name), text(id_), integer(edition)))
            for document, name, id_, edition in found
        ]

    def clear(self, collection: str) -> None:
        """Forget what was said of a collection."""
        self._sql.execute(
            "DELETE FROM invalid_documents WHERE document IN"
            " (SELECT document FROM documents WHERE space = ? AND collection = ?)",
            (self._space, collection),
        )
