"""The indexes of a collection: making them, dropping them, and searching by them."""

from collections.abc import Callable, Mapping

from syncore.core.errors import Misused
from syncore.core.identifiers import check_collection
from syncore.documents.projection import FieldValue
from syncore.query.definitions import IndexDefinition
from syncore.query.expressions import Expression
from syncore.query.ordering import columns_of
from syncore.query.paths import Path
from syncore.query.text_definitions import TextDefinition, weights_of
from syncore.replica.arguments import checked_expression, checked_search
from syncore.replica.index_building import drop_index, make_index
from syncore.replica.index_tables import AnyDefinition
from syncore.replica.index_upkeep import held
from syncore.replica.indexes import Index, IndexKind, IndexStatus, checked_kind, status_of
from syncore.replica.local_replica import LocalReplica
from syncore.replica.searching import Search
from syncore.replica.views import Document
from syncore.storage.index_rows import IndexRows


class IndexedCollection:
    """What every collection has of indexes; programs use ``Collection``."""

    def __init__(self, replica: LocalReplica, space: Callable[[], int], name: str) -> None:
        """Programs get collections from a replica or a space."""
        self._replica = replica
        self._space = space
        self.name = check_collection(name)

    def __repr__(self) -> str:
        """The name."""
        return f"<Collection {self.name}>"

    async def create_index(
        self,
        *fields: str | Path,
        name: str | None = None,
        each: bool = False,
        where: Expression | None = None,
        kind: IndexKind | str = IndexKind.ORDERED,
    ) -> Index:
        """Make an index in this replica's file, which queries then use by themselves. Others do not get it.

        It is built in the background, and goes on after a restart; ``await index.built()`` waits. One that is
        there already, with the same name and content, is returned.

        Args:
            fields: Names, the most significant first, with ``-`` in front for descending order; what is
                inside a map is named by ``where``, such as ``where.address.city``.
            name: A name in the collection; made of the fields if none is given.
            each: For ``contains()``: whether it has each element of the one field, a set or a list.
            where: Which documents are in it; all if nothing is given.
            kind: ``"ordered"``, or ``"hash"`` for equality and ``in_`` alone: 16 bytes stand for the fields'
                values, however long they are.

        Raises:
            Misused: no such index can be, another one has this name, or there are too many.
            ReadOnly: nothing may be written here.
        """
        condition = None if where is None else checked_expression(where)
        definition = IndexDefinition(
            columns=columns_of(fields),
            is_of_elements=each,
            condition=condition,
            is_hashed=checked_kind(kind) is IndexKind.HASH,
        )
        return await self._make_index(name, definition)

    async def create_text_index(
        self,
        *fields: str | Path,
        name: str | None = None,
        weights: Mapping[str, float] | None = None,
        where: Expression | None = None,
    ) -> Index:
        """Make a full-text index in this replica's file, for :meth:`search`. Others do not get it.

        It is built and kept as :meth:`create_index` says. Searches are exact from the beginning, and fast
        when it is built. It holds words, not the texts again.

        Args:
            fields: Fields whose texts are searched: texts, and those in lists, sets and maps.
            name: A name in the collection; made of the fields if none is given.
            weights: How much a word counts that is found in a field, by its name; 1 if not given.
            where: Which documents are in it; all if nothing is given.

        Raises:
            Misused: no such index can be, another one has this name, or there are too many; or this Python's
                SQLite has no FTS5.
            ReadOnly: nothing may be written here.
        """
        condition = None if where is None else checked_expression(where)
        columns = columns_of(fields)
        if any(column.is_descending for column in columns):
            raise Misused("a full-text index has no direction", hint="leave the - out")
        paths = tuple(column.path for column in columns)
        definition = TextDefinition(
            paths=paths, weights=weights_of(paths, weights or {}), condition=condition
        )
        return await self._make_index(name, definition)

    def search(
        self,
        query: str,
        expression: Expression | Mapping[str, FieldValue] | None = None,
        /,
        *,
        limit: int | None = None,
        index: str | None = None,
    ) -> Search[Document]:
        """Live documents whose texts have what is searched for, the best first; equally good ones by id.

        Args:
            query: What somebody typed: ``godfather part``, ``"the godfather"``, ``godf*``, ``-part``,
                ``this OR that``, brackets, ``title:godfather``. Capitals and accents make no difference.
            expression: What they have to satisfy besides, as for :meth:`find`.
            limit: Stop after so many.
            index: The name of the full-text index, where there are several.

        Returns:
            A search: ``async for``, ``await``, ``count()`` and ``explain()`` carry it out, and raise
            ``InvalidQuery`` where the query cannot be understood, ``Misused`` where there is no index.

        Raises:
            Misused, InvalidValue: the expression or the limit cannot be.
        """
        question = checked_search(self.name, query, expression, limit=limit, index=index)
        return Search(self._replica, self._space, question, lambda document: document)

    async def indexes(self) -> list[IndexStatus]:
        """The indexes of this collection in this replica's file, in the order in which they were made."""
        number = self._space()
        rows = await self._replica.read(lambda sql: IndexRows(sql, number).of_collection(self.name))
        return [status_of(held(row)) for row in rows]

    async def drop_index(self, name: str) -> None:
        """Use an index no more; its entries are deleted in the background.

        Raises:
            Misused: there is none with this name.
        """
        await self._replica.change(
            self._space(), lambda sql, state, _: drop_index(sql, state, self.name, name), is_local=True
        )
        self._replica.indexing.resume()

    async def _make_index(self, name: str | None, definition: AnyDefinition) -> Index:
        made = await self._replica.change(
            self._space(),
            lambda sql, state, _: make_index(sql, state, self.name, name, definition),
            is_local=True,
        )
        self._replica.indexing.resume()
        return Index(self._replica, self._space(), self.name, made.row.name)
