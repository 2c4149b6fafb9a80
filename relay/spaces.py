"""The spaces that a relay has in memory: loaded when asked for, forgotten when idle for long.

Owns which spaces are held and for how long; a space that somebody reads, or that a commit group works on,
is never dropped.
"""

import asyncio
import contextlib
from collections import OrderedDict
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

from relay.config import MAX_IDLE_SPACES
from relay.fanout import Stream
from relay.ledger import Ledger
from relay.store import Store
from syncore.core.identifiers import SpaceId


@dataclass(slots=True, eq=False)
class Space:
    """One space in memory: what is durable, and what is published of it.

    Attributes:
        pins: How many commit groups and requests work on it right now.
    """

    ledger: Ledger
    stream: Stream
    pins: int = 0

    @property
    def is_idle(self) -> bool:
        """Whether nobody would notice that it was dropped."""
        return not self.pins and not self.stream.readers

    @contextlib.contextmanager
    def pinned(self) -> Iterator["Space"]:
        """Keep it in memory for the block."""
        self.pins += 1
        try:
            yield self
        finally:
            self.pins -= 1


class Spaces:
    """Spaces by id, the least recently used idle ones dropped."""

    def __init__(self, store: Store, *, max_idle: int = MAX_IDLE_SPACES) -> None:
        """Load from ``store``."""
        self._store = store
        self._max_idle = max_idle
        self._held: OrderedDict[SpaceId, Space] = OrderedDict()
        self._loading: dict[SpaceId, tuple[asyncio.Lock, int]] = {}

    async def get(self, space: SpaceId) -> Space | None:
        """The space, or None when the relay has no log of it.

        Raises:
            StorageError, IntegrityError: it cannot be read.
        """
        held = self._held.get(space)
        if held is not None:
            self._held.move_to_end(space)
            return held
        async with self._loading_lock(space):
            return self._held.get(space) or await self._load(space)

    def add(self, ledger: Ledger, *, head: int) -> Space:
        """Hold a space that was loaded or has just been made durable, published up to ``head``."""
        assert ledger.key is not None
        space = Space(ledger, Stream(space=ledger.space, space_key=ledger.key, head=head))
        self._held[ledger.space] = space
        self._drop_idle()
        return space

    @contextlib.asynccontextmanager
    async def replaced(self, space: SpaceId) -> AsyncIterator[None]:
        """End a space's stream and keep everybody from loading it during the block, which replaces its log.

        The stream ends before the block: what was read meanwhile, from the old log or the new, is not used.
        """
        async with self._loading_lock(space):
            held = self._held.pop(space, None)
            if held is not None:
                held.stream.end()
            yield

    @contextlib.asynccontextmanager
    async def _loading_lock(self, space: SpaceId) -> AsyncIterator[None]:
        """One at a time for each space; a lock that nobody holds or waits for is forgotten."""
        lock, users = self._loading.get(space, (asyncio.Lock(), 0))
        self._loading[space] = (lock, users + 1)
        try:
            async with lock:
                yield
        finally:
            _, users = self._loading.pop(space)
            if users > 1:
                self._loading[space] = (lock, users - 1)

    async def _load(self, space: SpaceId) -> Space | None:
        stored = await self._store.space(space)
        return None if stored is None else self.add(Ledger.restore(stored), head=stored.head)

    def _drop_idle(self) -> None:
        """Drop idle spaces beyond the bound, oldest first; what was just asked for stays."""
        surplus = len(self._held) - self._max_idle
        if surplus <= 0:
            return
        newest = next(reversed(self._held))
        idle = [space for space, held in self._held.items() if held.is_idle and space != newest]
        for space in idle[:surplus]:
            del self._held[space]
