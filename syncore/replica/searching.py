"""Searches: what ``collection.search()`` returns.

Where the index is finished, SQLite's FTS5 finds and scores. Where it is being built, or cannot be used, every
document is read and judged by its words in the same way: first to learn how often each phrase is there at
all, on which scores depend, then for the best. So what is found, and in what order, is the same.
"""

import asyncio
import heapq
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Generator
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from typing import Final, Generic, NamedTuple, TypeVar

from syncore.core.errors import Misused
from syncore.core.identifiers import DocumentKey
from syncore.core.ports import SqlConnection
from syncore.documents.projection_encoding import decode_projection
from syncore.query.excerpts import MAX_EXCERPT_WORDS, excerpt
from syncore.query.expression_encoding import in_words
from syncore.query.expressions import EVERYTHING, Expression
from syncore.query.text_definitions import TextDefinition, strings_at
from syncore.query.text_queries import TextQuery, parse_text_query
from syncore.query.text_scoring import Statistics, find_in, words_in
from syncore.replica.index_upkeep import held
from syncore.replica.local_replica import LocalReplica
from syncore.replica.reprojecting import WORDS_STAMP, words_stamp
from syncore.replica.views import Document
from syncore.storage.document_rows import DocumentRows
from syncore.storage.index_rows import IndexRow, IndexRows, IndexStage
from syncore.storage.space_rows import SpaceRows
from syncore.storage.text_rows import BEFORE_ALL, TextPlace, TextRows

D = TypeVar("D")

MAX_PASS: Final = 10_000
"""Places of documents that are kept at once; a search that goes on behind them is carried out again."""
_FIRST_PASS: Final = 100
_BATCH: Final = 100
"""Documents of one read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit(Generic[D]):
    """A document that a search found.

    Attributes:
        document: It, or the object of the model.
        score: How well it fits, above 0: more often, rarer words and shorter texts give more. Comparable
            within one search.
    """

    document: D
    score: float
    _fields: Document
    _query: TextQuery
    _definition: TextDefinition

    def excerpt(
        self, field: str | None = None, *, words: int = 24, marks: tuple[str, str] = ("**", "**")
    ) -> str:
        """The part of a field where most of what was searched for stands.

        Args:
            field: The field's name; the one that has most of it, if None.
            words: How many words at most.
            marks: What goes before and behind what was searched for.

        Raises:
            Misused: the index does not have the field, or no such number of words.
        """
        if not 0 < words <= MAX_EXCERPT_WORDS:
            raise Misused(f"an excerpt has 1 to {MAX_EXCERPT_WORDS} words, not {words}")
        names = self._definition.names
        if field is None:
            field = names[self._fullest()]
        elif field not in names:
            raise Misused(f"the index does not have {field!r}", hint=f"it has {', '.join(names)}")
        column = names.index(field)
        texts = strings_at(self._fields, self._definition.paths[column])
        return excerpt(self._query, column, texts, size=words, marks=marks)

    def _fullest(self) -> int:
        found = find_in(self._query, words_in(self._definition.texts_of(self._fields) or ()))
        columns = [column for places in (found or {}).values() for column, _ in places]
        return max(set(columns), key=lambda column: (columns.count(column), -column)) if columns else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchQuestion:
    """What is asked.

    Attributes:
        collection: Of which collection.
        typed: What somebody typed.
        expression: What documents have to satisfy besides.
        index: The name of the full-text index; None for the only one.
        limit: How many are wanted at most.
    """

    collection: str
    typed: object
    expression: Expression = EVERYTHING
    index: str | None = None
    limit: int | None = None


class _Plan(NamedTuple):
    row: IndexRow
    definition: TextDefinition
    query: TextQuery
    is_usable: bool


class Search(Generic[D]):
    """Documents whose texts have what is searched for, the best first; equally good ones by id.

    ``async for`` goes through the hits, ``await`` gives a list; both can be done again. Commits made between
    two of its steps may show.
    """

    def __init__(
        self,
        replica: LocalReplica,
        space: Callable[[], int],
        question: SearchQuestion,
        made: Callable[[Document], D],
        ready: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """Programs get searches from a collection."""
        self._replica = replica
        self._space = space
        self._question = question
        self._made = made
        self._ready = ready

    def __await__(self) -> Generator[object, None, list[Hit[D]]]:
        """All hits, as a list; give a limit where there may be many."""
        return self._list().__await__()

    async def __aiter__(self) -> AsyncIterator[Hit[D]]:
        """The hits, one after another."""
        async with aclosing(self._hits()) as all_hits:
            async for hit in all_hits:
                yield hit

    async def count(self) -> int:
        """How many documents are found; at most the limit.

        Raises: as for the search itself.
        """
        limit = self._question.limit
        plan = await self._plan()
        if plan.is_usable and self._question.expression is EVERYTHING:
            work = partial(_counted, plan=plan)
            found = await self._replica.read(work, is_long=True)
            return found if limit is None else min(found, limit)
        total = 0
        async with aclosing(self._hits()) as all_hits:
            async for _ in all_hits:
                total += 1
        return total

    async def explain(self) -> str:
        """How it would be carried out now, in words."""
        plan = await self._plan()
        lines = [f"search in {self._question.collection}: {plan.query}, the best first"]
        if plan.is_usable:
            lines.append(f"reads the index {plan.row.name} ({plan.definition})")
        else:
            why = (
                "was made by another version of Unicode"
                if plan.row.stage is IndexStage.COMPLETE
                else f"is being built, {plan.row.built} documents so far"
            )
            lines.append(f"the index {plan.row.name} ({plan.definition}) {why}")
            lines.append("reads all documents of the collection, twice: once to count words, once to score")
        if self._question.expression is not EVERYTHING:
            lines.append(f"checks what it found: {in_words(self._question.expression)}")
        return "\n".join(lines)

    async def _list(self) -> list[Hit[D]]:
        async with aclosing(self._hits()) as all_hits:
            return [hit async for hit in all_hits]

    async def _hits(self) -> AsyncGenerator[Hit[D], None]:
        question = self._question
        left = question.limit
        plan = await self._plan()
        if left == 0:
            return
        statistics = None if plan.is_usable else await self._statistics(plan)
        is_filtered = question.expression is not EVERYTHING
        size = min(left or _FIRST_PASS, MAX_PASS) if not is_filtered else _FIRST_PASS
        after = BEFORE_ALL
        while True:
            if statistics is None:
                work = partial(_best, plan=plan, after=after, limit=size)
                places = await self._replica.read(work, is_long=True)
            else:
                places = await self._scan(plan, statistics, after, size)
            for start in range(0, len(places), _BATCH):
                part = places[start : start + _BATCH]
                found = await self._replica.read(partial(_load, places=part))
                for place, loaded in zip(part, found, strict=True):
                    hit = self._hit(plan, place, loaded)
                    if hit is None:
                        continue
                    yield hit
                    if left is not None:
                        left -= 1
                        if not left:
                            return
            if len(places) < size:
                return
            after = places[-1]
            size = min(4 * size, MAX_PASS)

    def _hit(self, plan: _Plan, place: TextPlace, loaded: tuple[DocumentKey, bytes] | None) -> Hit[D] | None:
        """The hit, if the document is still what was searched for, and satisfies the expression."""
        if loaded is None:
            return None
        key, data = loaded
        projection = decode_projection(data)
        if not projection.is_live or not self._question.expression.holds(projection.values):
            return None
        texts = plan.definition.texts_of(projection.values)
        if texts is None or find_in(plan.query, words_in(texts)) is None:
            return None
        space = self._replica.spaces[self._replica.current_space(self._space())].id
        document = Document(space, key, projection)
        return Hit(
            document=self._made(document),
            score=-place.score,
            _fields=document,
            _query=plan.query,
            _definition=plan.definition,
        )

    async def _statistics(self, plan: _Plan) -> Statistics:
        statistics = Statistics(plan.query.phrases)
        async with aclosing(self._texts(plan)) as all_texts:
            async for _, _, texts in all_texts:
                statistics.add(words_in(texts))
        return statistics

    async def _scan(
        self, plan: _Plan, statistics: Statistics, after: TextPlace, size: int
    ) -> list[TextPlace]:
        """The best behind a place, of all documents."""
        best: list[tuple[_Worse, TextPlace]] = []
        async with aclosing(self._texts(plan)) as all_texts:
            async for document, id_, texts in all_texts:
                words = words_in(texts)
                found = find_in(plan.query, words)
                if found is None:
                    continue
                score = statistics.score(found, words, plan.definition.factors)
                place = TextPlace(score, id_, document)
                if (place.score, place.id) <= (after.score, after.id):
                    continue
                entry = (_Worse((place.score, place.id)), place)
                if len(best) < size:
                    heapq.heappush(best, entry)
                else:
                    heapq.heappushpop(best, entry)
        return sorted((place for _, place in best), key=lambda place: (place.score, place.id))

    async def _texts(self, plan: _Plan) -> AsyncGenerator[tuple[int, str, tuple[str, ...]], None]:
        """The texts of all documents that have some, in steps."""
        after = ""
        while True:
            space = self._replica.current_space(self._space())
            work = partial(_page, space=space, collection=self._question.collection, after=after)
            page = await self._replica.read(work)
            for document, id_, projection in page:
                texts = plan.definition.texts_of(decode_projection(projection).values)
                if texts is not None:
                    yield document, id_, texts
            if len(page) < _BATCH:
                return
            after = page[-1][1]
            await asyncio.sleep(0)

    async def _plan(self) -> _Plan:
        if self._ready is not None:
            await self._ready()
        space = self._replica.current_space(self._space())
        return await self._replica.read(partial(_plan_for, space=space, question=self._question))


class _Worse:
    """Places turned round: a heap gives the least first, and the worst is to go."""

    __slots__ = ("_place",)

    def __init__(self, place: tuple[float, str]) -> None:
        self._place = place

    def __lt__(self, other: "_Worse") -> bool:
        return self._place > other._place


def _plan_for(sql: SqlConnection, *, space: int, question: SearchQuestion) -> _Plan:
    indexes = {}
    for row in IndexRows(sql, space).of_collection(question.collection):
        definition = held(row).definition
        if isinstance(definition, TextDefinition):
            indexes[row.name] = (row, definition)
    name = question.index
    if name is None:
        if len(indexes) != 1:
            names = ", ".join(map(repr, indexes))
            raise Misused(
                f"{question.collection} has {'several' if indexes else 'no'} full-text indexes",
                hint=f"name one: index=..., of {names}" if indexes else "make one: create_text_index()",
            )
        [name] = indexes
    if name not in indexes:
        raise Misused(f"{question.collection} has no full-text index {name!r}")
    row, definition = indexes[name]
    is_current = SpaceRows(sql).value(WORDS_STAMP) == words_stamp()
    return _Plan(
        row,
        definition,
        parse_text_query(question.typed, definition.names),
        is_current and row.stage is IndexStage.COMPLETE,
    )


def _check_there(sql: SqlConnection, plan: _Plan) -> None:
    """A number may be given again after an index was dropped."""
    found = sql.row(
        "SELECT stage FROM indexes WHERE number = ? AND name = ?", (plan.row.number, plan.row.name)
    )
    if found is None or found[0] != IndexStage.COMPLETE:
        raise Misused(f"the index {plan.row.name!r} was dropped while it was searched")


def _best(sql: SqlConnection, *, plan: _Plan, after: TextPlace, limit: int) -> list[TextPlace]:
    _check_there(sql, plan)
    rows = TextRows(sql, plan.row.number)
    return rows.best(str(plan.query), plan.definition.factors, after=after, limit=limit)


def _counted(sql: SqlConnection, *, plan: _Plan) -> int:
    _check_there(sql, plan)
    return TextRows(sql, plan.row.number).count(str(plan.query))


def _load(sql: SqlConnection, *, places: list[TextPlace]) -> list[tuple[DocumentKey, bytes] | None]:
    return [DocumentRows.numbered(sql, place.document) for place in places]


def _page(sql: SqlConnection, *, space: int, collection: str, after: str) -> list[tuple[int, str, bytes]]:
    page = DocumentRows(sql, space).numbered_page(collection, after=after, limit=_BATCH)
    return [(document, row.key.id, row.projection) for document, row in page]
