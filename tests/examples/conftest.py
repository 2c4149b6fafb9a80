"""What the tests of the examples share: programs that run in processes of their own."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from types import TracebackType
from typing import Self

import pytest

from tests.docs.conftest import address

__all__ = ["Programs", "Running", "address", "programs"]

ROOT = Path(__file__).parents[2]


class Running:
    """An example that runs, with pipes for what is typed and what it prints (both of its outputs)."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        """Take over a process."""
        self.process = process
        self.printed = ""

    async def until(self, text: str) -> str:
        """Read what it prints until a line has a text; that line."""
        assert self.process.stdout is not None
        async with asyncio.timeout(30):
            while True:
                line = (await self.process.stdout.readline()).decode()
                self.printed += line
                assert line, f"it ended without {text!r}: {self.printed}"
                if text in line:
                    return line

    def type(self, line: str) -> None:
        """Type a line."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{line}\n".encode())

    async def ended(self) -> int:
        """Wait for its end; its exit status."""
        async with asyncio.timeout(30):
            return await self.process.wait()


class Programs:
    """The examples that a test has started, in one folder."""

    def __init__(self, folder: Path) -> None:
        """None yet."""
        self.folder = folder
        self._running: list[Running] = []

    async def __aenter__(self) -> Self:
        """Nothing to do."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, where: TracebackType | None
    ) -> None:
        """End what still runs."""
        for one in self._running:
            if one.process.returncode is None:
                one.process.kill()
            await one.process.wait()

    async def start(self, name: str, *arguments: str) -> Running:
        """Start an example."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(ROOT / "examples" / name),
            *arguments,
            cwd=self.folder,
            env={
                **os.environ,
                "PYTHONPATH": str(ROOT),
                "PYTHONUNBUFFERED": "1",
                "SYNCORE_KEYSTORE": str(self.folder / "keys"),
            },
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        running = Running(process)
        self._running.append(running)
        return running


@pytest.fixture
async def programs(tmp_path: Path) -> AsyncIterator[Programs]:
    """Examples in an empty folder, ended with the test."""
    async with Programs(tmp_path) as started:
        yield started
