"""The virtual loop passes time without waiting, runs everything in one order, and finds deadlocks."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, TypeVar

import pytest

from simulations.loop import Deadlock, VirtualLoop, run

T = TypeVar("T")


def simulate(main: Coroutine[Any, Any, T]) -> tuple[T, float]:
    """What a coroutine gives, and the virtual time at its end."""
    loop = VirtualLoop()
    result = run(main, loop)
    return result, loop.time()


def test_a_year_passes_at_once() -> None:
    """Sleeping costs virtual time and no real time."""
    _, seconds = simulate(asyncio.sleep(365 * 86_400))
    assert seconds == 365 * 86_400


def test_timers_fire_in_the_order_of_their_times() -> None:
    """Sleeps and timeouts meet as they would on a real loop."""
    order: list[str] = []

    async def wait(name: str, seconds: float) -> None:
        await asyncio.sleep(seconds)
        order.append(name)

    async def main() -> None:
        async with asyncio.TaskGroup() as tasks:
            for name, seconds in (("late", 3.5), ("early", 0.25), ("middle", 1.0)):
                tasks.create_task(wait(name, seconds))
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(2):
                    await wait("never", 9)

    _, seconds = simulate(main())
    assert order == ["early", "middle", "late"]
    assert seconds == 3.5


def test_a_task_group_cancels_in_the_order_of_making() -> None:
    """The order does not depend on where tasks lie in memory."""

    async def sleeper(number: int, cancelled: list[int]) -> None:
        try:
            await asyncio.sleep(1e9)
        finally:
            cancelled.append(number)

    async def main() -> list[int]:
        cancelled: list[int] = []
        with suppress(asyncio.CancelledError):
            async with asyncio.TaskGroup() as tasks:
                for number in range(200):
                    tasks.create_task(sleeper(number, cancelled))
                await asyncio.sleep(1)
                raise asyncio.CancelledError
        return cancelled

    assert simulate(main())[0] == list(range(200))


def test_a_thread_is_a_later_step_of_the_loop() -> None:
    """What runs on a thread elsewhere runs here in the next round, to its end, also when nobody waits."""
    ran: list[str] = []

    async def main() -> None:
        assert await asyncio.to_thread(lambda: 7) == 7
        with pytest.raises(KeyError):
            await asyncio.to_thread(dict[str, int]().__getitem__, "missing")
        waiting = asyncio.ensure_future(asyncio.to_thread(ran.append, "anyway"))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await asyncio.sleep(0)

    simulate(main())
    assert ran == ["anyway"]


def test_a_deadlock_is_an_error() -> None:
    """A world in which nothing can happen any more ends with an error instead of hanging."""
    with pytest.raises(Deadlock):
        simulate(asyncio.Event().wait())


def test_defects_of_tasks_that_nobody_awaits_are_kept() -> None:
    """An error in a callback is not lost."""
    loop = VirtualLoop()

    async def main() -> None:
        loop.call_soon(lambda: 1 // 0)
        await asyncio.sleep(1)

    run(main(), loop)
    assert [defect for defect in loop.defects if "ZeroDivisionError" in defect]
