"""Turns: one at a time, to the end, cheap where nothing waits."""

import asyncio

import pytest

from syncore.replica.turn import Turn


async def test_work_that_never_waits_ends_at_once() -> None:
    """It makes no task, gives its result, and passes the turn on."""
    turn = Turn()
    before = asyncio.all_tasks()

    async def quick() -> int:
        assert asyncio.all_tasks() == before
        return 7

    await turn.take()
    assert await turn.finish(quick()) == 7
    await turn.take()
    turn.give()


@pytest.mark.parametrize("waits", [0, 1, 3])
async def test_failures_reach_the_caller_and_pass_the_turn_on(waits: int) -> None:
    """Whether it fails at once or after waiting, the caller gets the failure and the next one the turn."""
    turn = Turn()

    async def failing() -> None:
        for _ in range(waits):
            await asyncio.sleep(0)
        raise ZeroDivisionError

    await turn.take()
    with pytest.raises(ZeroDivisionError):
        await turn.finish(failing())
    await asyncio.wait_for(turn.take(), 5)


async def test_what_the_work_waits_for_comes_back_into_it() -> None:
    """Results and failures of what it awaits arrive inside the work, in its middle as at its beginning."""
    turn = Turn()
    loop = asyncio.get_running_loop()
    first, second = loop.create_future(), loop.create_future()

    async def work() -> list[object]:
        seen: list[object] = [await first]
        try:
            await second
        except KeyError as error:
            seen.append(str(error))
        await asyncio.sleep(0)
        return seen

    await turn.take()
    loop.call_soon(first.set_result, "one")
    loop.call_soon(second.set_exception, KeyError("two"))
    assert await turn.finish(work()) == ["one", "'two'"]


async def test_begun_work_outlives_its_caller() -> None:
    """A cancelled caller gets its cancellation; the work goes on, and only then the next turn begins."""
    turn = Turn()
    waiting = asyncio.get_running_loop().create_future()
    order: list[str] = []

    async def work() -> None:
        await waiting
        order.append("first")

    async def next_one() -> None:
        await turn.take()
        order.append("second")
        turn.give()

    async def caller() -> None:
        await turn.take()
        await turn.finish(work())

    calling = asyncio.ensure_future(caller())
    await asyncio.sleep(0)
    following = asyncio.ensure_future(next_one())
    await asyncio.sleep(0)
    calling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await calling
    assert order == []
    waiting.set_result(None)
    await following
    assert order == ["first", "second"]
