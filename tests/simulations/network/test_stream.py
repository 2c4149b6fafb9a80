"""What weather does to the frames of one direction, and what it never does."""

import asyncio
from collections import Counter
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulations.loop import VirtualLoop, run
from simulations.network.medium import Fault
from simulations.network.settings import RELAY, WINDOW_FRAMES
from simulations.network.weather import Weather
from tests.simulations.network.small_world import (
    carried,
    connected,
    now_s,
    numbered,
    receive_all,
    send_all,
)

FRAMES = numbered(200)

honest_weather = st.builds(
    Weather,
    delay_s=st.tuples(st.floats(0, 0.1), st.floats(0.1, 1)),
    jitter_s=st.floats(0, 2),
    loss=st.floats(0, 0.4),
    bytes_per_second=st.none() | st.floats(500, 10_000),
    frames_per_second=st.none() | st.floats(20, 1_000),
)


@given(weather=honest_weather, seed=st.integers(0, 2**32))
def test_frames_arrive_once_and_in_order(weather: Weather, seed: int) -> None:
    """Under delay, jitter, loss and little bandwidth every frame arrives once, in order; where the
    connection breaks, a first part of them.
    """

    async def main() -> None:
        async with connected(seed=seed, weather=weather) as world:
            receiving = asyncio.ensure_future(receive_all(world.far))
            sending = asyncio.ensure_future(send_all(world.near, FRAMES))
            await asyncio.wait([sending])
            if not (is_broken := sending.exception() is not None):
                await asyncio.sleep(120)
                await world.near.close()
            received = await receiving
            assert received == FRAMES[: len(received)]
            faults = world.network.faults
            is_broken |= bool(faults[Fault.GIVEN_UP] + faults[Fault.KEEP_ALIVE])
            assert is_broken or received == FRAMES
            assert set(faults) <= {Fault.LOSS, Fault.GIVEN_UP, Fault.KEEP_ALIVE, Fault.RESET}
            assert not faults[Fault.LOSS] or weather.loss

    run(main(), VirtualLoop())


async def test_duplicates_come_when_asked_for() -> None:
    """With duplication frames come twice, in order, and no frame is missing or changed."""
    async with connected(weather=Weather(duplication=0.3)) as world:
        received = await carried(world, FRAMES)
        counts = Counter(received)
        assert set(counts) == set(FRAMES)
        assert set(counts.values()) == {1, 2}
        assert received == sorted(received)
        assert world.network.faults == {Fault.DUPLICATION: len(received) - len(FRAMES)}


async def test_neighbours_change_places_when_asked_for() -> None:
    """With reordering the same frames come, some of them behind their next one."""
    async with connected(weather=Weather(reordering=0.3)) as world:
        received = await carried(world, FRAMES)
        assert received != FRAMES
        assert sorted(received) == FRAMES
        assert all(abs(FRAMES.index(frame) - place) <= 1 for place, frame in enumerate(received))
        swapped = sum(FRAMES.index(frame) > place for place, frame in enumerate(received))
        assert world.network.faults == {Fault.REORDERING: swapped}


async def test_a_frame_that_nothing_passes_still_arrives() -> None:
    """The last frame is not held back for ever because it was to change places."""
    async with connected(weather=Weather(reordering=1.0)) as world:
        await world.near.send(b"only")
        assert await world.far.receive() == b"only"
        assert world.network.faults == {}


async def test_corruption_flips_bits_when_asked_for() -> None:
    """With corruption frames keep their number, order and length, and some differ in a few bits."""
    async with connected(weather=Weather(corruption=0.3)) as world:
        received = await carried(world, [*FRAMES, b""])
        assert [len(frame) for frame in received] == [*map(len, FRAMES), 0]
        flipped = [
            sum((one ^ other).bit_count() for one, other in zip(sent, came, strict=True))
            for sent, came in zip(FRAMES, received, strict=False)
        ]
        assert world.network.faults == {Fault.CORRUPTION: sum(map(bool, flipped))}
        assert 40 < sum(map(bool, flipped)) < 80
        assert max(flipped) <= 8


async def test_calm_weather_does_nothing() -> None:
    """Without anything asked for, nothing happens to frames, and no chance is drawn for them."""
    async with connected() as world:
        state = world.network.medium.random.getstate()
        assert await carried(world, FRAMES) == FRAMES
        assert world.network.medium.random.getstate() == state
        assert world.network.faults == {}
        assert (world.network.frames, world.network.bytes) == (200, 1_600)


async def test_bandwidth_bounds_what_gets_through() -> None:
    """A hundred frames of 1 KB at 10 KB a second take ten seconds, and what comes behind waits for them."""
    weather = Weather(delay_s=(0.01, 0.01), bytes_per_second=10_000)
    async with connected(weather=weather) as world:
        began_s = now_s()
        assert len(await carried(world, numbered(100, 1_000))) == 100
        assert now_s() - began_s == pytest.approx(10.0, abs=0.1)


async def test_a_loss_stalls_what_follows() -> None:
    """A frame behind a lost one waits for its retransmission."""
    async with connected(weather=Weather(loss=1.0)) as world:
        await world.near.send(b"lost")
        world.network.set_weather(Weather())
        await world.near.send(b"behind")
        began_s = now_s()
        assert [await world.far.receive(), await world.far.receive()] == [b"lost", b"behind"]
        assert now_s() - began_s >= 0.2
        assert world.network.faults == {Fault.LOSS: 1}


@pytest.mark.parametrize(("size_bytes", "under_way"), [(1_000, WINDOW_FRAMES), (100_000, 2), (1_000_000, 1)])
async def test_a_sender_waits_for_room(size_bytes: int, under_way: int) -> None:
    """A sender gets rid of what the window and the reader's queue hold, and of one more for each read."""
    sent = 0
    async with connected() as world:

        async def send() -> None:
            nonlocal sent
            for frame in numbered(100, size_bytes):
                await world.near.send(frame)
                sent += 1

        sending = asyncio.ensure_future(send())
        await asyncio.sleep(1)
        assert sent == under_way + RELAY.queue_frames
        for count in range(1, 10):
            await world.far.receive()
            await asyncio.sleep(1)
            assert sent == under_way + RELAY.queue_frames + count
        sending.cancel()


async def test_window_room_comes_back_under_every_fault() -> None:
    """However frames are doubled, swapped and delayed, the window is empty when all of them were read."""
    weather = Weather(duplication=0.5, reordering=0.5, jitter_s=0.1, loss=0.1)
    chance = Random(3)
    async with connected(weather=weather) as world:
        receiving = asyncio.ensure_future(receive_all(world.far))
        for frame in FRAMES:
            await world.near.send(frame + bytes(chance.randrange(50_000)))
        await asyncio.sleep(30)
        assert world.far.end.incoming.is_idle
        receiving.cancel()
