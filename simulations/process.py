"""A simulated process: the tasks that belong to one life of a program, and their end all at once."""

import asyncio
from collections.abc import Callable, Coroutine
from contextvars import Context, ContextVar, copy_context
from typing import Any, TypeVar

from simulations.loop import VirtualLoop

T = TypeVar("T")

_PROCESS: ContextVar["Process | None"] = ContextVar("process", default=None)


class Process:
    """One life of a program. Every task that its tasks make belongs to it.

    Attributes:
        is_alive: Whether it lives: what it says or acknowledges otherwise does not count.
    """

    def __init__(self, loop: VirtualLoop) -> None:
        """Begin to live."""
        self._loop = loop
        self._tasks: dict[asyncio.Task[Any], None] = {}
        self.is_alive = True
        loop.on_task = _adopt

    def start(self, main: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Run a coroutine as one of its tasks."""
        return self._loop.create_task(main, context=self.context())

    def call(self, work: Callable[[], T]) -> T:
        """Run something as a part of it."""
        return self.context().run(work)

    def context(self) -> Context:
        """A context in which new tasks belong to this process."""
        context = copy_context()
        context.run(_PROCESS.set, self)
        return context

    @property
    def task_count(self) -> int:
        """How many of its tasks have not ended."""
        return len(self._tasks)

    def kill(self) -> None:
        """Die. Its code may stumble on for a few steps; whoever deals with it asks :attr:`is_alive`."""
        self.is_alive = False
        for task in tuple(self._tasks):
            task.cancel()


def _adopt(task: asyncio.Task[Any], context: Context | None) -> None:
    process = _PROCESS.get() if context is None else context.get(_PROCESS)
    if process is not None:
        process._tasks[task] = None  # noqa: SLF001 - its own class
        task.add_done_callback(lambda done: process._tasks.pop(done, None))  # noqa: SLF001 - the same
