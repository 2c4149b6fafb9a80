"""A device as the conductor sees it: a process that is told what to do, killed, and started again."""

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from syncore.cli.demo.children import Child, Children, step
from syncore.core.errors import SyncoreError

_START_S = 30

Answer = dict[str, Any]


@dataclass(slots=True)
class Traffic:
    """Bytes that went over the network."""

    sent: int = 0
    received: int = 0


class DeviceProcess:
    """One device, in all of its lives.

    Attributes:
        name: Such as ``d1``.
        replica: Its replica file.
        ledger: Its ledger file.
        keystore: The folder of its keys.
        made: How many edits it has said to have made.
    """

    def __init__(self, children: Children, name: str, folder: Path) -> None:
        """Nothing runs before :meth:`start`."""
        self._children = children
        self._child: Child | None = None
        self._folder = folder
        self._earlier = Traffic()
        self._traffic = Traffic()
        self._has_made = asyncio.Condition()
        self.name = name
        self.replica = folder / "replica.db"
        self.ledger = folder / "ledger.jsonl"
        self.keystore = folder / "keys"
        self.made = 0

    @property
    def traffic(self) -> Traffic:
        """What it has sent and received, in all of its lives, as far as it has told."""
        return Traffic(
            self._earlier.sent + self._traffic.sent, self._earlier.received + self._traffic.received
        )

    async def start(self) -> Answer:
        """Start the process on its files; what it says first."""
        self._folder.mkdir(exist_ok=True)
        self._earlier, self._traffic = self.traffic, Traffic()
        async with step(f"{self.name} starts", _START_S):
            self._child = await self._children.start(
                self.name,
                "syncore.cli.demo",
                *("device", "--name", self.name, "--replica", self.replica, "--ledger", self.ledger),
                *("--keystore", self.keystore),
            )
            return await self._answer(self._child)

    async def ask(self, do: str, *, seconds: float, **details: object) -> Answer:
        """Tell it to do something and wait for the answer.

        Raises:
            SyncoreError: it failed, took longer, or has ended.
        """
        assert self._child is not None
        self._child.write(json.dumps({"do": do, **details}))
        async with step(f"{self.name}: {do}", seconds):
            return await self._answer(self._child)

    async def has_made(self, count: int) -> None:
        """Wait until it has said to have made so many edits; somebody else must be reading its answer."""
        async with self._has_made:
            await self._has_made.wait_for(lambda: self.made >= count)

    async def kill(self) -> None:
        """End it with SIGKILL."""
        assert self._child is not None
        await self._child.kill()

    async def stop(self) -> None:
        """Let it close its replica and end."""
        assert self._child is not None
        await self._child.stop()

    async def _answer(self, child: Child) -> Answer:
        while True:
            message: dict[str, Any] = json.loads(await child.line())
            if "error" in message:
                raise SyncoreError(f"{self.name}: {message['error']}")
            answer: Answer = message.get("answer", message)
            if "sent" in answer:
                self._traffic = Traffic(answer["sent"], answer["received"])
            if "made" in answer:
                async with self._has_made:
                    self.made = answer["made"]
                    self._has_made.notify_all()
            if "answer" in message:
                return answer
