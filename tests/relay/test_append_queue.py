"""What waits for the next commit group."""

import asyncio

from relay.append_queue import AppendQueue
from relay.config import MAX_GROUP_ITEMS, MAX_QUEUED_APPENDS, MAX_QUEUED_BYTES
from relay.requests import Request
from syncore.core.identifiers import SpaceId
from syncore.core.limits import MAX_BATCH_BYTES, MAX_SEGMENT_BYTES


def request(space: int, size_bytes: int = 100) -> Request:
    """A request that nobody judges."""
    name = SpaceId(bytes([space]) * 32)
    return Request(space=name, offer=None, size_bytes=size_bytes, answer=lambda _: None)  # type: ignore[arg-type]


async def filled(*requests: Request) -> AppendQueue:
    """A queue that holds these."""
    queue = AppendQueue()
    for one in requests:
        await queue.put(one)
    return queue


async def test_requests_of_one_space_keep_their_order() -> None:
    """What is put first is taken first, and a group takes what there is."""
    requests = [request(n % 2) for n in range(10)]
    queue = await filled(*requests)
    assert await queue.take_group() == requests
    assert len(queue) == 0


async def test_a_space_takes_one_batch_of_a_group_and_others_go_on() -> None:
    """What does not fit a space's share waits, and all that follows for it; others go on."""
    large, behind, other = request(1, MAX_BATCH_BYTES), request(1, 1), request(2, 1)
    queue = await filled(request(1, 1), large, behind, other)
    assert [one.size_bytes for one in await queue.take_group()] == [1, 1]
    assert await queue.take_group() == [large]
    assert await queue.take_group() == [behind]


async def test_a_request_larger_than_a_batch_goes_alone() -> None:
    """The largest segment is taken, as its space's only one."""
    largest = request(1, MAX_SEGMENT_BYTES)
    queue = await filled(largest, request(1))
    assert await queue.take_group() == [largest]


async def test_a_group_is_bounded() -> None:
    """However much waits, one commit takes so many and leaves the rest."""
    requests = [request(1, 10) for _ in range(MAX_GROUP_ITEMS + 5)]
    queue = await filled(*requests)
    assert await queue.take_group() == requests[:MAX_GROUP_ITEMS]
    assert await queue.take_group() == requests[MAX_GROUP_ITEMS:]


async def test_a_full_queue_makes_putters_wait() -> None:
    """At the bound of requests, and at the bound of bytes, putting waits until a group was taken."""
    for full in (
        [request(1, 1) for _ in range(MAX_QUEUED_APPENDS)],
        [request(1, MAX_SEGMENT_BYTES) for _ in range(MAX_QUEUED_BYTES // MAX_SEGMENT_BYTES)],
    ):
        queue = await filled(*full)
        waiting = asyncio.ensure_future(queue.put(request(2, MAX_SEGMENT_BYTES)))
        for _ in range(5):
            await asyncio.sleep(0)
        assert not waiting.done()
        await queue.take_group()
        await asyncio.wait_for(waiting, 5)
