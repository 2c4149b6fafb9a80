"""The channel in memory beyond the port: how much may be under way."""

import asyncio

import pytest

from syncore.adapters.memory_channel import FRAMES_UNDER_WAY, memory_channel_pair
from syncore.core.errors import ConnectionFailed


async def test_exactly_the_limit_is_under_way() -> None:
    """The sender of one frame more than the limit waits until one was read."""
    near, far = memory_channel_pair()
    for number in range(FRAMES_UNDER_WAY):
        await near.send(bytes([number]))
    waiting = asyncio.ensure_future(near.send(b"more"))
    for _ in range(10):
        await asyncio.sleep(0)
    assert not waiting.done()
    assert await far.receive() == b"\0"
    await waiting


async def test_closing_wakes_a_sender_that_waits() -> None:
    """A sender that waits for room gets ConnectionFailed when the other side closes."""
    near, far = memory_channel_pair()
    sending = [asyncio.ensure_future(near.send(b"x")) for _ in range(FRAMES_UNDER_WAY + 2)]
    await asyncio.sleep(0)
    await far.close()
    ended = await asyncio.gather(*sending, return_exceptions=True)
    assert [type(error) for error in ended if error is not None] == [ConnectionFailed] * 2
    with pytest.raises(ConnectionFailed):
        await near.send(b"x")
