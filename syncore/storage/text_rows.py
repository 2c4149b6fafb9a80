"""The words of full-text indexes: a table of SQLite's FTS5 for each, ``text_entries_N``.

It keeps no texts: what it found of a document goes by the document's row number, and the same folded texts
that were put in have to be given to take them out. Ours are computed from projections, old and new.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from syncore.core.errors import IntegrityError
from syncore.core.ports import SqlConnection, SqlValue
from syncore.storage.protection import integer, text


@dataclass(frozen=True, slots=True)
class TextPlace:
    """A document that was found, and where it stands: the lower the score, the better; then by id."""

    score: float
    id: str
    document: int


BEFORE_ALL = TextPlace(float("-inf"), "", 0)


def text_table(number: int, columns: int, *, content: str = "''") -> str:
    """The statement that makes the table of a full-text index with so many columns.

    ``prefix`` makes beginnings of two and three characters, of which there are many, as fast as words.
    """
    names = ", ".join(f"c{column}" for column in range(columns))
    return (
        f"CREATE VIRTUAL TABLE text_entries_{number:d}"
        f" USING fts5({names}, content={content}, tokenize='ascii', prefix='2 3')"
    )


class TextRows:
    """Reads and writes one full-text index inside one transaction."""

    def __init__(self, sql: SqlConnection, number: int) -> None:
        """Work within ``sql`` on the index of that number."""
        self._sql = sql
        self._table = f"text_entries_{number:d}"
        self._number = number

    def create(self, columns: int) -> None:
        """Make it, empty."""
        self._sql.execute(text_table(self._number, columns))

    def drop(self) -> None:
        """Remove it."""
        self._sql.execute(f"DROP TABLE {self._table}")

    def clear(self) -> None:
        """Empty it."""
        self._sql.execute(f"INSERT INTO {self._table} ({self._table}) VALUES ('delete-all')")  # noqa: S608

    def has(self, document: int) -> bool:
        """Whether a document is in it."""
        found = self._sql.row(f"SELECT 1 FROM {self._table}_docsize WHERE id = ?", (document,))  # noqa: S608
        return found is not None

    def insert(self, document: int, texts: Sequence[str]) -> None:
        """Put a document in that is not there."""
        marks = ", ?" * len(texts)
        self._sql.execute(
            f"INSERT INTO {self._table} (rowid, {self._columns(texts)}) VALUES (?{marks})",  # noqa: S608
            (document, *texts),
        )

    def delete(self, document: int, texts: Sequence[str]) -> None:
        """Take a document out that is there with exactly these texts."""
        marks = ", ?" * len(texts)
        self._sql.execute(
            f"INSERT INTO {self._table} ({self._table}, rowid, {self._columns(texts)})"  # noqa: S608
            f" VALUES ('delete', ?{marks})",
            (document, *texts),
        )

    def count(self, match: str) -> int:
        """How many documents an expression of FTS5 finds."""
        found = self._sql.row(f"SELECT count(*) FROM {self._table} WHERE {self._table} MATCH ?", (match,))  # noqa: S608
        assert found is not None
        return integer(found[0])

    def best(self, match: str, weights: Sequence[float], *, after: TextPlace, limit: int) -> list[TextPlace]:
        """The best documents behind a place, in order.

        Every match is scored once. Only those are looked up that are among the best, or level with the last.
        """
        factors = "".join(f", {weight!r}" for weight in weights)
        found = self._sql.rows(
            "WITH found(document, score) AS MATERIALIZED ("  # noqa: S608 - names and numbers of ours
            f"SELECT rowid, bm25({self._table}{factors}) FROM {self._table} WHERE {self._table} MATCH ?)"
            " SELECT f.score, d.id, f.document FROM found AS f"
            " CROSS JOIN documents AS d ON d.document = f.document"
            " WHERE f.score >= ? AND (f.score > ? OR d.id > ?) AND f.score <= coalesce("
            "(SELECT score FROM found WHERE score > ? ORDER BY score LIMIT 1 OFFSET ?), 9e999)"
            " ORDER BY f.score, d.id LIMIT ?",
            (match, after.score, after.score, after.id, after.score, limit - 1, limit),
        )
        return [TextPlace(_score(score), text(id_), integer(document)) for score, id_, document in found]

    @staticmethod
    def _columns(texts: Sequence[str]) -> str:
        return ", ".join(f"c{column}" for column in range(len(texts)))


def _score(value: SqlValue) -> float:
    if not isinstance(value, float):
        raise IntegrityError("a full-text index is damaged: it gives no score")
    return value
