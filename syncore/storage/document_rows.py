"""Documents of one space: confirmed states, rich updates and their clocks, projections."""

from collections.abc import Iterable
from dataclasses import dataclass

from syncore.core.identifiers import SETTINGS, DocumentKey, Writer, is_reserved
from syncore.core.ports import SqlConnection, SqlValue
from syncore.storage.long_projections import LONG_BYTES, LongProjections, read_long
from syncore.storage.protection import integer, missing, protect, recover, text
from syncore.storage.standing_rows import STANDING_TABLES


@dataclass(frozen=True, slots=True)
class ProjectionRow:
    """A document's stored projection."""

    key: DocumentKey
    projection: bytes


@dataclass(frozen=True, slots=True)
class ContestedRow:
    """A document that was written at once by several, and how far that is settled."""

    key: DocumentKey
    document: int
    contest: int


class DocumentRows:
    """Reads and writes the rows of one space's documents inside one transaction."""

    def __init__(self, sql: SqlConnection, space: int, long: LongProjections | None = None) -> None:
        """Work within ``sql`` on the space with that local number.

        ``long`` is what was remembered of its long projections; without it, they are written as a whole.
        """
        self._sql = sql
        self._space = space
        self._long = LongProjections() if long is None else long

    def row_of(self, key: DocumentKey) -> int | None:
        """The document's local row number, or None if nothing was ever stored of it."""
        found = self._sql.row(
            "SELECT document FROM documents WHERE space = ? AND collection = ? AND id = ? AND edition = ?",
            (self._space, key.collection, key.id, key.edition),
        )
        return None if found is None else integer(found[0])

    def glance(self, key: DocumentKey) -> tuple[int, bool] | None:
        """A document's row number, and whether it is stored as deleted; None if nothing is stored of it."""
        found = self._sql.row(
            "SELECT document, is_deleted FROM documents"
            " WHERE space = ? AND collection = ? AND id = ? AND edition = ?",
            (self._space, key.collection, key.id, key.edition),
        )
        return None if found is None else (integer(found[0]), bool(found[1]))

    def last_row(self) -> int:
        """The greatest row number of a document of any space; 0 if there is none."""
        found = self._sql.row("SELECT coalesce(max(document), 0) FROM documents")
        assert found is not None
        return integer(found[0])

    def keys_in(
        self, collection: str, *, after: tuple[str, int], until: int, limit: int
    ) -> list[tuple[int, DocumentKey]]:
        """Rows and keys of a collection's documents, deleted ones too, in the order of their keys.

        Args:
            collection: The collection.
            after: The id and edition that they come behind; ``("", 0)`` for all.
            until: The last row that counts.
            limit: How many at most.
        """
        found = self._sql.rows(
            "SELECT document, id, edition FROM documents WHERE space = ? AND collection = ?"
            " AND (id, edition) > (?, ?) AND document <= ? ORDER BY id, edition LIMIT ?",
            (self._space, collection, *after, until, limit),
        )
        return [(integer(row), DocumentKey(collection, text(i), integer(e))) for row, i, e in found]

    def count_in(self, collection: str) -> int:
        """How many documents of a collection are stored, deleted ones too."""
        found = self._sql.row(
            "SELECT count(*) FROM documents WHERE space = ? AND collection = ?", (self._space, collection)
        )
        assert found is not None
        return integer(found[0])

    def key_of(self, document: int) -> DocumentKey:
        """The key of a row."""
        found = self._sql.row("SELECT collection, id, edition FROM documents WHERE document = ?", (document,))
        assert found is not None, document
        return DocumentKey(text(found[0]), text(found[1]), integer(found[2]))

    def add(self, key: DocumentKey, projection: bytes, *, is_deleted: bool, contest: int = 0) -> int:
        """Make a row for a document that has none, and an empty one for its state; its local number.

        A document without the latter is damaged: the page that led to it may point elsewhere by one bit.
        """
        is_long = len(projection) >= LONG_BYTES
        self._sql.execute(
            "INSERT INTO documents (space, collection, id, edition, is_deleted, contest, projection)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (self._space, *key, int(is_deleted), contest, protect(b"" if is_long else projection)),
        )
        found = self._sql.row("SELECT last_insert_rowid()")
        assert found is not None
        document = integer(found[0])
        self.write_state(document, b"")
        if is_long:
            self.write_projections([(document, projection, is_deleted, contest)])
        return document

    def write_projections(self, shown: Iterable[tuple[int, bytes, bool, int]]) -> None:
        """Replace what queries see of documents: the row, the projection, is it deleted, the contest."""
        self._sql.execute_many(
            "UPDATE documents SET projection = ?, is_deleted = ?, contest = ? WHERE document = ?",
            [
                (protect(self._long.write(self._sql, document, projection)), is_deleted, contest, document)
                for document, projection, is_deleted, contest in shown
            ],
        )

    def contested(self, collection: str, *, at_least: int, after: str, limit: int) -> list[ContestedRow]:
        """Contested documents of a collection with ids greater than ``after``, in the order of their ids."""
        found = self._sql.rows(
            "SELECT id, edition, document, contest FROM documents INDEXED BY contested_documents"
            " WHERE contest > 0 AND space = ? AND collection = ? AND id > ? AND contest >= ?"
            " ORDER BY id, edition LIMIT ?",
            (self._space, collection, after, at_least, limit),
        )
        return [
            ContestedRow(DocumentKey(collection, text(i), integer(e)), integer(d), integer(c))
            for i, e, d, c in found
        ]

    def contested_collection(self, *, after: str) -> str | None:
        """The first collection behind ``after`` that has contested documents, or None."""
        found = self._sql.row(
            "SELECT collection FROM documents INDEXED BY contested_documents"
            " WHERE contest > 0 AND space = ? AND collection > ? ORDER BY collection LIMIT 1",
            (self._space, after),
        )
        return None if found is None else text(found[0])

    def projection(self, key: DocumentKey) -> bytes | None:
        """What queries see of a document, deleted or not; None if there is no row."""
        found = self._sql.row(
            "SELECT document, projection FROM documents"
            " WHERE space = ? AND collection = ? AND id = ? AND edition = ?",
            (self._space, key.collection, key.id, key.edition),
        )
        return None if found is None else self._whole(key.collection, key.id, *found)

    def page(self, collection: str, *, after: str, limit: int) -> list[ProjectionRow]:
        """Live documents of a collection with ids greater than ``after``, in the order of their ids."""
        found = self._sql.rows(
            "SELECT id, edition, document, projection FROM documents"
            " WHERE space = ? AND collection = ? AND id > ? AND is_deleted = 0 ORDER BY id, edition LIMIT ?",
            (self._space, collection, after, limit),
        )
        return [self._projection_row(collection, *row) for row in found]

    def numbered_page(self, collection: str, *, after: str, limit: int) -> list[tuple[int, ProjectionRow]]:
        """Like :meth:`page`, each document with its row number."""
        found = self._sql.rows(
            "SELECT id, edition, document, projection FROM documents"
            " WHERE space = ? AND collection = ? AND id > ? AND is_deleted = 0 ORDER BY id, edition LIMIT ?",
            (self._space, collection, after, limit),
        )
        return [(integer(row[2]), self._projection_row(collection, *row)) for row in found]

    @staticmethod
    def numbered(sql: SqlConnection, document: int) -> tuple[DocumentKey, bytes] | None:
        """The key and projection of the live document of a row, of whatever space; None if there is none."""
        found = sql.row(
            "SELECT collection, id, edition, projection FROM documents WHERE document = ? AND is_deleted = 0",
            (document,),
        )
        if found is None:
            return None
        key = DocumentKey(text(found[0]), text(found[1]), integer(found[2]))
        data = recover(found[3], what=f"the projection of {key.collection}/{key.id}")
        return key, read_long(sql, document, data)

    def count_some(self, collection: str, *, limit: int) -> int:
        """How many live documents a collection has, at most ``limit``."""
        found = self._sql.row(
            "SELECT count(*) FROM (SELECT 1 FROM documents WHERE space = ? AND collection = ?"
            " AND is_deleted = 0 LIMIT ?)",
            (self._space, collection, limit),
        )
        assert found is not None
        return integer(found[0])

    def _projection_row(
        self, collection: str, id_: SqlValue, edition: SqlValue, document: SqlValue, data: SqlValue
    ) -> ProjectionRow:
        key = DocumentKey(collection, text(id_), integer(edition))
        return ProjectionRow(key, self._whole(collection, key.id, document, data))

    def _whole(self, collection: str, id_: str, document: SqlValue, data: SqlValue) -> bytes:
        row = recover(data, what=f"the projection of {collection}/{id_}")
        return read_long(self._sql, integer(document), row)

    def keys(self, *, after: int, limit: int) -> list[tuple[int, DocumentKey]]:
        """Row numbers (greater than ``after``) and keys of all documents, deleted ones too."""
        found = self._sql.rows(
            "SELECT document, collection, id, edition FROM documents WHERE space = ? AND document > ?"
            " ORDER BY document LIMIT ?",
            (self._space, after, limit),
        )
        return [(integer(row), DocumentKey(text(c), text(i), integer(e))) for row, c, i, e in found]

    def count(self) -> int:
        """How many live documents programs have."""
        found = self._sql.row(
            "SELECT count(*) FROM documents WHERE space = ? AND is_deleted = 0 AND collection <> ?",
            (self._space, SETTINGS),
        )
        assert found is not None
        return integer(found[0])

    def collections(self) -> list[str]:
        """The names of the collections that have documents, sorted; syncore's own are not among them."""
        found = self._sql.rows(
            "SELECT DISTINCT collection FROM documents WHERE space = ? AND is_deleted = 0"
            " ORDER BY collection",
            (self._space,),
        )
        return [name for name in (text(row[0]) for row in found) if not is_reserved(name)]

    def remove_space(self) -> None:
        """Remove all documents of the space and everything that is stored of them."""
        undo = ("undo_steps", "redo_steps")
        for table in (
            "states",
            "rich_updates",
            "rich_clocks",
            "pending_documents",
            "projection_parts",
            "invalid_documents",
            *STANDING_TABLES,
            *undo,
        ):
            self._sql.execute(
                f"DELETE FROM {table} WHERE document IN (SELECT document FROM documents WHERE space = ?)",  # noqa: S608
                (self._space,),
            )
        self._sql.execute("DELETE FROM documents WHERE space = ?", (self._space,))

    def state(self, document: int) -> bytes | None:
        """The confirmed record, or None if nothing is confirmed yet."""
        found = self._sql.row("SELECT state FROM states WHERE document = ?", (document,))
        if found is None:
            raise missing("a document's state")
        return recover(found[0], what="a document's state") or None

    def write_state(self, document: int, state: bytes) -> None:
        """Replace the confirmed record."""
        self._sql.execute(
            "INSERT OR REPLACE INTO states (document, state) VALUES (?, ?)", (document, protect(state))
        )

    def rich_updates(self, document: int) -> list[bytes]:
        """The confirmed rich part: a folded state and what was appended behind it, to be applied in order."""
        found = self._sql.rows(
            "SELECT update_bytes FROM rich_updates WHERE document = ? ORDER BY sequence", (document,)
        )
        return [recover(row[0], what="a document's rich part") for row in found]

    def append_rich(self, document: int, update: bytes) -> int:
        """Append a confirmed rich update; how many stand behind the folded state by now."""
        found = self._sql.row("SELECT max(sequence) FROM rich_updates WHERE document = ?", (document,))
        assert found is not None
        sequence = 1 if found[0] is None else integer(found[0]) + 1
        self._sql.execute("INSERT INTO rich_updates VALUES (?, ?, ?)", (document, sequence, protect(update)))
        return sequence

    def fold_rich(self, document: int, state: bytes) -> None:
        """Replace the rich updates by one state that holds them all."""
        self._sql.execute("DELETE FROM rich_updates WHERE document = ?", (document,))
        self._sql.execute("INSERT INTO rich_updates VALUES (?, 0, ?)", (document, protect(state)))

    def note_clock(self, document: int, writer: Writer, number: int, clock: int) -> None:
        """Keep where a writer's rich clock stood after its segment that ends with commit ``number``."""
        self._sql.execute(
            "INSERT OR REPLACE INTO rich_clocks VALUES (?, ?, ?, ?)", (document, writer, number, clock)
        )

    def clock_at(self, document: int, writer: Writer, number: int) -> int:
        """Where a writer's rich clock stood once its commits up to ``number`` (a segment's end) were in."""
        found = self._sql.row(
            "SELECT clock FROM rich_clocks WHERE document = ? AND writer = ? AND number <= ?"
            " ORDER BY number DESC LIMIT 1",
            (document, writer, number),
        )
        return 0 if found is None else integer(found[0])

    def segment_end(self, document: int, writer: Writer, clock: int) -> int | None:
        """The last commit of the confirmed segment that brought a writer's unit at ``clock``, or None."""
        found = self._sql.row(
            "SELECT number FROM rich_clocks WHERE document = ? AND writer = ? AND clock > ?"
            " ORDER BY number LIMIT 1",
            (document, writer, clock),
        )
        return None if found is None else integer(found[0])

    def clocks(self, document: int) -> list[tuple[int, int, int]]:
        """Where every writer's rich clock stood behind each of its segments: writer, number, clock."""
        found = self._sql.rows(
            "SELECT writer, number, clock FROM rich_clocks WHERE document = ? ORDER BY writer, number",
            (document,),
        )
        return [(integer(w), integer(n), integer(c)) for w, n, c in found]
