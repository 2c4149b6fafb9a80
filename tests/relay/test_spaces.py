"""The spaces in memory."""

import asyncio

from relay.ledger import Ledger
from relay.spaces import Spaces
from relay.store import StoredSpace
from syncore.core.identifiers import SpaceId
from syncore.protocol.receipts import start_of_log


class FakeStore:
    """Knows every space whose first byte is even, and counts loads."""

    def __init__(self) -> None:
        self.loads = 0

    async def space(self, space: SpaceId) -> StoredSpace | None:
        """An empty space."""
        self.loads += 1
        await asyncio.sleep(0)
        if space[0] % 2:
            return None
        generation = bytes(16)
        return StoredSpace(
            key=space[0],
            space=space,
            generation=generation,
            head=0,
            running=start_of_log(space, generation),
            size_bytes=0,
            heads={},
            control=(),
        )


def name(number: int) -> SpaceId:
    """A space."""
    return SpaceId(bytes([number]) * 32)


async def test_a_space_is_loaded_once_however_many_ask() -> None:
    """Concurrent callers get one object, which is there for later ones."""
    store = FakeStore()
    spaces = Spaces(store)  # type: ignore[arg-type]
    found = await asyncio.gather(*(spaces.get(name(2)) for _ in range(5)))
    assert all(one is found[0] for one in found)
    assert await spaces.get(name(2)) is found[0]
    assert await spaces.get(name(3)) is None
    assert store.loads == 2


async def test_idle_spaces_are_dropped_beyond_the_bound_and_busy_ones_stay() -> None:
    """The least recently used idle space goes first; a pinned or read one does not go at all."""
    store = FakeStore()
    spaces = Spaces(store, max_idle=3)  # type: ignore[arg-type]
    pinned, read, idle = [await spaces.get(name(number)) for number in (2, 4, 6)]
    assert pinned is not None
    assert read is not None
    read.stream.read_from(1, lambda _: None)
    with pinned.pinned():
        await spaces.get(name(8))
        assert await spaces.get(name(2)) is pinned
        assert await spaces.get(name(4)) is read
        assert await spaces.get(name(6)) is not idle


async def test_a_replaced_space_tells_its_readers() -> None:
    """After a new generation the old stream is over, readers are woken, and the space is loaded anew."""
    spaces = Spaces(FakeStore())  # type: ignore[arg-type]
    space = await spaces.get(name(2))
    assert space is not None
    woken: list[object] = []
    space.stream.read_from(1, woken.append)
    async with spaces.replaced(name(2)):
        assert space.stream.is_over
        assert len(woken) == 1
        asking = asyncio.ensure_future(spaces.get(name(2)))
        for _ in range(5):
            await asyncio.sleep(0)
        assert not asking.done(), "nobody loads a log that is being replaced"
    assert await asking is not space
    assert await spaces.get(name(2)) is not space


async def test_a_new_space_is_held_from_its_first_commit() -> None:
    """What was just made is found without loading."""
    store = FakeStore()
    spaces = Spaces(store)  # type: ignore[arg-type]
    ledger = Ledger(name(3), bytes(16))
    ledger.key = 7
    assert spaces.add(ledger, head=0) is await spaces.get(name(3))
    assert store.loads == 0
