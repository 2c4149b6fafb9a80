"""Keeping indexes true: their entries change in the transaction that changes a document's projection.

Only what differs is written: an update that leaves a field alone leaves the indexes on it alone. Where a
collection has no index, this costs the look into an empty dictionary.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from syncore.core.errors import IntegrityError, Malformed
from syncore.core.identifiers import DocumentKey
from syncore.core.ports import SqlConnection
from syncore.documents.projection import Projection
from syncore.documents.projection_encoding import decode_projection
from syncore.query.definitions import IndexDefinition, decode_definition
from syncore.storage.document_rows import DocumentRows
from syncore.storage.index_rows import IndexRow, IndexRows, IndexStage

_NO_KEYS: frozenset[bytes] = frozenset()


@dataclass(frozen=True, slots=True)
class HeldIndex:
    """An index of a collection: its row, and what is in it."""

    row: IndexRow
    definition: IndexDefinition

    @property
    def is_complete(self) -> bool:
        """Whether queries may use it."""
        return self.row.stage is IndexStage.COMPLETE


class IndexUpkeep:
    """Changes the entries of one space's documents inside one transaction."""

    def __init__(
        self, sql: SqlConnection, space: int, indexes: Mapping[str, Sequence[HeldIndex]], rows: DocumentRows
    ) -> None:
        """Work within ``sql`` on the indexes by collection."""
        self._indexes = indexes
        self._rows = rows
        self._entries = IndexRows(sql, space)
        self._noted: dict[int, DocumentKey] = {}

    def note(self, key: DocumentKey, document: int) -> None:
        """Remember that a document of that row is about to change, if that matters to an index."""
        if key.collection in self._indexes:
            self._noted[document] = key

    def change_noted(self, projections: Mapping[int, Projection]) -> None:
        """Do :meth:`change` for what was noted; ``projections`` is by row."""
        for document, key in self._noted.items():
            projection = projections.get(document)
            if projection is not None:
                self.change(key, document, projection)
        self._noted.clear()

    def change(
        self, key: DocumentKey, document: int, projection: Projection, *, is_new: bool = False
    ) -> None:
        """Give a document the entries of what it shows now, instead of those of what is stored of it.

        To be called before its projection is written; for a document that is new, afterwards.
        """
        indexes = self._indexes.get(key.collection)
        if not indexes:
            return
        stored = None if is_new else self._rows.projection(key)
        after = keys_in(indexes, key, projection)
        before = [_NO_KEYS] * len(after)
        if stored is not None:
            before = keys_in(indexes, key, decode_projection(stored))
        for index, old, new in zip(indexes, before, after, strict=True):
            if old == new:
                continue
            if old - new:
                self._entries.delete(index.row.number, [(gone, document) for gone in sorted(old - new)])
            if new - old:
                self._entries.insert(index.row.number, [(come, document) for come in sorted(new - old)])


def keys_in(indexes: Sequence[HeldIndex], key: DocumentKey, projection: Projection) -> list[frozenset[bytes]]:
    """The keys that a document with this projection has in each index."""
    if not projection.is_live:
        return [_NO_KEYS] * len(indexes)
    return [index.definition.keys_of(projection.values, key.id) for index in indexes]


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


def move_indexes(sql: SqlConnection, space: int, other: int) -> dict[str, tuple[HeldIndex, ...]]:
    """Give the indexes of a space, emptied, to one that has no documents yet; they as they are then."""
    IndexRows(sql, space).move(other)
    return load_indexes(sql, other)


_definition = lru_cache(maxsize=256)(decode_definition)
