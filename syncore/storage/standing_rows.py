"""What constraints know and find of the documents of one space: facts and standings, references, claims.

Facts and standings are opaque bytes here. All of it follows from the documents' states and the settings, and
can be made anew.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from syncore.core.identifiers import DocumentKey
from syncore.core.ports import SqlConnection, SqlValue
from syncore.storage.protection import blob, integer, protect, recover, text

_PAGE = 32
"""Claimants read at once: the first of them is nearly always the one that is asked for."""


@dataclass(frozen=True, slots=True)
class StandingRow:
    """What is stored of a document: its row number, its facts, its standing."""

    document: int
    facts: bytes
    standing: bytes


@dataclass(frozen=True, slots=True)
class ClaimantRow:
    """Who claims a value."""

    time: int
    writer: int
    key: DocumentKey


@dataclass(frozen=True, slots=True)
class ClaimRow:
    """What a document claims."""

    constraint: str
    value: bytes
    time: int
    writer: int


class StandingRows:
    """Reads and writes them inside one transaction."""

    def __init__(self, sql: SqlConnection, space: int) -> None:
        """Work within ``sql`` on the space with that local number."""
        self._sql = sql
        self._space = space

    def find(self, key: DocumentKey) -> StandingRow | None:
        """What is stored of a document; None if that is nothing."""
        found = self._sql.row(
            "SELECT s.document, s.facts, s.standing FROM documents AS d JOIN standings AS s"
            " ON s.document = d.document"
            " WHERE d.space = ? AND d.collection = ? AND d.id = ? AND d.edition = ?",
            (self._space, *key),
        )
        return None if found is None else _row(*found)

    def page(self, *, after: int, limit: int) -> list[StandingRow]:
        """What is stored of documents with rows greater than ``after``."""
        found = self._sql.rows(
            "SELECT s.document, s.facts, s.standing FROM standings AS s CROSS JOIN documents AS d"
            " ON d.document = s.document WHERE s.document > ? AND d.space = ? ORDER BY s.document LIMIT ?",
            (after, self._space, limit),
        )
        return [_row(*row) for row in found]

    def write(self, row: StandingRow, *, is_held_back: bool) -> None:
        """Keep facts and standing; ``is_held_back``: whether the document is not shown as its state says."""
        self._sql.execute(
            "INSERT OR REPLACE INTO standings VALUES (?, ?, ?, ?)",
            (row.document, int(is_held_back), protect(row.facts), protect(row.standing)),
        )

    def remove(self, document: int) -> None:
        """Forget a document."""
        self._sql.execute("DELETE FROM standings WHERE document = ?", (document,))

    def held_back(self) -> list[int]:
        """The rows of all documents that are not shown as their states say."""
        found = self._sql.rows(
            "SELECT s.document FROM standings AS s INDEXED BY held_back_documents"
            " JOIN documents AS d ON d.document = s.document"
            " WHERE s.is_held_back = 1 AND d.space = ? ORDER BY s.document",
            (self._space,),
        )
        return [integer(row[0]) for row in found]

    def write_references(self, document: int, references: Iterable[tuple[DocumentKey, str]]) -> None:
        """Replace whom a document names, and by which rule."""
        self._sql.execute("DELETE FROM document_references WHERE document = ?", (document,))
        self._sql.execute_many(
            "INSERT OR IGNORE INTO document_references VALUES (?, ?, ?, ?, ?, ?)",
            [(self._space, *target, on_delete, document) for target, on_delete in references],
        )

    def referrers(self, target: DocumentKey, on_delete: str | None) -> list[DocumentKey]:
        """Who names a document, by one rule or by any."""
        found = self._sql.rows(
            "SELECT DISTINCT d.collection, d.id, d.edition FROM document_references AS r"
            " JOIN documents AS d ON d.document = r.document"
            " WHERE r.space = ? AND r.collection = ? AND r.id = ? AND r.edition = ?"
            " AND (? IS NULL OR r.on_delete = ?) ORDER BY d.collection, d.id, d.edition",
            (self._space, *target, on_delete, on_delete),
        )
        return [_key(*row) for row in found]

    def write_claims(self, document: int, claims: Iterable[ClaimRow]) -> None:
        """Replace what a document claims."""
        self._sql.execute("DELETE FROM claims WHERE document = ?", (document,))
        self._sql.execute_many(
            "INSERT INTO claims VALUES (?, ?, ?, ?, ?, ?)",
            [(self._space, one.constraint, one.value, one.time, one.writer, document) for one in claims],
        )

    def claimants(self, constraint: str, value: bytes) -> Iterator[ClaimantRow]:
        """Who claims a value, the earliest first."""
        offset = 0
        while True:
            found = self._sql.rows(
                "SELECT c.time, c.writer, d.collection, d.id, d.edition FROM claims AS c"
                " JOIN documents AS d ON d.document = c.document"
                " WHERE c.space = ? AND c.name = ? AND c.hash = ?"
                " ORDER BY c.time, c.writer, d.collection, d.id, d.edition LIMIT ? OFFSET ?",
                (self._space, constraint, value, _PAGE, offset),
            )
            for time, writer, *key in found:
                yield ClaimantRow(integer(time), integer(writer), _key(*key))
            if len(found) < _PAGE:
                return
            offset += _PAGE

    def references_of(self, document: int) -> list[tuple[DocumentKey, str]]:
        """Whom a document names, and by which rule."""
        found = self._sql.rows(
            "SELECT collection, id, edition, on_delete FROM document_references WHERE document = ?"
            " ORDER BY collection, id, edition, on_delete",
            (document,),
        )
        return [(_key(*row[:3]), text(row[3])) for row in found]

    def claims_of(self, document: int) -> list[ClaimRow]:
        """What a document claims."""
        found = self._sql.rows(
            "SELECT name, hash, time, writer FROM claims WHERE document = ? ORDER BY name, hash",
            (document,),
        )
        return [ClaimRow(text(c), blob(v), integer(t), integer(w)) for c, v, t, w in found]

    def clear(self) -> None:
        """Forget all of it."""
        for table in STANDING_TABLES:
            self._sql.execute(
                f"DELETE FROM {table} WHERE document IN (SELECT document FROM documents WHERE space = ?)",  # noqa: S608
                (self._space,),
            )


STANDING_TABLES = ("standings", "document_references", "claims")
"""What belongs to documents here."""


def _row(document: SqlValue, facts: SqlValue, standing: SqlValue) -> StandingRow:
    return StandingRow(
        integer(document),
        recover(facts, what="the facts of a document"),
        recover(standing, what="the standing of a document"),
    )


def _key(collection: SqlValue, id_: SqlValue, edition: SqlValue) -> DocumentKey:
    return DocumentKey(text(collection), text(id_), integer(edition))
