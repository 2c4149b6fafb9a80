"""Live queries as programs see them: ``query.live()``."""

from collections.abc import Awaitable, Callable, Sequence
from collections.abc import Set as AbstractSet
from typing import Generic, TypeVar

from syncore.query.aggregates import Aggregate
from syncore.query.differences import Difference, difference
from syncore.query.ordering import Place
from syncore.query.paths import Path
from syncore.query.windows import Entry
from syncore.replica.live_numbers import Computing, NumbersView
from syncore.replica.live_stream import LiveStream
from syncore.replica.live_window import Tell, WindowView
from syncore.replica.local_replica import LocalReplica
from syncore.replica.traversal import Question
from syncore.replica.views import Document

R = TypeVar("R")
T = TypeVar("T")


class LiveQuery(Generic[T]):
    """A query that goes on: ``async for results in query.live()``.

    Each of its streams begins when it is first read, and stands for itself. Changes that cannot matter cost a
    look at the changed document; others change what is in memory, and only where documents are lacking then
    the file is read, from the place where they are lacking.
    """

    def __init__(
        self,
        replica: LocalReplica,
        space: Callable[[], int],
        question: Question,
        *,
        after: Place | None,
        made: Callable[[Document], T],
        computing: Callable[[int], Computing],
    ) -> None:
        """Programs get it from a query.

        Args:
            replica: The replica.
            space: The local number of the space, when a stream is made.
            question: What is asked.
            after: Behind which place.
            made: What programs get for a document.
            computing: The query itself, in the space with that local number.
        """
        self._replica = replica
        self._space = space
        self._question = question
        self._after = after
        self._made = made
        self._computing = computing

    def __aiter__(self) -> LiveStream[list[T]]:
        """As :meth:`results`."""
        return self.results()

    def results(self) -> LiveStream[list[T]]:
        """The result now, and the newest one whenever it differs: a fresh list each time.

        Documents that did not change are the same objects in all lists.
        """
        return self._stream(_results)

    def changes(self) -> LiveStream[Difference[T]]:
        """What differs from the result that was yielded last; the first time, everything is added."""
        return self._stream(_changes)

    def count(self) -> LiveStream[int]:
        """How many documents there are, now and whenever that differs."""
        if self._question.limit is not None or self._after is not None:
            return self._numbers(lambda query, _: query.count())

        async def count(_: Computing, ids: AbstractSet[str]) -> int:
            return len(ids)

        return self._numbers(count)

    def aggregate(self, **aggregates: Aggregate) -> LiveStream[dict[str, object]]:
        """As :meth:`Query.aggregate`, now and whenever it differs."""
        return self._numbers(lambda query, _: query.aggregate(**aggregates))

    def group(
        self, by: str | Path | Sequence[str | Path], /, **aggregates: Aggregate
    ) -> LiveStream[list[dict[str, object]]]:
        """As :meth:`Query.group`, now and whenever it differs.

        It is computed anew when a document that counts has changed.
        """
        return self._numbers(lambda query, _: query.group(by, **aggregates))

    def _numbers(self, compute: Callable[[Computing, AbstractSet[str]], Awaitable[R]]) -> LiveStream[R]:
        space = self._space()
        query = self._computing(space)
        view = NumbersView(self._replica, self._question, lambda ids: compute(query, ids))
        return LiveStream(self._replica, space, self._question.collection, view)

    def _stream(self, tell: Tell[T, R]) -> LiveStream[R]:
        view = WindowView(self._replica, self._question, after=self._after, made=self._made, tell=tell)
        return LiveStream(self._replica, self._space(), self._question.collection, view)


def _results(old: list[Entry[T]] | None, new: list[Entry[T]]) -> list[T] | None:
    if old is not None and len(old) == len(new):
        pairs = zip(old, new, strict=True)
        if all(one is other or (one.id == other.id and one.packed == other.packed) for one, other in pairs):
            return None
    return [entry.item for entry in new]


def _changes(old: list[Entry[T]] | None, new: list[Entry[T]]) -> Difference[T] | None:
    found = difference(old or (), new)
    return found if found or old is None else None
