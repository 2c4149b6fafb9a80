"""How an end finds out that its connection is over, and how long that takes."""

import asyncio
from dataclasses import replace

import pytest

from simulations.network.medium import Fault
from simulations.network.settings import CLIENT, RELAY
from simulations.network.weather import Weather
from syncore.core.errors import ConnectionFailed
from syncore.core.limits import MAX_UNAUTHENTICATED_FRAME_BYTES
from tests.simulations.network.small_world import (
    broken_after_s,
    connected,
    now_s,
    numbered,
    receive_all,
    send_all,
)

CLIENT_NOTICES_S = CLIENT.ping_interval_s + CLIENT.ping_timeout_s + CLIENT.close_timeout_s
RELAY_NOTICES_S = RELAY.ping_interval_s + RELAY.ping_timeout_s + RELAY.close_timeout_s


async def test_an_idle_connection_lasts() -> None:
    """A month without a frame breaks nothing, and then frames go through in both directions."""
    async with connected() as world:
        await asyncio.sleep(30 * 86_400)
        await world.near.send(b"there")
        assert await world.far.receive() == b"there"
        await world.far.send(b"back")
        assert await world.near.receive() == b"back"
        assert world.network.faults == {}


@pytest.mark.parametrize("loss", [0.0, 0.2])
async def test_a_lossy_connection_lasts_as_long_as_pings_get_through(loss: float) -> None:
    """Real pings are answered too, and a connection that only limps is not broken."""
    async with connected(weather=Weather(loss=loss, jitter_s=0.5)) as world:
        await asyncio.sleep(3_600)
        await world.near.send(b"there")
        assert await world.far.receive() == b"there"
        assert not world.network.faults[Fault.KEEP_ALIVE]


async def test_the_keep_alive_finds_what_is_silent() -> None:
    """A connection of which one direction swallows everything breaks at both ends, each in its time."""
    async with connected() as world:
        world.client.silence(world.server)
        both = [asyncio.ensure_future(broken_after_s(channel)) for channel in (world.near, world.far)]
        near_s, far_s = await asyncio.gather(*both)
        assert near_s <= CLIENT_NOTICES_S + 0.1
        assert far_s <= RELAY_NOTICES_S + 0.1
        assert world.network.faults[Fault.HALF_OPEN] == 1
        assert world.network.faults[Fault.KEEP_ALIVE] >= 1


async def test_half_open_weather_swallows_for_good() -> None:
    """What was sent into a half-open direction never arrives, also when the weather is calm again."""
    async with connected(weather=Weather(half_open=1.0)) as world:
        await world.near.send(b"into the void")
        world.network.set_weather(Weather())
        await world.near.send(b"behind it")
        assert await receive_all(world.far) == []
        with pytest.raises(ConnectionFailed):
            await world.near.receive()
        assert world.network.frames == 0


async def test_a_reader_that_never_reads_is_found_by_the_keep_alive() -> None:
    """Behind frames that nobody takes, no ping is seen: the sender's end breaks, and with it the send."""
    async with connected() as world:
        began_s = now_s()
        with pytest.raises(ConnectionFailed):
            await send_all(world.near, numbered(1_000))
        assert now_s() - began_s == pytest.approx(CLIENT_NOTICES_S, abs=0.1)
        await asyncio.sleep(1)  # for the reset, with which the far system forgets what it holds
        assert len(await receive_all(world.far)) == RELAY.queue_frames


async def test_a_slow_reader_reads_at_its_rate() -> None:
    """Frames are handed over at the rate of the weather, and the sender is held back to it."""
    async with connected(weather=Weather(frames_per_second=10)) as world:
        receiving = asyncio.ensure_future(receive_all(world.far))
        began_s = now_s()
        await send_all(world.near, numbered(100))
        assert 7 < now_s() - began_s < 10
        await asyncio.sleep(3)
        await world.near.close()
        assert await receiving == numbered(100)


async def test_a_stranger_s_frame_is_bounded() -> None:
    """Before the limit is raised a frame over 1 KB ends the connection; at the limit it arrives."""
    async with connected() as world:
        world.far.end.max_frame_bytes = MAX_UNAUTHENTICATED_FRAME_BYTES
        await world.near.send(bytes(MAX_UNAUTHENTICATED_FRAME_BYTES))
        assert len(await world.far.receive()) == MAX_UNAUTHENTICATED_FRAME_BYTES
        await world.near.send(bytes(MAX_UNAUTHENTICATED_FRAME_BYTES + 1))
        await world.near.send(b"behind it")
        with pytest.raises(ConnectionFailed):
            await world.far.receive()
        with pytest.raises(ConnectionFailed, match="1009"):
            await world.near.receive()


async def test_an_abort_resets_the_other_end() -> None:
    """After an abort the other end learns of it within the delay, and keeps what it had taken in."""
    async with connected(settings=replace(RELAY, queue_frames=2)) as world:
        await send_all(world.near, [b"one", b"two", b"three"])
        await asyncio.sleep(1)
        world.near._end.abort()  # noqa: SLF001 - a replica's port has no abort, its process may have one
        with pytest.raises(ConnectionFailed, match="aborted"):
            await world.near.receive()
        await asyncio.sleep(1)
        assert await receive_all(world.far) == [b"one", b"two"]
        assert world.network.faults == {Fault.RESET: 1}


async def test_a_lost_reset_is_found_by_sending() -> None:
    """An end whose peer is gone, and which was told nothing, is reset when it sends."""
    async with connected() as world:
        partition = world.network.partition([world.client], [world.server])
        world.far.abort()
        await asyncio.sleep(1)
        partition.end()
        await world.near.send(b"anybody there?")
        assert await broken_after_s(world.near) < 1
        assert world.network.faults[Fault.RESET] == 1


async def test_a_goodbye_that_nobody_answers_is_bounded() -> None:
    """Closing ends after the timeout where the other side is cut off."""
    async with connected() as world:
        world.network.partition([world.client], [world.server])
        began_s = now_s()
        await asyncio.gather(world.near.close(), world.near.close())
        assert now_s() - began_s == pytest.approx(CLIENT.close_timeout_s)
        await world.far.close(1001)
        assert now_s() - began_s == pytest.approx(CLIENT.close_timeout_s + RELAY.close_timeout_s)


async def test_a_relay_s_goodbye_is_not_held_up_by_what_still_comes() -> None:
    """A relay that closes throws away what it has not read, and so sees the client's answer at once."""
    async with connected() as world:
        await send_all(world.near, numbered(10))
        await asyncio.sleep(1)
        began_s = now_s()
        await world.far.close(1008)
        assert now_s() - began_s < 0.1
        with pytest.raises(ConnectionFailed, match="1008"):
            await world.near.receive()


async def test_what_is_lost_again_and_again_breaks_the_connection() -> None:
    """A sender gives up after eight retransmissions, where its keep-alive has not found out before."""
    async with connected(weather=Weather(loss=1.0)) as world:
        await world.far.send(b"lost")
        assert await broken_after_s(world.far) == pytest.approx(51.0)
        assert world.network.faults[Fault.GIVEN_UP] == 1
