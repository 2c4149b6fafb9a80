"""An asyncio event loop on which time is virtual and everything happens in one order.

Owns time, the order of tasks, and threads that are none. When nothing is ready, time jumps to the next
timer, so a simulated month costs what happens in it. What would run on a thread runs on the loop, a step
later. Tasks hash by their serial numbers: sets of tasks, such as those that a task group cancels, are walked
in the order of their making and not of their addresses.
"""

import asyncio
import itertools
from collections.abc import Callable, Coroutine, Generator
from contextvars import Context
from typing import Any, TypeVar

T = TypeVar("T")

_Coroutine = Coroutine[Any, Any, T] | Generator[Any, None, T]


class Deadlock(Exception):
    """Everybody waits and nobody ever will act: a defect of the simulation or of what it runs."""


class SerialTask(asyncio.Task[T]):
    """A task whose hash is its number in the order of making."""

    def __init__(self, *args: Any, serial: int, **options: Any) -> None:  # noqa: ANN401 - what asyncio passes
        """Make the task with that number."""
        self._serial = serial
        super().__init__(*args, **options)

    def __hash__(self) -> int:
        """The serial number."""
        return self._serial

    def __eq__(self, other: object) -> bool:
        """Whether both are the same task."""
        return self is other


class VirtualLoop(asyncio.BaseEventLoop):
    """An event loop without a real clock, sockets, signals or threads.

    Attributes:
        defects: What went wrong in tasks and callbacks that nobody waits for, in the order of its coming.
        on_task: Called with every new task, and the context that it was given, if it was given one.
    """

    def __init__(self) -> None:
        """Begin at time 0."""
        super().__init__()
        self._virtual_s = 0.0
        self._clock_resolution = 1e-6  # above the spacing of floats after thirty virtual years
        self._serials = itertools.count(1)
        self._selector = _Idle(self)
        self.defects: list[str] = []
        self.on_task: Callable[[asyncio.Task[Any], Context | None], None] | None = None
        self.set_task_factory(_make_task)
        self.set_exception_handler(_note_defect)

    def time(self) -> float:
        """Virtual seconds since the loop was made."""
        return self._virtual_s

    def run_in_executor(  # type: ignore[override]  # not a coroutine function there either
        self,
        executor: object,  # noqa: ARG002 - there are no threads
        func: Callable[..., T],
        *args: Any,  # noqa: ANN401 - as in the base class
    ) -> asyncio.Future[T]:
        """Run ``func`` on the loop, in the next round, also when whoever waits is cancelled meanwhile."""
        future: asyncio.Future[T] = self.create_future()

        def run() -> None:
            try:
                result = func(*args)
            except Exception as error:  # noqa: BLE001 - whoever waits gets it
                if not future.done():
                    future.set_exception(error)
            else:
                if not future.done():
                    future.set_result(result)

        self.call_soon(run)
        return future

    def next_serial(self) -> int:
        """The number of the next task."""
        return next(self._serials)

    def jump(self, seconds: float | None) -> None:
        """Let time pass until the next timer.

        Raises:
            Deadlock: there is none.
        """
        if seconds is None:
            raise Deadlock("every task waits and there is no timer")
        self._virtual_s += seconds

    # What the base class asks of a real loop.

    def _process_events(self, event_list: list[object]) -> None:
        """There are none."""

    def _write_to_self(self) -> None:
        """Nobody else could wake the loop up."""


class _Idle:
    """Stands where a real loop has its selector: waiting is jumping."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop

    def select(self, timeout: float | None) -> list[object]:
        self._loop.jump(timeout)
        return []


def run(main: Coroutine[Any, Any, T], loop: VirtualLoop) -> T:
    """Run a coroutine to its end on a fresh loop, cancel what it left behind, and close the loop.

    Raises:
        Deadlock: everybody waits for somebody else.
    """
    asyncio.set_event_loop(loop)
    try:
        return loop.run_until_complete(main)
    finally:
        try:
            _cancel_rest(loop)
        finally:
            asyncio.set_event_loop(None)
            loop.close()


def _cancel_rest(loop: VirtualLoop) -> None:
    """End the tasks that are left, in the order of their making; what they raise was their own affair."""
    left = sorted(asyncio.all_tasks(loop), key=hash)
    for task in left:
        task.cancel()
    if left:
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
    loop.run_until_complete(loop.shutdown_asyncgens())


def _make_task(
    loop: asyncio.AbstractEventLoop, coroutine: _Coroutine[T], *, context: Context | None = None
) -> SerialTask[T]:
    assert isinstance(loop, VirtualLoop)
    task: SerialTask[T] = SerialTask(coroutine, loop=loop, context=context, serial=loop.next_serial())
    if loop.on_task is not None:
        loop.on_task(task, context)
    return task


def _note_defect(loop: asyncio.AbstractEventLoop, facts: dict[str, Any]) -> None:
    assert isinstance(loop, VirtualLoop)
    error = facts.get("exception")
    loop.defects.append(f"{facts.get('message')}: {error!r}" if error else str(facts.get("message")))
