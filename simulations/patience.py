"""An end for runs that have none: a loop inside one step of a program is a finding with its seed.

Owns one timer of the process, which counts the processor's time and not the wall's, so a busy machine
changes nothing. Virtual time cannot see such a loop: it stands still while a step runs.
"""

import signal
import threading
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType

LIMIT_S = 1800.0
"""Of the processor: the usual run takes about a second, one of five hundred devices some minutes."""


class Endless(KeyboardInterrupt):
    """A run went on for longer than any takes.

    It is of the kind that asyncio lets through every task and no ``except Exception`` keeps.
    """


@contextmanager
def patience(limit_s: float = LIMIT_S) -> Generator[None]:
    """Give what is done inside so many seconds of the processor; without a limit where there are no timers.

    Raises:
        Endless: inside, wherever the program is, when they are over.
    """
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(_number: int, _frame: FrameType | None) -> None:
        raise Endless(f"no end after {limit_s:g} seconds of the processor")

    before = signal.signal(signal.SIGPROF, end)
    signal.setitimer(signal.ITIMER_PROF, limit_s)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
