"""Live queries as programs see them: ``query.live()``."""

from collections.abc import Callable
from typing import Generic, TypeVar

from syncore.query.differences import Difference, difference
from syncore.query.ordering import Place
from syncore.query.windows import Entry
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
    ) -> None:
        """Programs get it from a query."""
        self._replica = replica
        self._space = space
        self._question = question
        self._after = after
        self._made = made

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
