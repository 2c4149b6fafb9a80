"""Child processes that end with the demo, however the demo ends.

Owns starting, killing and the log file of each, and bounds on how long anything may take: a step that takes
longer fails by name. Children get sessions of their own, so that Ctrl-C reaches the demo alone, which then
kills them.
"""

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from syncore.core.errors import SyncoreError

_LOG_LINES_SHOWN = 12
_LINE_BYTES = 1 << 20
_STOP_S = 10


@asynccontextmanager
async def step(what: str, seconds: float) -> AsyncIterator[None]:
    """A part of the demo that has a name and a bound.

    Raises:
        SyncoreError: it took longer.
    """
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        raise SyncoreError(f"{what}: not done within {seconds:g} seconds") from error


class Child:
    """A running child process."""

    def __init__(self, name: str, process: asyncio.subprocess.Process, log: Path) -> None:
        """Use :meth:`Children.start`."""
        self.name = name
        self._process = process
        self._log = log

    @property
    def is_running(self) -> bool:
        """Whether it has not ended yet."""
        return self._process.returncode is None

    async def line(self) -> str:
        """The next line of its standard output.

        Raises:
            SyncoreError: it has ended.
        """
        assert self._process.stdout is not None
        line = await self._process.stdout.readline()
        if not line:
            status = await self._process.wait()
            raise SyncoreError(f"{self.name} has ended with status {status}{self._last_words()}")
        return line.decode()

    def write(self, line: str) -> None:
        """Send a line to its standard input."""
        assert self._process.stdin is not None
        self._process.stdin.write(line.encode() + b"\n")

    async def kill(self) -> None:
        """End it with SIGKILL; it is gone when this returns."""
        if self.is_running:
            self._process.send_signal(signal.SIGKILL)
        await self._process.wait()

    async def stop(self) -> None:
        """Close its standard input and wait until it has ended by itself.

        Raises:
            SyncoreError: it does not, or with another status than 0.
        """
        assert self._process.stdin is not None
        self._process.stdin.close()
        async with step(f"{self.name} ends", _STOP_S):
            status = await self._process.wait()
        if status:
            raise SyncoreError(f"{self.name} has ended with status {status}{self._last_words()}")

    def _last_words(self) -> str:
        lines = self._log.read_text(errors="replace").splitlines()[-_LOG_LINES_SHOWN:]
        return "; the end of its log:\n  " + "\n  ".join(lines) if lines else ""


class Children:
    """The children of the demo; leaving the ``async with`` block kills those that still run."""

    def __init__(self, logs: Path) -> None:
        """Keep a log for each child in a folder."""
        self._logs = logs
        self._children: list[Child] = []

    async def start(self, name: str, module: str, *arguments: str | Path) -> Child:
        """Run ``python -m module arguments``."""
        log = self._logs / f"{name}.log"
        with log.open("ab") as errors:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                module,
                *map(str, arguments),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
                start_new_session=True,
                limit=_LINE_BYTES,
            )
        child = Child(name, process, log)
        self._children.append(child)
        return child

    async def run_once(
        self, name: str, module: str, *arguments: str | Path, seconds: float
    ) -> dict[str, Any]:
        """Run a process that gives one answer and ends; its answer.

        Raises:
            SyncoreError: it failed, or took longer.
        """
        child = await self.start(name, module, *arguments)
        async with step(name, seconds):
            message: dict[str, Any] = json.loads(await child.line())
            if "error" in message:
                raise SyncoreError(f"{name}: {message['error']}")
            await child.stop()
        answer: dict[str, Any] = message["answer"]
        return answer

    async def __aenter__(self) -> Self:
        """The children, none yet."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Kill what still runs."""
        await asyncio.gather(*(child.kill() for child in self._children))
