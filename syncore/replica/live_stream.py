"""What a live query is iterated by: the state now, and the newest one whenever it differs.

A stream hears of changes by a feed and hands them to its view, in the reader's own task. A view reads the
file only when it begins, when more may have changed than was told, and when a window lacks documents. What is
read may show a commit that watchers were not told of yet; so every reading ends with waiting for that, and
what is yielded is the state behind some commit, never half of one.
"""

import asyncio
from types import TracebackType
from typing import Generic, Protocol, Self, TypeVar

from syncore.core.errors import Misused
from syncore.replica.feeds import Feed
from syncore.replica.local_replica import LocalReplica
from syncore.replica.views import Document

R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)


class View(Protocol[R_co]):
    """What a stream shows of a collection."""

    async def restart(self, space: int) -> None:
        """Read it from the file, from the start. Ended half way, it is called again before anything else."""
        ...

    def apply(self, id_: str, document: Document | None) -> None:
        """Take in how a document is now; None if it is deleted."""
        ...

    async def complete(self, space: int) -> bool:
        """Read what is lacking after changes; whether the file was read for it."""
        ...

    def news(self) -> R_co | None:
        """What there is to tell since it was asked last; None if nothing differs."""
        ...


class LiveStream(Generic[R]):
    """An asynchronous iterator of how things stand: now, and whenever that changes.

    One that is read slowly skips states: it is always given the newest. It ends quietly when the replica is
    closed. Close it, or use it in ``async with``, when its loop may end early; one that nobody holds any more
    closes itself.
    """

    _feed: Feed | None = None

    def __init__(self, replica: LocalReplica, space: int, collection: str, view: View[R]) -> None:
        """Programs get streams from ``query.live()``. Nothing is read before the first step."""
        self._replica = replica
        self._space = space
        self._collection = collection
        self._view = view
        self._is_read = False
        self._is_closed = False
        self._reading: asyncio.Task[object] | None = None

    def __aiter__(self) -> Self:
        """The stream itself."""
        return self

    async def __anext__(self) -> R:
        """How things stand: at once the first time, then as soon as it differs from the last time.

        A step that is cancelled loses nothing.

        Raises:
            Closed: the replica was closed before the first step.
            TooLarge: there is more than can be kept in memory.
            Misused: another task is reading the stream.
            StorageError, IntegrityError: the file cannot be read, or a document in it is damaged.
        """
        if self._is_closed:
            raise StopAsyncIteration
        if self._reading is not None:
            raise Misused("two tasks read one stream", hint="begin a stream for each, with live()")
        feed = self._feed or self._begin()
        self._reading = asyncio.current_task()
        try:
            with self._replica.hub.quiet_end():
                while not self._is_closed:
                    await self._catch_up(feed)
                    news = self._view.news()
                    if news is not None:
                        return news
                    if feed.is_closed:
                        break
                    await feed.wait()
        finally:
            self._reading = None
        self.close()
        raise StopAsyncIteration

    def close(self) -> None:
        """End the stream; a pending or later ``anext`` stops. Idempotent."""
        self._is_closed = True
        if self._feed is not None:
            self._replica.hub.detach(self._feed)
            self._feed.close()

    async def __aenter__(self) -> Self:
        """The stream, closed at the end of the block."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the stream."""
        self.close()

    def __del__(self) -> None:
        """Let commits not tell a stream that nobody reads any more."""
        if self._feed is not None:
            self._replica.hub.detach(self._feed)

    def _begin(self) -> Feed:
        feed = Feed(self._collection)
        self._replica.hub.attach(self._replica.current_space(self._space), feed)
        self._feed = feed
        return feed

    async def _catch_up(self, feed: Feed) -> None:
        while True:
            if feed.is_lost or not self._is_read:
                self._is_read = False
                feed.restart()
                await self._view.restart(self._replica.current_space(self._space))
                self._is_read = True
                await self._replica.settled()
            self._take(feed)
            if not await self._view.complete(self._replica.current_space(self._space)):
                if not feed.is_lost:
                    return
            else:
                await self._replica.settled()

    def _take(self, feed: Feed) -> None:
        self._is_read = False  # what ends half way, in a function of the program's, is read anew
        for id_, document in feed.take().items():
            self._view.apply(id_, document)
        self._is_read = True
