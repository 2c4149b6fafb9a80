"""The view of a live query that shows documents: a window that follows them."""

from collections.abc import Callable
from contextlib import aclosing
from dataclasses import replace
from typing import Final, Generic, TypeVar

from syncore.core.errors import TooLarge
from syncore.query.ordering import Place
from syncore.query.windows import Entry, Window
from syncore.replica.local_replica import LocalReplica
from syncore.replica.traversal import Question, Traversal
from syncore.replica.views import Document, packed_of, projection_of

R = TypeVar("R")
T = TypeVar("T")

MAX_LIVE: Final = 20_000
"""Documents of one live result: all are in memory, some kilobytes each, and every change makes a new list."""

Tell = Callable[[list[Entry[T]] | None, list[Entry[T]]], R | None]
"""What there is to tell: from what was told last (None the first time) to what is there now."""


class WindowView(Generic[T, R]):
    """Documents in order, as far as they are wanted."""

    def __init__(
        self,
        replica: LocalReplica,
        question: Question,
        *,
        after: Place | None,
        made: Callable[[Document], T],
        tell: Tell[T, R],
    ) -> None:
        """Show what a question asks, behind a place, as what ``made`` makes of documents."""
        self._replica = replica
        self._question = question
        self._after = after
        self._after_key = None if after is None else question.ordering.sort_key(after)
        self._made = made
        self._tell = tell
        self._window: Window[T] = Window(question.limit)
        self._told: list[Entry[T]] | None = None
        self._told_revision = -1

    async def restart(self, space: int) -> None:
        """Read it all."""
        window: Window[T] = Window(self._question.limit)
        await self._fill(window, space)
        self._window = window
        self._told_revision = -1

    def apply(self, id_: str, document: Document | None) -> None:
        """Take in how a document is now."""
        entry = None if document is None else self._entry_of(document)
        if entry is None:
            self._window.remove(id_)
        else:
            self._window.put(entry)
            self._check_size(self._window)

    async def complete(self, space: int) -> bool:
        """Read on behind the horizon if documents are lacking."""
        if self._window.lacking == 0:
            return False
        await self._fill(self._window, space)
        return True

    def news(self) -> R | None:
        """What differs from what was told last."""
        if self._window.revision == self._told_revision:
            return None
        shown = self._window.shown
        told = self._tell(self._told, shown)
        self._told, self._told_revision = shown, self._window.revision
        return told

    def _entry_of(self, document: Document) -> Entry[T] | None:
        """The document as an entry, if it belongs in the window."""
        question = self._question
        if not question.expression.holds(projection_of(document).values):
            return None
        place = question.ordering.place(document, document.id)
        sort_key = question.ordering.sort_key(place)
        if self._after_key is not None and sort_key <= self._after_key:
            return None
        if not self._window.knows(sort_key):
            return None
        if question.test is not None and not question.test(document):
            return None
        return Entry(document.id, sort_key, place, packed_of(document), self._made(document))

    async def _fill(self, window: Window[T], space: int) -> None:
        """Read what a window lacks; if that ends early, the window is as it was."""
        lacking = window.lacking
        if lacking == 0:
            return
        limit = MAX_LIVE + 1 if lacking is None else lacking
        traversal = Traversal(self._replica, space, replace(self._question, limit=limit))
        ordering, found = self._question.ordering, []
        start = self._after if window.horizon is None else window.horizon
        async with aclosing(traversal.in_order(start)) as all_found:
            async for one in all_found:
                sort_key, item = ordering.sort_key(one.place), self._made(one.document)
                found.append(Entry(one.document.id, sort_key, one.place, one.packed, item))
                if len(found) == limit:
                    break
        window.extend(found, is_complete=len(found) < limit)
        self._check_size(window)

    def _check_size(self, window: Window[T]) -> None:
        limit = self._question.limit
        if len(window) > MAX_LIVE and (limit is None or limit > MAX_LIVE):
            raise TooLarge(
                f"a live result has at most {MAX_LIVE} documents", hint="give the query a limit, or count()"
            )
