"""Keeping indexes true: their entries change in the transaction that changes a document's projection.

Only what differs is written: an update that leaves a field alone leaves the indexes on it alone. Where a
collection has no index, this costs the look into an empty dictionary.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import NamedTuple

from syncore.core.errors import IntegrityError, Malformed
from syncore.core.identifiers import DocumentKey
from syncore.core.ports import SqlConnection, SqlValue
from syncore.documents.projection import Projection
from syncore.documents.projection_encoding import decode_projection
from syncore.query.definitions import IndexDefinition
from syncore.query.keys import MISSING
from syncore.query.text_definitions import TextDefinition, decode_any_definition
from syncore.replica.index_tables import AnyDefinition, empty_table, table_of
from syncore.replica.space_memory import HeldDocument
from syncore.storage.document_rows import DocumentRows
from syncore.storage.index_rows import IndexRow, IndexRows, IndexStage
from syncore.storage.protection import integer, recover
from syncore.storage.text_rows import TextRows

_NO_KEYS: frozenset[bytes] = frozenset()
Texts = tuple[str, ...]
Content = frozenset[bytes] | Texts
"""What a document has in an index: keys; in a full-text index folded texts, or no keys if it is not there."""


@dataclass(frozen=True, slots=True)
class HeldIndex:
    """An index of a collection: its row, and what is in it."""

    row: IndexRow
    definition: AnyDefinition

    @property
    def is_complete(self) -> bool:
        """Whether queries may use it."""
        return self.row.stage is IndexStage.COMPLETE


class Indexed(NamedTuple):
    """What a stored projection has in the indexes of its collection.

    Attributes:
        indexes: The indexes.
        values: What the projection shows; None where the document is not live.
        keys: Its keys in each of them, or its texts.
    """

    indexes: Sequence[HeldIndex]
    values: Mapping[str, object] | None
    keys: Sequence[Content]


class _Noted(NamedTuple):
    """A document whose projection is about to be written; a new one has none so far."""

    key: DocumentKey
    held: HeldDocument
    projection: Projection
    is_new: bool


class IndexUpkeep:
    """Changes the entries of one space's documents inside one transaction."""

    def __init__(
        self,
        sql: SqlConnection,
        space: int,
        indexes: Mapping[str, Sequence[HeldIndex]],
        rows: DocumentRows,
    ) -> None:
        """Work within ``sql`` on the indexes by collection."""
        self._indexes = indexes
        self._rows = rows
        self._sql = sql
        self._entries = IndexRows(sql, space)
        self._noted: dict[int, _Noted] = {}

    def note(
        self, key: DocumentKey, held: HeldDocument, projection: Projection, *, is_new: bool = False
    ) -> None:
        """Take note of what a document, which has a row, shows from now on, if that matters to an index."""
        if key.collection in self._indexes:
            assert held.row is not None
            before = self._noted.get(held.row)
            is_new = is_new or (before is not None and before.is_new)
            self._noted[held.row] = _Noted(key, held, projection, is_new)

    def flush(self) -> None:
        """Give what was noted the entries of what it shows now, instead of those of what is stored of it.

        To be called before projections are written; those of documents that are new may be there already.
        """
        if not self._noted:
            return
        gone: dict[int, list[tuple[bytes, int]]] = {}
        come: dict[int, list[tuple[bytes, int]]] = {}
        for document, noted in self._noted.items():
            before = self._before(noted)
            after = _indexed(before.indexes, noted.key, noted.projection, before)
            for index, old, new in zip(before.indexes, before.keys, after.keys, strict=True):
                if old is new or old == new:
                    continue
                if isinstance(index.definition, TextDefinition):
                    self._change_texts(TextRows(self._sql, index.row.number), document, old, new)
                else:
                    assert isinstance(old, frozenset)
                    assert isinstance(new, frozenset)
                    gone.setdefault(index.row.number, []).extend((key, document) for key in old - new)
                    come.setdefault(index.row.number, []).extend((key, document) for key in new - old)
            noted.held.indexed = after
        for number, entries in gone.items():
            if entries:
                self._entries.delete(number, sorted(entries))
        for number, entries in come.items():
            if entries:
                self._entries.insert(number, sorted(entries))
        self._noted.clear()

    @staticmethod
    def _change_texts(rows: TextRows, document: int, old: Content, new: Content) -> None:
        """Where the index is being built, a document that it did not come to is not there yet."""
        if isinstance(old, tuple) and rows.has(document):
            rows.delete(document, old)
        if isinstance(new, tuple):
            rows.insert(document, new)

    def _before(self, noted: _Noted) -> Indexed:
        """What is stored of a document so far."""
        indexes = self._indexes[noted.key.collection]
        nothing = Indexed(indexes, None, [_NO_KEYS] * len(indexes))
        if noted.is_new:
            return nothing
        known = noted.held.indexed
        if known is not None and known.indexes is indexes:
            return known
        stored = self._rows.projection(noted.key)
        return nothing if stored is None else _indexed(indexes, noted.key, decode_projection(stored))


def _indexed(
    indexes: Sequence[HeldIndex], key: DocumentKey, projection: Projection, before: Indexed | None = None
) -> Indexed:
    """What a projection has in indexes; keys of fields that show the same objects as before are the same."""
    if before is None or before.values is None or not projection.is_live:
        values = projection.values if projection.is_live else None
        return Indexed(indexes, values, [content_in(index.definition, key, projection) for index in indexes])
    old, new = before.values, projection.values
    keys = [
        known if _shows_same(index.definition, old, new) else content_in(index.definition, key, projection)
        for index, known in zip(indexes, before.keys, strict=True)
    ]
    return Indexed(indexes, new, keys)


def _shows_same(definition: AnyDefinition, old: Mapping[str, object], new: Mapping[str, object]) -> bool:
    """Whether all that an index looks at is one and the same; a partial index may look at anything."""
    return definition.condition is None and all(
        old.get(path[0], MISSING) is new.get(path[0], MISSING) for path in definition.paths
    )


def content_in(definition: AnyDefinition, key: DocumentKey, projection: Projection) -> Content:
    """What a document with this projection has in an index."""
    if not projection.is_live:
        return _NO_KEYS
    if isinstance(definition, IndexDefinition):
        return definition.keys_of(projection.values, key.id)
    texts = definition.texts_of(projection.values)
    return _NO_KEYS if texts is None else texts


def held(row: IndexRow) -> HeldIndex:
    """An index as it is stored.

    Raises:
        IntegrityError: what is stored cannot be read.
    """
    try:
        return HeldIndex(row, _definition(row.definition))
    except Malformed as error:
        what = f"the definition of the index {row.name!r}"
        raise IntegrityError(f"{what} is damaged, or of a later version", what=what) from error


def load_indexes(sql: SqlConnection, space: int) -> dict[str, tuple[HeldIndex, ...]]:
    """The indexes of a space by collection, without those that were dropped."""
    found: dict[str, tuple[HeldIndex, ...]] = {}
    for row in IndexRows(sql, space).all():
        if row.stage is not IndexStage.DROPPED:
            found[row.collection] = (*found.get(row.collection, ()), held(row))
    return found


def known_tables(sql: SqlConnection) -> dict[SqlValue, str]:
    """The statements that make the tables of a file's indexes, by number, as far as their rows read."""
    found: dict[SqlValue, str] = {}
    for number, data in sql.rows("SELECT number, definition FROM indexes"):
        try:
            definition = _definition(recover(data, what="the definition of an index"))
        except (IntegrityError, Malformed):
            continue
        found[number] = table_of(integer(number), definition)
    return found


def renew_text_indexes(sql: SqlConnection, space: int) -> None:
    """Empty the full-text indexes of a space, to be built anew: their words may be cut otherwise now."""
    rows = IndexRows(sql, space)
    for row in rows.all():
        definition = held(row).definition
        if isinstance(definition, TextDefinition) and row.stage is not IndexStage.DROPPED:
            empty_table(sql, row, definition)
            rows.note(replace(row, stage=IndexStage.BUILDING, built_to="", built=0))


def move_indexes(sql: SqlConnection, space: int, other: int) -> dict[str, tuple[HeldIndex, ...]]:
    """Give the indexes of a space, emptied, to one that has no documents yet; they as they are then."""
    rows = IndexRows(sql, space)
    for row in rows.all():
        empty_table(sql, row, held(row).definition)
    rows.move(other)
    return load_indexes(sql, other)


_definition = lru_cache(maxsize=256)(decode_any_definition)
