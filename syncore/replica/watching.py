"""Streams of committed changes, bounded: a watcher that falls too far behind is told so."""

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Protocol, Self

from syncore.core.errors import Closed, WatcherLagged
from syncore.core.limits import MAX_WATCH_BACKLOG
from syncore.replica.views import Change


class ChangeStream:
    """An asynchronous iterator of the changes committed since it was made.

    Changes come in the order of their commits; those of one transaction come together. Close it, or use it in
    ``async with``, when the loop over it may end early.
    """

    def __init__(self, wanted: Callable[[Change], bool], on_close: Callable[["ChangeStream"], None]) -> None:
        """Take the changes for which ``wanted`` says so; the hub hands them in by :meth:`offer`."""
        self._wanted = wanted
        self._on_close = on_close
        self._backlog: deque[Change] = deque()
        self._wake = asyncio.Event()
        self._has_lagged = False
        self._is_closed = False

    def offer(self, changes: Iterable[Change]) -> None:
        """Queue what the watcher wants; beyond the bound, drop it all and remember that."""
        if self._has_lagged:
            return
        self._backlog.extend(change for change in changes if self._wanted(change))
        if len(self._backlog) > MAX_WATCH_BACKLOG:
            self._backlog.clear()
            self._has_lagged = True
        if self._backlog or self._has_lagged:
            self._wake.set()

    def lose(self) -> None:
        """Nothing: it tells of what was committed, not of how things stand."""

    def close(self) -> None:
        """End the stream; a pending or later ``anext`` stops. Idempotent."""
        if not self._is_closed:
            self._is_closed = True
            self._on_close(self)
            self._wake.set()

    def __aiter__(self) -> Self:
        """The stream itself."""
        return self

    async def __anext__(self) -> Change:
        """The next change.

        Raises:
            WatcherLagged: more than ``MAX_WATCH_BACKLOG`` changes were left unread.
        """
        while not self._backlog:
            if self._has_lagged:
                self.close()
                raise WatcherLagged(f"more than {MAX_WATCH_BACKLOG} changes were left unread")
            if self._is_closed:
                raise StopAsyncIteration
            self._wake.clear()
            await self._wake.wait()
        return self._backlog.popleft()

    async def __aenter__(self) -> Self:
        """The stream, closed at the end of the block."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close the stream."""
        self.close()


class Listener(Protocol):
    """What hears of committed changes."""

    def offer(self, changes: Iterable[Change]) -> None:
        """Take the changes of one commit or merge."""
        ...

    def lose(self) -> None:
        """Know that more may have changed than was told."""
        ...

    def close(self) -> None:
        """Hear nothing more: the replica is closed."""
        ...


class ChangeHub:
    """Hands committed changes to every open stream.

    Whoever iterates when the replica is closed comes to a quiet end, whatever it waits for; what is begun
    afterwards raises :class:`Closed`.
    """

    def __init__(self) -> None:
        """Start without streams."""
        self._listeners: dict[Listener, int] = {}
        self._is_closed = False

    def open(self, space: int, wanted: Callable[[Change], bool]) -> ChangeStream:
        """A stream of a space's changes from now on."""
        stream = ChangeStream(wanted, self.detach)
        self.attach(space, stream)
        return stream

    def attach(self, space: int, listener: Listener) -> None:
        """Tell a listener of a space's changes from now on.

        Raises:
            Closed: the replica is closed.
        """
        if self._is_closed:
            raise Closed("the replica is closed")
        self._listeners[listener] = space

    def detach(self, listener: Listener) -> None:
        """Tell it nothing more."""
        self._listeners.pop(listener, None)

    def publish(self, space: int, changes: list[Change]) -> None:
        """Hand changes of a space to its streams. Call it after the commit, never before."""
        if changes:
            for listener, watched in list(self._listeners.items()):
                if watched == space:
                    listener.offer(changes)

    def has_watchers(self, space: int) -> bool:
        """Whether anybody would see a change of this space."""
        return space in self._listeners.values()

    def move(self, old: int, new: int) -> None:
        """Let the streams of one space follow another: a private space was shared."""
        for listener, watched in self._listeners.items():
            if watched == old:
                self._listeners[listener] = new
                listener.lose()  # documents have new tokens

    def lose(self) -> None:
        """Say that nobody knows what a write that failed has left."""
        for listener in self._listeners:
            listener.lose()

    @contextmanager
    def quiet_end(self) -> Iterator[None]:
        """Around what an iterator that has begun does: it ends where the replica is closed meanwhile."""
        try:
            yield
        except Closed:
            if not self._is_closed:
                raise

    def close(self) -> None:
        """End all streams."""
        self._is_closed = True
        for listener in list(self._listeners):
            listener.close()
