"""How everything that programs iterate over ends when the replica is closed: all of it alike."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from syncore import Model, Replica, Space, count
from syncore.core.errors import Closed
from tests.replica.databases import let_others_run
from tests.sync.memory_relay import ADDRESS, relay_in_memory, replica_at


class Note(Model, collection="notes"):
    """A model for the collection that is watched."""

    title: str = ""


ITERATORS: dict[str, Callable[[Replica, Space], AsyncIterator[object]]] = {
    "replica.watch": lambda replica, _: aiter(replica.watch()),
    "space.watch": lambda _, space: aiter(space.watch()),
    "collection.watch": lambda _, space: aiter(space.collection("notes").watch()),
    "model.watch": lambda _, space: aiter(space.collection(Note).watch()),
    "watch_conflicts": lambda _, space: space.watch_conflicts(),
    "space.watch_invalid": lambda _, space: space.watch_invalid(),
    "collection.watch_invalid": lambda _, space: space.collection("notes").watch_invalid(),
    "model.watch_invalid": lambda _, space: space.collection(Note).watch_invalid(),
    "live": lambda _, space: aiter(space.collection("notes").find().live()),
    "live.changes": lambda _, space: space.collection("notes").find(limit=2).live().changes(),
    "live.count": lambda _, space: space.collection("notes").find().live().count(),
    "live.group": lambda _, space: space.collection("notes").find().live().group("n", k=count()),
    "model.live": lambda _, space: aiter(space.collection(Note).find().live()),
    "statuses": lambda _, space: space.statuses(),
    "presence.changes": lambda _, space: space.presence.changes(),
}


async def drain(iterator: AsyncIterator[object]) -> None:
    """Take everything, until the end."""
    async for _ in iterator:
        pass


@pytest.mark.parametrize("name", ITERATORS)
async def test_all_iterators_end_alike(name: str, tmp_path: Path) -> None:
    """Closing ends one that waits and one that rests quietly; one begun afterwards raises Closed."""
    begin = ITERATORS[name]
    async with relay_in_memory() as relay, replica_at(relay, tmp_path, "a") as replica:
        space = await replica.share(ADDRESS)
        await space.synced()
        waiting, resting, untouched = (begin(replica, space) for _ in range(3))
        task = asyncio.ensure_future(drain(waiting))
        if not name.endswith(".watch"):
            await anext(resting)
        await let_others_run()
        assert not task.done()
        await replica.close()
        await task
        for begun in (waiting, resting):
            with pytest.raises(StopAsyncIteration):
                await anext(begun)
        if not name.endswith(".watch"):  # which begins when it is called
            with pytest.raises(Closed):
                await anext(untouched)
        with pytest.raises(Closed):
            await anext(begin(replica, space))
