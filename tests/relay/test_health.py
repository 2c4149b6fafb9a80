"""Readiness."""

from relay.config import PROBE_BYTES, READINESS_KEPT_MS
from relay.health import Health, Readiness
from syncore.core.errors import DiskFull


class FakeStore:
    """A store with so much room."""

    def __init__(self) -> None:
        self.room_bytes = 10**9
        self.beats: list[int] = []

    async def beat(self, *, probe_bytes: int = 0) -> None:
        """Commit if there is room."""
        self.beats.append(probe_bytes)
        if probe_bytes >= self.room_bytes:
            raise DiskFull("full")


class FakeClock:
    """Stands still until told."""

    def __init__(self) -> None:
        self.time_ms = 0

    def now_ms(self) -> int:
        """The time."""
        return self.time_ms

    def monotonic_ms(self) -> int:
        """The time."""
        return self.time_ms


async def test_readiness_means_that_a_commit_reached_the_disk() -> None:
    """A check commits, at most once in its time; after a failure it writes as much as a group."""
    store, clock = FakeStore(), FakeClock()
    health = Health(store, clock)  # type: ignore[arg-type]
    assert [await health.readiness() for _ in range(3)] == [Readiness.READY] * 3
    assert store.beats == [0]
    health.note_storage_failure()
    store.room_bytes = PROBE_BYTES
    assert await health.readiness() is Readiness.NO_STORAGE
    clock.time_ms += READINESS_KEPT_MS - 1
    assert await health.readiness() is Readiness.NO_STORAGE
    store.room_bytes = 10**9
    clock.time_ms += 1
    assert await health.readiness() is Readiness.READY
    clock.time_ms += READINESS_KEPT_MS
    assert await health.readiness() is Readiness.READY
    assert store.beats == [0, PROBE_BYTES, PROBE_BYTES, 0]


async def test_a_relay_that_stops_is_not_ready() -> None:
    """From the first moment of draining, without asking the store."""
    store = FakeStore()
    health = Health(store, FakeClock())  # type: ignore[arg-type]
    health.drain()
    assert await health.readiness() is Readiness.DRAINING
    assert store.beats == []
