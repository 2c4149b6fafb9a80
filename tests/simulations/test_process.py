"""A process owns the tasks that its tasks make, and takes them along when it dies."""

import asyncio

from simulations.loop import VirtualLoop, run
from simulations.process import Process


async def _forever() -> None:
    await asyncio.Event().wait()


def test_a_kill_takes_every_task_of_the_process_and_no_other() -> None:
    """Tasks of tasks belong to it, those of another process and of nobody do not."""
    loop = VirtualLoop()

    async def main() -> None:
        one, other = Process(loop), Process(loop)
        made: list[asyncio.Task[None]] = []

        async def parent() -> None:
            made.append(asyncio.create_task(_forever()))
            await _forever()

        first = one.start(parent())
        second = other.start(_forever())
        nobodys = asyncio.create_task(_forever())
        await asyncio.sleep(1)
        assert (one.task_count, other.task_count) == (2, 1)
        one.kill()
        await asyncio.sleep(1)
        assert not one.is_alive
        assert first.cancelled()
        assert made[0].cancelled()
        assert (one.task_count, other.task_count) == (0, 1)
        assert not second.done()
        assert not nobodys.done()

    run(main(), loop)


def test_what_a_process_calls_makes_tasks_of_its_own() -> None:
    """Callbacks that run as a part of it, and tasks with its context, belong to it."""
    loop = VirtualLoop()

    async def main() -> None:
        process = Process(loop)
        called = process.call(lambda: asyncio.get_running_loop().create_task(_forever()))
        given = loop.create_task(_forever(), context=process.context())
        assert process.task_count == 2
        process.kill()
        await asyncio.wait([called, given])
        assert process.task_count == 0

    run(main(), loop)


def test_tasks_that_end_are_forgotten() -> None:
    """A process does not gather what is over."""
    loop = VirtualLoop()

    async def main() -> None:
        process = Process(loop)
        for _ in range(100):
            await process.start(asyncio.sleep(0.1))
        await asyncio.sleep(0)
        assert process.task_count == 0

    run(main(), loop)
