"""The story of the demo: who is started, told, killed and brought back, and when.

Owns the order of events and the measuring. The judging is in :mod:`syncore.cli.demo.judging`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from syncore.cli.demo.airports import Airports
from syncore.cli.demo.children import Children, step
from syncore.cli.demo.device_process import Answer, DeviceProcess
from syncore.cli.demo.relay_process import RelayProcess

T = TypeVar("T")

_SHARE_S = 60
_IMPORT_S = 240
_JOIN_S = 60
_SYNC_S = 240
_EDIT_S = 240
_REPORT_S = 120

_RELAY_DIES_AT = 10
_DEVICE_DIES_AT = 45
"""Per cent of the edits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is to be played.

    Attributes:
        seed: What edits are drawn from.
        devices: How many devices there are.
        edits: How many edits each makes.
        limit: How many airports are imported; None for all.
    """

    seed: int
    devices: int
    edits: int
    limit: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """How a device came out of the story.

    Attributes:
        device: Stopped, with its files.
        converged_ms: From the relay's return until everything was in.
        report: What it said at last.
    """

    device: DeviceProcess
    converged_ms: int
    report: Answer


class Conductor:
    """Plays the story once."""

    def __init__(
        self, plan: Plan, *, children: Children, folder: Path, airports: Airports, note: Callable[[str], None]
    ) -> None:
        """Play in an empty folder; ``note`` gets a line for everything that happens."""
        self._plan = plan
        self._airports = airports
        self._note = note
        self.relay = RelayProcess(children, "relay", folder / "relay")
        self.devices = [
            DeviceProcess(children, f"d{number}", folder / f"d{number}")
            for number in range(1, plan.devices + 1)
        ]

    async def play(self) -> list[Played]:
        """Everything up to the moment when all devices have converged and stopped."""
        await asyncio.gather(self.relay.start(), *(device.start() for device in self.devices))
        self._note(f"the relay and {len(self.devices)} devices are running, {self.relay.address}")
        await self._share()
        await self._edit()
        converged = await self._converge()
        reports = await self._of_all(lambda device: device.ask("report", seconds=_REPORT_S))
        for device in self.devices:
            await device.stop()
        await self.relay.kill()
        return [
            Played(device=device, converged_ms=milliseconds, report=report)
            for device, milliseconds, report in zip(self.devices, converged, reports, strict=True)
        ]

    async def _share(self) -> None:
        first, *others = self.devices
        await first.ask("share", seconds=_SHARE_S, relay=self.relay.address)
        self._note(f"{first.name} shares its space and imports {len(self._airports):,} airports")
        await first.ask("import", seconds=_IMPORT_S, limit=self._plan.limit)
        await first.ask("sync", seconds=_SYNC_S)
        invitation = await first.ask("invite", seconds=_SHARE_S, uses=len(others))
        self._note(f"{', '.join(device.name for device in others)} join with an invitation code")
        await self._of_all(
            lambda device: device.ask("join", seconds=_JOIN_S, code=invitation["code"]), others
        )
        await self._of_all(lambda device: device.ask("sync", seconds=_SYNC_S), others)

    async def _edit(self) -> None:
        self._note(f"all devices edit: {self._plan.edits} edits and transactions each")
        async with asyncio.TaskGroup() as tasks:
            victim = self.devices[1]
            for device in self.devices:
                if device is not victim:
                    tasks.create_task(self._edits_of(device))
            tasks.create_task(self._killed_in_the_middle(victim))
            tasks.create_task(self._kill_relay())

    async def _kill_relay(self) -> None:
        async with step("every device makes its first edits", _EDIT_S):
            await self._of_all(lambda device: device.has_made(self._edits(_RELAY_DIES_AT)))
        await self.relay.kill()
        self._note("the relay was killed (SIGKILL); the devices go on")

    async def _killed_in_the_middle(self, device: DeviceProcess) -> None:
        editing = asyncio.ensure_future(self._edits_of(device))
        dying = asyncio.ensure_future(device.has_made(self._edits(_DEVICE_DIES_AT)))
        try:
            await asyncio.wait([editing, dying], return_when=asyncio.FIRST_COMPLETED)
            if editing.done():
                await editing  # raises what went wrong
        finally:
            editing.cancel()
            dying.cancel()
            await asyncio.wait([editing, dying])
        await device.kill()
        self._note(f"{device.name} was killed in the middle of its writing (SIGKILL), and is started again")
        await device.start()
        await self._edits_of(device)

    async def _edits_of(self, device: DeviceProcess) -> None:
        await device.ask(
            "edit",
            seconds=_EDIT_S,
            seed=self._plan.seed,
            count=self._plan.edits,
            airports=list(self._airports),
        )

    async def _converge(self) -> list[int]:
        """Bring the relay back; the milliseconds after which each device had everything."""
        await self.relay.start()
        clock = asyncio.get_running_loop()
        started = clock.time()
        self._note("the relay is back")
        pushed = await self._of_all(lambda device: device.ask("sync", seconds=_SYNC_S))
        head = max(answer["offset"] for answer in pushed)

        async def reach(device: DeviceProcess) -> int:
            await device.ask("reach", seconds=_SYNC_S, offset=head)
            return round((clock.time() - started) * 1000)

        converged = await self._of_all(reach)
        self._note(f"all devices have converged {max(converged):,} ms after the relay's return")
        return converged

    def _edits(self, percent: int) -> int:
        return self._plan.edits * percent // 100

    async def _of_all(
        self, ask: Callable[[DeviceProcess], Awaitable[T]], devices: Sequence[DeviceProcess] | None = None
    ) -> list[T]:
        """Ask several devices at once; the first failure ends the waiting for all."""
        chosen = self.devices if devices is None else devices

        async def one(device: DeviceProcess) -> T:
            return await ask(device)

        async with asyncio.TaskGroup() as tasks:
            asked = [tasks.create_task(one(device)) for device in chosen]
        return [task.result() for task in asked]
