"""Turns: one piece of work on a replica's memory and file at a time, always carried to its end.

A write that has begun is not taken back when its caller is cancelled, so the memory has to follow it before
the next piece of work begins. Work that never waits, which nearly every small commit is, ends before anybody
could cancel it; it needs no task of its own, and a task would cost as much as the commit.
"""

import asyncio
from collections.abc import Coroutine, Generator
from types import coroutine
from typing import TypeVar

T = TypeVar("T")


class Turn:
    """Taken with :meth:`take`; passed on by :meth:`give`, or when the work given to :meth:`finish` ends."""

    def __init__(self) -> None:
        """Nobody's turn yet."""
        self._lock = asyncio.Lock()
        self._under_way: asyncio.Task[object] | None = None  # the loop itself does not keep it alive

    async def take(self) -> None:
        """Wait for one's turn, in the order of asking."""
        await self._lock.acquire()

    def give(self) -> None:
        """Pass the turn on without having used it."""
        self._lock.release()

    async def finish(self, work: Coroutine[object, None, T]) -> T:
        """Carry out what the turn was taken for, to its end even if the caller goes, and pass the turn on."""
        try:
            waits_for = work.send(None)
        except StopIteration as ended:
            self._lock.release()
            result: T = ended.value
            return result
        except BaseException:
            self._lock.release()
            raise
        task = asyncio.ensure_future(_rest_of(work, waits_for))
        self._under_way = task
        task.add_done_callback(self._pass_on)
        return await asyncio.shield(task)

    def _pass_on(self, task: asyncio.Task[T]) -> None:
        self._under_way = None
        self._lock.release()
        if not task.cancelled():
            task.exception()  # raised to the caller, unless there is none any more


@coroutine
def _rest_of(work: Coroutine[object, None, T], waits_for: object) -> Generator[object, None, T]:
    """What is left of work that has begun and waits: the delegation of PEP 380, from its middle on."""
    while True:
        failure: BaseException | None = None
        try:
            yield waits_for
        except BaseException as error:  # noqa: BLE001 - thrown on into the work, which it belongs to
            failure = error
        try:
            waits_for = work.send(None) if failure is None else work.throw(failure)
        except StopIteration as ended:
            result: T = ended.value
            return result
