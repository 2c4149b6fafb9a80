"""Queries: what ``collection.find()`` returns."""

from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Callable,
    Generator,
    Mapping,
    Sequence,
)
from contextlib import aclosing
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, Generic, TypeVar, cast

from syncore.codec.packing import Packed, pack
from syncore.core.arguments import check_whole
from syncore.core.errors import Misused, TooLarge
from syncore.core.ports import SqlConnection
from syncore.documents.projection_encoding import decode_projection
from syncore.query.aggregates import Aggregate, Tally
from syncore.query.expression_encoding import encode_expression, path_in_words
from syncore.query.expressions import look_up
from syncore.query.keys import MISSING, encode_key
from syncore.query.ordering import columns_of, decode_place, encode_place, query_tag
from syncore.query.paths import Path
from syncore.query.planning import LONG_SCAN, in_steps
from syncore.replica.candidates import WayGone, check_there
from syncore.replica.live_query import LiveQuery
from syncore.replica.local_replica import LocalReplica
from syncore.replica.result_memory import Documents, Result, Rows, own_row
from syncore.replica.traversal import Found, Question, Traversal
from syncore.replica.views import Document, key_of, projection_of
from syncore.storage.document_rows import DocumentRows
from syncore.storage.index_rows import IndexRow, IndexRows

T = TypeVar("T")

MAX_GROUPS: Final = 100_000
"""Groups of one query: they are all in memory."""
MAX_PAGE: Final = 10_000
"""Documents of one page."""
_COUNTED: Final = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    """Some documents of a query, in order.

    Attributes:
        documents: They; objects of the model where the query is of one.
        next: The token with which ``find(..., after=token)`` goes on; None if these are the last.
    """

    documents: tuple[T, ...]
    next: str | None


class Query(Generic[T]):
    """Documents of a collection that satisfy an expression, in an order; or the objects of its model.

    ``async for`` goes through them in small steps, ``await`` gives a list; both can be done again. Nothing is
    read before. Commits made meanwhile may show: one that changes a document's place may bring it twice, or
    not at all; a page or list that takes one step is of one moment.
    """

    def __init__(
        self,
        replica: LocalReplica,
        space: Callable[[], int],
        question: Question,
        *,
        made: Callable[[Document], T],
        after: object = None,
    ) -> None:
        """Programs get queries from a collection.

        Args:
            replica: The replica.
            space: The local number of the space, when it is asked.
            question: What is asked.
            made: What programs get for a document.
            after: The token of a page to go on behind.
        """
        self._replica = replica
        self._space = space
        self._question = question
        self._made = made
        self._after = None if after is None else decode_place(after, self._tag(), question.ordering)

    def __await__(self) -> Generator[object, None, list[T]]:
        """All documents, as a list; give a limit where there may be many."""
        return self._list().__await__()

    async def __aiter__(self) -> AsyncIterator[T]:
        """The documents, one after another."""
        async with aclosing(self._found(self._question)) as all_found:
            async for found in all_found:
                yield self._made(found.document)

    async def first(self) -> T | None:
        """The first document, or None."""
        documents = await self._take(replace(self._question, limit=_least(1, self._question.limit)))
        return self._made(documents[0]) if documents else None

    async def page(self, size: int = 50) -> Page[T]:
        """So many documents, and a token for the next page.

        The token stands for the last document's place in the order: it stays good when documents come and
        go, on every device, after a restart, and whatever indexes there are.

        Raises:
            Misused: the size is not 1 to 10,000.
        """
        check_whole(size, "the size of a page")
        if not 0 < size <= MAX_PAGE:
            raise Misused(f"a page has 1 to {MAX_PAGE} documents, not {size}")
        wanted = _least(size, self._question.limit)
        found = await self._take(replace(self._question, limit=wanted + 1))
        is_last = len(found) <= wanted or wanted < size
        found = found[:wanted]
        token = None
        if found and not is_last:
            place = self._question.ordering.place(projection_of(found[-1]).values, found[-1].id)
            token = encode_place(place, self._tag())
        return Page(documents=tuple(map(self._made, found)), next=token)

    async def count(self) -> int:
        """How many documents there are; by the index alone where it says all."""
        held = self._held("count", self._question)
        if held is not None and isinstance(held.result, int):
            return held.result
        count = await self._counted()
        if held is not None and held.is_current:
            self._replica.results.hold_count(held.key, held.version, count)
        return count

    async def aggregate(self, **aggregates: Aggregate) -> dict[str, object]:
        """Numbers and values of all documents: ``aggregate(total=sum_("gross"), n=count())``.

        Sums are exact. None and missing fields count for nothing.

        Raises:
            Misused: something else than an aggregate was named, or a field to be added holds no number.
            TooLarge: a sum would have more than 10,000 digits.
        """
        [found] = (await self._group((), aggregates)) or [{}]
        return found

    async def group(
        self, by: str | Path | Sequence[str | Path], /, **aggregates: Aggregate
    ) -> list[dict[str, object]]:
        """The same for each value of a field, or of several: a dict each, sorted by them.

        Each has the fields by their names (not where the documents lack one) and the aggregates by theirs.
        Numbers that are equal are one group, whatever their type.

        Raises:
            Misused, TooLarge: as :meth:`aggregate`; or there are more than 100,000 groups.
        """
        columns = columns_of(by)
        if not columns or any(column.is_descending for column in columns):
            raise Misused("group() takes the names of one field or several, without a direction")
        return await self._group(tuple(column.path for column in columns), aggregates)

    def live(self) -> LiveQuery[T]:
        """The result as it goes on: now, and whenever it differs, by changes of this and of other devices."""
        return LiveQuery(
            self._replica,
            self._space,
            self._question,
            after=self._after,
            made=self._made,
            computing=self._in_space,
        )

    async def explain(self) -> str:
        """How it would be carried out now, in words, with a warning if it reads very many documents."""
        traversal = Traversal(self._replica, self._space(), self._question)
        plan, _ = await traversal.plan()
        number, name = self._space(), self._question.collection
        documents = await self._replica.read(
            lambda sql: DocumentRows(sql, number).count_some(name, limit=LONG_SCAN + 1)
        )
        told = in_steps(plan, collection=name, documents=documents)
        return told if self._question.test is None else f"{told}\ncalls a function for each document"

    async def _list(self) -> list[T]:
        return [self._made(document) for document in await self._take(self._question)]

    async def _take(self, question: Question) -> list[Document]:
        """What is found, from memory where that is as new as the file."""
        held = self._held("documents", question)
        if held is not None and isinstance(held.result, tuple):
            space = self._replica.spaces[held.space].id
            documents = cast("Documents", held.result)
            return [Document(space, key, decode_projection(packed)) for key, packed in documents]
        async with aclosing(self._batches(question)) as batches:
            found = [one async for batch in batches for one in batch]
        if held is not None and held.is_current:
            packed_ones = tuple((key_of(one.document), one.packed) for one in found)
            self._replica.results.hold_documents(held.key, held.version, packed_ones)
        return [one.document for one in found]

    async def _counted(self) -> int:
        if self._question.limit is not None or self._after is not None:
            return await _length(self._found(self._question))
        while True:
            try:
                return await self._count()
            except WayGone:
                continue

    def _held(self, kind: str, question: Question, *more: Packed) -> "_Held | None":
        """What is held of a question that may be held: the same content gives the same result."""
        replica = self._replica
        if question.test is not None or replica.read_only_reason:  # another process may write
            return None
        space = replica.current_space(self._space())
        columns: list[Packed] = [[list(one.path), one.is_descending] for one in question.ordering.columns]
        after = None if self._after is None else list(self._after)
        expression = encode_expression(question.expression)
        key = pack([kind, space, question.collection, expression, columns, question.limit, after, *more])
        version = replica.results.version(space, question.collection)
        return _Held(
            replica, space, question.collection, key, version, replica.results.cache.get(key, version)
        )

    async def _found(self, question: Question) -> AsyncGenerator[Found, None]:
        """At most the question's limit of documents, in order."""
        async with aclosing(self._batches(question)) as batches:
            async for batch in batches:
                for found in batch:
                    yield found

    async def _batches(self, question: Question) -> AsyncGenerator[list[Found], None]:
        """The same, as many at once as were read."""
        left = question.limit
        if left == 0:
            return
        traversal = Traversal(self._replica, self._space(), question)
        async with aclosing(traversal.in_batches(self._after)) as batches:
            async for batch in batches:
                yield batch[:left]
                if left is not None:
                    left -= len(batch)
                    if left <= 0:
                        return

    async def _count(self) -> int:
        traversal = Traversal(self._replica, self._space(), self._question)
        plan, index = await traversal.plan(is_any_order=True)
        if index is None or not plan.way.is_exact or self._question.test is not None:
            return await _length(traversal.in_any_order())
        return sum([await self._count_range(index, low, high) for low, high in plan.way.ranges])

    async def _count_range(self, index: IndexRow, low: bytes, high: bytes | None) -> int:
        """Entries of an index, counted in steps."""
        total, start = 0, low
        while True:
            space = self._replica.current_space(self._space())
            count, last = await self._replica.read(partial(_count_on, space, index, start, high))
            total += count
            if count < _COUNTED or last is None:
                return total
            start = last + b"\x00"

    async def _group(
        self, paths: Sequence[tuple[str, ...]], aggregates: Mapping[str, object]
    ) -> list[dict[str, object]]:
        wanted = _checked(aggregates, {path_in_words(path) for path in paths})
        named: list[Packed] = [
            [name, one.kind.value, None if one.path is None else list(one.path)]
            for name, one in wanted.items()
        ]
        held = self._held("groups", self._question, [list(path) for path in paths], named)
        if held is not None and isinstance(held.result, tuple):
            return [own_row(row) for row in cast("Rows", held.result)]
        rows = await self._grouped(paths, wanted)
        if held is not None and held.is_current:
            self._replica.results.hold_rows(held.key, held.version, rows)
        return rows

    async def _grouped(
        self, paths: Sequence[tuple[str, ...]], wanted: Mapping[str, Aggregate]
    ) -> list[dict[str, object]]:
        while True:
            groups: dict[tuple[bytes, ...], tuple[dict[str, object], dict[str, Tally]]] = {}
            if not paths:
                groups[()] = ({}, _tallies(wanted))
            try:
                async for document in self._each():
                    values = [look_up(document, path) for path in paths]
                    key = tuple(map(encode_key, values))
                    group = groups.get(key)
                    if group is None:
                        if len(groups) == MAX_GROUPS:
                            raise TooLarge(f"there are more than {MAX_GROUPS} groups")
                        shown = {
                            path_in_words(path): value
                            for path, value in zip(paths, values, strict=True)
                            if value is not MISSING
                        }
                        group = groups[key] = (shown, _tallies(wanted))
                    for tally in group[1].values():
                        tally.add(document, document.id)
            except WayGone:
                continue
            return [
                {**shown, **{name: tally.result() for name, tally in tallies.items()}}
                for _, (shown, tallies) in sorted(groups.items(), key=lambda item: item[0])
            ]

    async def _each(self) -> AsyncIterator[Document]:
        """All documents; in no order where a limit does not ask for one."""
        if self._question.limit is None and self._after is None:
            traversal = Traversal(self._replica, self._space(), self._question)
            async for document in traversal.in_any_order():
                yield document
            return
        async with aclosing(self._found(self._question)) as all_found:
            async for found in all_found:
                yield found.document

    def _in_space(self, space: int) -> "Query[T]":
        """The same query of one space, also when another one becomes the default."""
        replica = self._replica
        query = Query(replica, lambda: replica.current_space(space), self._question, made=self._made)
        query._after = self._after
        return query

    def _tag(self) -> bytes:
        question = self._question
        return query_tag(question.collection, question.expression, question.ordering)


@dataclass(frozen=True, slots=True)
class _Held:
    """What may be held of a question: under which key, for which version, and what is held now."""

    replica: LocalReplica
    space: int
    collection: str
    key: bytes
    version: int
    result: Result | None

    @property
    def is_current(self) -> bool:
        """Whether nothing touched the collection since."""
        return self.replica.results.version(self.space, self.collection) == self.version


def _count_on(
    space: int, index: IndexRow, low: bytes, high: bytes | None, sql: SqlConnection
) -> tuple[int, bytes | None]:
    rows = IndexRows(sql, space)
    check_there(rows, index)
    return rows.count_on(index.number, low, high, limit=_COUNTED)


async def _length(documents: AsyncIterable[object]) -> int:
    count = 0
    async for _ in documents:
        count += 1
    return count


def _least(size: int, limit: int | None) -> int:
    return size if limit is None else min(size, limit)


def _tallies(wanted: Mapping[str, Aggregate]) -> dict[str, Tally]:
    return {name: Tally(aggregate) for name, aggregate in wanted.items()}


def _checked(aggregates: Mapping[str, object], taken: set[str]) -> dict[str, Aggregate]:
    checked: dict[str, Aggregate] = {}
    for name, aggregate in aggregates.items():
        if not isinstance(aggregate, Aggregate):
            raise Misused(
                f"{name} is no aggregate", hint='count(), sum_("gross"), mean_(), min_(), max_() are'
            )
        if name in taken:
            raise Misused(f"{name} is a field of the group too", hint="give the aggregate another name")
        checked[name] = aggregate
    return checked
