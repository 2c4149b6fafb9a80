"""What a readiness check is told: whether a commit reached the disk lately.

Owns the decision, must not know HTTP. A check of readiness commits something, at most once in
``READINESS_KEPT_MS``.
"""

import asyncio
from enum import Enum

from relay.config import PROBE_BYTES, READINESS_KEPT_MS
from relay.store import Store
from syncore.core.errors import IntegrityError, StorageError
from syncore.core.ports import Clock


class Readiness(Enum):
    """Why a relay is ready for work, or is not."""

    READY = "ready"
    DRAINING = "draining: stopping"
    NO_STORAGE = "not ready: the store does not commit"


class Health:
    """Whether new work should be sent to this relay."""

    def __init__(self, store: Store, clock: Clock) -> None:
        """Answer from commits to ``store``."""
        self._store = store
        self._clock = clock
        self._lock = asyncio.Lock()
        self._known: tuple[int, Readiness] | None = None
        self._is_draining = False
        self._has_failed = False

    def drain(self) -> None:
        """From now on answer that the relay is stopping."""
        self._is_draining = True

    def note_storage_failure(self) -> None:
        """A commit failed: until a check has committed as much as a group weighs, the relay is not ready."""
        self._has_failed = True
        self._known = None

    async def readiness(self) -> Readiness:
        """Whether a commit reached the disk within the last second; makes one to find out."""
        if self._is_draining:
            return Readiness.DRAINING
        async with self._lock:
            now_ms = self._clock.monotonic_ms()
            if self._known is not None and now_ms - self._known[0] < READINESS_KEPT_MS:
                return self._known[1]
            found = await self._look()
            self._known = now_ms, found
            return found

    async def _look(self) -> Readiness:
        try:
            await self._store.beat(probe_bytes=PROBE_BYTES if self._has_failed else 0)
        except (StorageError, IntegrityError):
            return Readiness.NO_STORAGE
        self._has_failed = False
        return Readiness.READY
