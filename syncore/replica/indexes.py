"""Indexes as programs see them."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import Enum

from syncore.core.errors import Misused
from syncore.replica.index_upkeep import HeldIndex
from syncore.replica.local_replica import LocalReplica
from syncore.storage.document_rows import DocumentRows


class IndexKind(Enum):
    """What an index is good for."""

    ORDERED = "ordered"
    """A B-tree: equality, ranges, prefixes and sorting; values are cut after 256 bytes."""
    HASH = "hash"
    """Equality on values of any length."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexStatus:
    """An index of a collection, as it stood when it was asked for.

    Attributes:
        name: Its name in the collection.
        content: What is in it, in words.
        is_complete: Whether queries use it.
        built: How many documents were looked at while it was built.
    """

    name: str
    content: str
    is_complete: bool
    built: int


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexProgress:
    """How far an index is built.

    Attributes:
        built: How many documents were looked at.
        total: How many there were when it was first asked, or more.
    """

    built: int
    total: int


class Index:
    """An index that was made, and is built in the background: ``await index.built()``.

    ``async for progress in index`` tells how far it is, until it is complete. Neither is needed: it is built
    in any case, and goes on when the replica is opened again.
    """

    def __init__(self, replica: LocalReplica, space: int, collection: str, name: str) -> None:
        """Programs get it from ``collection.create_index()``."""
        self._replica = replica
        self._space = space
        self._collection = collection
        self.name = name

    def __repr__(self) -> str:
        """The collection and the name."""
        return f"<Index {self._collection}: {self.name}>"

    async def built(self) -> IndexStatus:
        """Wait until queries can use it.

        Raises:
            Misused: it was dropped.
            StorageError, IntegrityError: it cannot be built; it is tried again when the replica is opened.
        """
        while not (status := self._look()).is_complete:
            await self._replica.indexing.step()
        return status

    async def __aiter__(self) -> AsyncIterator[IndexProgress]:
        """How far it is, after every step, the last time when it is complete."""
        number = self._replica.current_space(self._space)
        total = await self._replica.read(
            lambda sql: DocumentRows(sql, number).count_some(self._collection, limit=2**62)
        )
        while True:
            status = self._look()
            total = max(total, status.built)
            yield IndexProgress(built=total if status.is_complete else status.built, total=total)
            if status.is_complete:
                return
            await self._replica.indexing.step()

    def _look(self) -> IndexStatus:
        state = self._replica.spaces[self._replica.current_space(self._space)]
        for index in state.indexes.get(self._collection, ()):
            if index.row.name == self.name:
                return status_of(index)
        raise Misused(f"the index {self.name!r} of {self._collection} was dropped")


def checked_kind(kind: IndexKind | str) -> IndexKind:
    """The kind that a program names.

    Raises:
        Misused: there is none like it.
    """
    try:
        return IndexKind(kind)
    except ValueError as error:
        raise Misused(
            f"there are no indexes of the kind {kind!r}", hint="ordered, hash; create_text_index() for words"
        ) from error


def status_of(index: HeldIndex) -> IndexStatus:
    """An index as it stands."""
    return IndexStatus(
        name=index.row.name,
        content=str(index.definition),
        is_complete=index.is_complete,
        built=index.row.built,
    )
