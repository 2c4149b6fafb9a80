"""A query carried out: its documents in order, one batch after another, whatever way leads to them.

Where a way passes documents in the order that is wanted, they are handed on as they come. Otherwise a pass
over all candidates keeps the first so many in order, and the next pass those behind them; so memory is
bounded, and one pass is all that a page takes. Keys that were cut in an index are equal there, though the
values are not: their run is sorted in the same way.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from typing import Final

from syncore.core.identifiers import DocumentKey
from syncore.core.ports import SqlConnection
from syncore.documents.projection import Projection
from syncore.documents.projection_encoding import decode_projection
from syncore.query.definitions import IndexDefinition
from syncore.query.expressions import Expression
from syncore.query.intervals import Interval, beginning_with
from syncore.query.keys import MAX_COMPONENT_BYTES, decode_text
from syncore.query.ordering import Ordering, Place
from syncore.query.planning import ESTIMATE_LIMIT, Plan, Way, best_at_once, choose, ways
from syncore.replica.candidates import Candidate, Candidates, WayGone, behind
from syncore.replica.index_upkeep import held
from syncore.replica.local_replica import LocalReplica
from syncore.replica.views import Document, projection_of
from syncore.storage.document_rows import DocumentRows
from syncore.storage.index_rows import IndexRow, IndexRows, IndexStage

MAX_SORTED: Final = 20_000
"""Documents whose places are kept while sorting: a few megabytes, and a pass more for each so many."""
MAX_SORTED_BYTES: Final = 16 * 1024 * 1024
"""The same in bytes of keys, where texts are long."""
_BATCH: Final = 100
"""Documents of one read: about a millisecond with their decoding, which is what the event loop may wait."""


class Found:
    """A document, its place in the order, and what is stored of it.

    The place is computed when it is asked for: of documents that come in order, only the last one's is.

    Attributes:
        document: The document.
        packed: What is stored of it.
    """

    __slots__ = ("_ordering", "_place", "document", "packed")

    def __init__(
        self, document: Document, packed: bytes, ordering: Ordering, place: Place | None = None
    ) -> None:
        """Note what was found, and its place if that is known."""
        self.document = document
        self.packed = packed
        self._ordering = ordering
        self._place = place

    @property
    def place(self) -> Place:
        """Where it stands."""
        if self._place is None:
            self._place = self._ordering.place(projection_of(self.document).values, self.document.id)
        return self._place


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked.

    Attributes:
        collection: Of which collection.
        expression: What documents have to satisfy.
        ordering: In which order they are wanted.
        test: What they have to satisfy besides.
        limit: How many are wanted at most.
    """

    collection: str
    expression: Expression
    ordering: Ordering
    test: Callable[[Document], bool] | None = None
    limit: int | None = None


class Traversal:
    """One carrying out of a question."""

    def __init__(self, replica: LocalReplica, space: int, question: Question) -> None:
        """Read the space with that local number."""
        self._replica = replica
        self._space = space
        self._question = question

    async def plan(self, *, is_any_order: bool = False) -> tuple[Plan, IndexRow | None]:
        """The best way as it is now, and its index."""
        return await self._replica.read(partial(self._plan, is_any_order=is_any_order))

    async def in_order(self, after: Place | None) -> AsyncGenerator[Found, None]:
        """All documents behind a place, in order; the limit is the caller's."""
        async with aclosing(self.in_batches(after)) as batches:
            async for batch in batches:
                for found in batch:
                    yield found

    async def in_batches(self, after: Place | None) -> AsyncGenerator[list[Found], None]:
        """The same as :meth:`in_order`, as many at once as were read; none is empty."""
        while True:
            try:
                async for batch in self._once(after):
                    yield batch
                    after = batch[-1].place
            except WayGone:
                continue
            return

    async def in_any_order(self) -> AsyncIterator[Document]:
        """All documents, each once, as they come.

        Raises:
            WayGone: the index was dropped half way; what was done has to be done again.
        """
        plan, index = await self.plan(is_any_order=True)
        candidates = Candidates(plan.way, index, self._question.collection, plan.way.ranges)
        while not candidates.is_done:
            for candidate in await self._read(candidates, _BATCH):
                document = self._match(candidate)
                if document is not None:
                    yield document

    async def _once(self, after: Place | None) -> AsyncIterator[list[Found]]:
        plan, index = await self.plan()
        if not plan.way.is_ordered:
            passed = self._sorted(plan.way, index, plan.way.ranges, after)
        elif index is None:
            passed = self._by_id(plan.way, after)
        else:
            passed = self._by_index(plan.way, index, after)
        async for batch in passed:
            if batch:
                yield batch

    async def _by_id(self, way: Way, after: Place | None) -> AsyncIterator[list[Found]]:
        after_id = "" if after is None else decode_text(after[-1])
        candidates = Candidates(way, None, self._question.collection, way.ranges, after_id)
        while not candidates.is_done:
            read = await self._read(candidates, self._size(is_exact=way.is_exact))
            yield [found for one in read if (found := self._found(one)) is not None]

    async def _by_index(self, way: Way, index: IndexRow, after: Place | None) -> AsyncIterator[list[Found]]:
        ranges: Sequence[Interval] = way.ranges
        if after is not None:
            prefix, is_cut = self._entry_of(way, after)
            if is_cut:  # the place is among keys that are equal in the index
                async for batch in self._sorted(way, index, (beginning_with(prefix),), after):
                    yield batch
            ranges = behind(way, prefix)
        while ranges:
            run: bytes | None = None
            candidates = Candidates(way, index, self._question.collection, ranges)
            while not candidates.is_done and run is None:
                batch = []
                for candidate in await self._read(candidates, self._size(is_exact=way.is_exact)):
                    found = self._found(candidate)
                    if found is None:
                        continue
                    if len(candidate.entry) >= MAX_COMPONENT_BYTES:  # in a shorter one, nothing was cut
                        prefix, is_cut = self._entry_of(way, found.place)
                        if is_cut:
                            run = prefix
                            break
                    batch.append(found)
                yield batch
            if run is None:
                return
            async for batch in self._sorted(way, index, (beginning_with(run),), None):
                yield batch
            ranges = behind(way, run)

    async def _sorted(
        self, way: Way, index: IndexRow | None, ranges: Sequence[Interval], after: Place | None
    ) -> AsyncIterator[list[Found]]:
        """What satisfies the question, sorted: pass after pass over all candidates."""
        limit = self._question.limit
        size = MAX_SORTED if limit is None else min(limit, MAX_SORTED)
        while size:
            first = _First(self._question.ordering, size, after)
            candidates = Candidates(way, index, self._question.collection, ranges)
            while not candidates.is_done:
                for candidate in await self._read(candidates, _BATCH):
                    found = self._found(candidate)
                    if found is not None:
                        first.offer(found, candidate.key)
            chosen = first.chosen()
            for start in range(0, len(chosen), _BATCH):
                part = chosen[start : start + _BATCH]
                rows = await self._replica.read(partial(self._load, keys=[key for _, key in part]))
                batch = []
                for (place, key), projection in zip(part, rows, strict=True):
                    document = None if projection is None else self._match(Candidate(b"", key, projection))
                    if document is not None and projection is not None:
                        batch.append(Found(document, projection, self._question.ordering, place))
                yield batch
            if not first.has_more:
                return
            after = chosen[-1][0]

    async def _read(self, candidates: Candidates, size: int) -> list[Candidate]:
        """The next candidates; others get their turn on the event loop in between."""
        self._space = self._replica.current_space(self._space)  # it may have been shared meanwhile; ids stay
        found = await self._replica.read(partial(candidates.read, space=self._space, size=size))
        if not candidates.is_done and size == _BATCH:  # a smaller one is a page, and most likely the last
            await asyncio.sleep(0)
        return found

    def _size(self, *, is_exact: bool) -> int:
        """How many to read at once: no more than are wanted, where each that is read is wanted."""
        limit = self._question.limit
        return _BATCH if limit is None or not is_exact or self._question.test else min(limit + 1, _BATCH)

    def _found(self, candidate: Candidate) -> Found | None:
        document = self._match(candidate)
        return None if document is None else Found(document, candidate.projection, self._question.ordering)

    def _match(self, candidate: Candidate) -> Document | None:
        projection: Projection = decode_projection(candidate.projection)
        if not projection.is_live or not self._question.expression.holds(projection.values):
            return None
        document = Document(self._replica.spaces[self._space].id, candidate.key, projection)
        return document if self._question.test is None or self._question.test(document) else None

    def _load(self, sql: SqlConnection, *, keys: Sequence[DocumentKey]) -> list[bytes | None]:
        rows = DocumentRows(sql, self._space)
        return [rows.projection(key) for key in keys]

    def _entry_of(self, way: Way, place: Place) -> tuple[bytes, bool]:
        """The key of a place in a way's index; up to the first key that is cut there, if one is."""
        assert way.definition is not None
        if way.definition.is_hashed:
            return way.fixed[0] + place[-1], False
        wanted = dict(zip((column.path for column in self._question.ordering.columns), place, strict=False))
        entry = b""
        for number, column in enumerate(way.definition.columns):
            key = wanted[column.path] if column.path in wanted else way.fixed[number]
            entry += column.directed(key[:MAX_COMPONENT_BYTES])
            if len(key) > MAX_COMPONENT_BYTES:
                return entry, True
        return entry + way.definition.ordering.last.directed(place[-1]), False

    def _plan(self, sql: SqlConnection, *, is_any_order: bool) -> tuple[Plan, IndexRow | None]:
        self._space = self._replica.current_space(self._space)
        question, rows = self._question, IndexRows(sql, self._space)
        complete = {
            row.name: held(row)
            for row in rows.of_collection(question.collection)
            if row.stage is IndexStage.COMPLETE
        }
        definitions = {
            name: index.definition
            for name, index in complete.items()
            if isinstance(index.definition, IndexDefinition)
        }
        ordering = Ordering() if is_any_order else question.ordering
        found = ways(question.expression, ordering, definitions)
        if is_any_order:
            found = tuple(way for way in found if not way.may_repeat)
        way = best_at_once(found)
        estimates: Mapping[str | None, int] = {}
        if way is None:
            estimates = {
                one.index: self._estimate(sql, one, complete[one.index].row if one.index else None)
                for one in found
            }
            way = choose(found, estimates, limit=None if is_any_order else question.limit)
        plan = Plan(expression=question.expression, ordering=ordering, way=way, estimates=estimates)
        return plan, None if way.index is None else complete[way.index].row

    def _estimate(self, sql: SqlConnection, way: Way, index: IndexRow | None) -> int:
        if index is None:
            return DocumentRows(sql, self._space).count_some(self._question.collection, limit=ESTIMATE_LIMIT)
        rows, passed = IndexRows(sql, self._space), 0
        for low, high in way.ranges:
            passed += rows.count(index.number, low, high, limit=ESTIMATE_LIMIT - passed)
            if passed >= ESTIMATE_LIMIT:
                break
        return passed


class _First:
    """The first so many documents behind a place, of all that are offered, each once.

    Attributes:
        has_more: Whether others were offered that stand behind them.
    """

    def __init__(self, ordering: Ordering, size: int, after: Place | None) -> None:
        self.has_more = False
        self._ordering = ordering
        self._size = size
        self._after = b"" if after is None else ordering.sort_key(after)
        self._kept: dict[bytes, tuple[Place, DocumentKey]] = {}
        self._kept_bytes = 0
        self._bound: bytes | None = None  # of what stands behind it, nothing is wanted

    def offer(self, found: Found, key: DocumentKey) -> None:
        """Keep a document if it may be among them."""
        sort_key = self._ordering.sort_key(found.place)
        if sort_key <= self._after or sort_key in self._kept:
            return
        if self._bound is not None and sort_key > self._bound:
            self.has_more = True
            return
        self._kept[sort_key] = (found.place, key)
        self._kept_bytes += 2 * len(sort_key)
        if len(self._kept) >= 2 * self._size or self._kept_bytes > MAX_SORTED_BYTES:
            self._cut()

    def chosen(self) -> list[tuple[Place, DocumentKey]]:
        """They, in order."""
        self._cut()
        return list(self._kept.values())

    def _cut(self) -> None:
        in_order = sorted(self._kept)
        wanted = min(self._size, len(in_order))
        if self._kept_bytes > MAX_SORTED_BYTES:
            wanted = max(1, min(wanted, len(in_order) // 2))
            self._size = wanted
        if wanted < len(in_order):
            self.has_more = True
            self._bound = in_order[wanted - 1]
        self._kept = {sort_key: self._kept[sort_key] for sort_key in in_order[:wanted]}
        self._kept_bytes = sum(2 * len(sort_key) for sort_key in self._kept)
