"""Streams of changes, and how they end."""

import asyncio

import pytest

from syncore.core.errors import Closed, WatcherLagged
from syncore.core.limits import MAX_WATCH_BACKLOG
from syncore.replica.views import Change
from syncore.replica.watching import ChangeHub
from tests.replica.databases import let_others_run


def change(id_: str, collection: str = "notes") -> Change:
    """A change of a document."""
    return Change(collection=collection, id=id_, document=None, is_local=True)


async def test_changes_come_in_order() -> None:
    """A stream yields what was published since it was opened, and only what it wants of its own space."""
    hub = ChangeHub()
    hub.publish(1, [change("before")])
    stream = hub.open(1, lambda one: one.collection == "notes")
    hub.publish(1, [change("a"), change("x", "tasks"), change("b")])
    hub.publish(2, [change("elsewhere")])
    hub.publish(1, [change("c")])
    assert [(await anext(stream)).id for _ in range(3)] == ["a", "b", "c"]


async def test_a_waiting_watcher_is_woken() -> None:
    """A watcher that waits gets the next change, not one that others wanted."""
    hub = ChangeHub()
    stream = hub.open(1, lambda one: one.id == "b")
    waiting = asyncio.ensure_future(anext(stream))
    await let_others_run()
    hub.publish(1, [change("a")])
    await let_others_run()
    assert not waiting.done()
    hub.publish(1, [change("b")])
    assert (await waiting).id == "b"


async def test_a_full_backlog_is_still_delivered() -> None:
    """Exactly as many changes as the bound allows may be left unread."""
    hub = ChangeHub()
    stream = hub.open(1, lambda _: True)
    hub.publish(1, [change(str(number)) for number in range(MAX_WATCH_BACKLOG)])
    assert [(await anext(stream)).id for _ in range(MAX_WATCH_BACKLOG)] == [
        str(number) for number in range(MAX_WATCH_BACKLOG)
    ]


async def test_a_lagging_watcher_is_told() -> None:
    """With one change more than the bound the watcher is told, holds nothing, and is gone from the hub."""
    hub = ChangeHub()
    stream, other = hub.open(1, lambda _: True), hub.open(1, lambda one: one.id == "5")
    hub.publish(1, [change(str(number)) for number in range(MAX_WATCH_BACKLOG)])
    hub.publish(1, [change("one too many")])
    hub.publish(1, [change("later")])
    with pytest.raises(WatcherLagged):
        await anext(stream)
    assert (await anext(other)).id == "5"
    other.close()
    assert not hub.has_watchers(1)


async def test_a_closed_stream_ends() -> None:
    """Closing ends a loop that waits, delivers what was there already, and can be done twice."""
    hub = ChangeHub()
    stream = hub.open(1, lambda _: True)
    hub.publish(1, [change("a")])
    seen = []

    async def watch() -> None:
        seen.extend([one.id async for one in stream])

    watching = asyncio.ensure_future(watch())
    await let_others_run()
    stream.close()
    stream.close()
    hub.publish(1, [change("b")])
    await watching
    assert seen == ["a"]
    assert not hub.has_watchers(1)


async def test_leaving_a_block_closes_the_stream() -> None:
    """A stream in ``async with`` costs nothing after the block, however it ends."""
    hub = ChangeHub()
    with pytest.raises(ZeroDivisionError):  # noqa: PT012 - the block is what is left
        async with hub.open(1, lambda _: True):
            assert hub.has_watchers(1)
            raise ZeroDivisionError
    assert not hub.has_watchers(1)


async def test_a_hub_ends_all_its_streams() -> None:
    """When the replica closes, every watcher's loop ends, and no new one begins."""
    hub = ChangeHub()
    streams = [hub.open(1, lambda _: True), hub.open(2, lambda _: True)]
    hub.close()
    for stream in streams:
        with pytest.raises(StopAsyncIteration):
            await anext(stream)
    with pytest.raises(Closed):
        hub.open(1, lambda _: True)


async def test_streams_follow_a_space_that_was_shared() -> None:
    """What watched the private space watches the shared one afterwards."""
    hub = ChangeHub()
    stream, other = hub.open(1, lambda _: True), hub.open(3, lambda _: True)
    hub.move(1, 2)
    hub.publish(1, [change("old")])
    hub.publish(2, [change("new")])
    hub.publish(3, [change("other")])
    assert (await anext(stream)).id == "new"
    assert (await anext(other)).id == "other"
