"""Somebody who uses a device: writes, looks, starts the program again when it has died."""

import asyncio
import random
from collections.abc import Callable

from simulations.holding import Held, Place, look
from simulations.ledger import Edit, Kind, Ledger
from simulations.machine import Died, Machine
from simulations.work import Usage, in_time
from simulations.workload import JOURNALS, LEFT, LISTING, RIGHT, SHARED_PLACES, TAGS, TEXT, Writer
from syncore.core.errors import DiskFull, IntegrityError, Refused, StorageError, SyncoreError
from syncore.engine.replica import Replica
from syncore.protocol.refusal_codes import RefusalCode
from syncore.sync.status import SyncState

LANES = 2
"""Edits that one person has under way at once, as the parts of a program have."""

BURSTS = (1, 1, 2, 6)
"""Edits that follow each other at once: people write in fits and starts."""

LINGERING_S = 2 * 3600.0
"""How long after the end somebody may still write; who would write even later does not.

Where five hundred people write once in an hour each, the last of them would otherwise do so a day later.
"""

Audit = Callable[[str, int, dict[Place, Held]], None]


class Person:
    """One person with one device, who writes under the device's name.

    Attributes:
        machine: The device.
        is_damaged: Whether the program has found its file damaged.
        is_joining: Whether the device joins anew: who writes before that keeps a private space beside it.
        needs_restart: Whether the program said that it has to be started again.
        is_away: Whether the person has closed the program for a while.
    """

    def __init__(
        self,
        machine: Machine,
        ledger: Ledger,
        draw: random.Random,
        audit: Audit,
        usage: Usage | None = None,
    ) -> None:
        """Somebody who has not begun, and who uses an application too if there is one."""
        self.machine = machine
        self.is_damaged = False
        self.is_joining = False
        self.needs_restart = False
        self.is_away = False
        self._ledger = ledger
        self._draw = draw
        self._audit = audit
        self._usage = usage
        self._writer = Writer(machine.name, ledger, draw)
        self._at_risk: list[Edit] = []
        machine.hardware.on_death = self._on_death

    @property
    def name(self) -> str:
        """The device's name."""
        return self.machine.name

    async def work(self, until_s: float, pace_s: float) -> None:
        """Write, one edit in about ``pace_s`` seconds, until a time."""
        async with asyncio.TaskGroup() as lanes:
            for _ in range(LANES):
                lanes.create_task(self._work(until_s, pace_s * LANES))

    async def come_and_go(self, until_s: float, *, session_s: float, absence_s: float) -> None:
        """Have the program open now and then only, until a time."""
        loop = asyncio.get_running_loop()
        while loop.time() + session_s < until_s:
            await asyncio.sleep(session_s * self._draw.uniform(0.5, 1.5))
            self.is_away = True
            await self.machine.stop()
            await asyncio.sleep(min(absence_s * self._draw.uniform(0.5, 1.5), until_s - loop.time()))
            self.is_away = False

    async def start(self) -> None:
        """Start the program, and find out what a power cut has taken.

        Raises:
            SyncoreError: it cannot be started.
        """
        replica = await self.machine.start()
        self.needs_restart = False
        if self._at_risk:
            at_risk, self._at_risk = self._at_risk, []
            held = await self.machine.run(look(replica, [*SHARED_PLACES, (JOURNALS, self.name)]))
            self._ledger.excuse(lost_at_the_end(at_risk, held))

    async def check_stored(self) -> None:
        """Note what the relay has acknowledged by now."""
        replica = self.machine.replica
        if replica is not None and not replica.space.is_private and _is_stored(replica):
            self._ledger.note_stored(self.name)

    def heed(self, error: SyncoreError) -> None:
        """Set the clock right, if that is what the program has asked for."""
        if not isinstance(error, Refused) or error.code != RefusalCode.INVITATION_EXPIRED.value:
            return
        clock = self.machine.hardware.clock
        clock.drift = 0.0
        clock.skew_ms = int(asyncio.get_running_loop().time() * 1000) - clock.monotonic_ms()

    def lose_behind(self, order: int) -> None:
        """The disk was set back to where so many edits were acknowledged; what the relay has is safe."""
        self._at_risk.clear()
        self._writer.forget()
        self._ledger.excuse(
            edit for edit in self._ledger.of(self.name) if edit.order >= order and not edit.is_stored
        )

    def lose_everything(self) -> None:
        """The device lost its file while the relay had lost its log: what nobody else had is gone."""
        self._at_risk.clear()
        self._writer.forget()
        self._ledger.excuse(self._ledger.of(self.name))

    async def _work(self, until_s: float, pace_s: float) -> None:
        loop = asyncio.get_running_loop()
        while loop.time() < until_s:
            burst = self._draw.choice(BURSTS)
            idle_s = self._draw.expovariate(1 / (pace_s * burst))
            if loop.time() + idle_s > until_s + LINGERING_S:
                return
            await asyncio.sleep(idle_s)
            for _ in range(burst):
                if self.machine.is_running and not self.is_joining:
                    await self._act()

    async def _act(self) -> None:
        replica, process = self.machine.replica, self.machine.hardware.process
        assert replica is not None
        assert process is not None
        try:
            if self._usage is not None and self._draw.random() < 0.5:
                await self._use(self._usage, replica)
            elif self._draw.random() < 0.1:
                notes = self._draw.sample(SHARED_PLACES, 3)
                held = await self.machine.run(
                    look(replica, dict.fromkeys([LEFT, RIGHT, *notes, *self._journals()]))
                )
                self._audit(self.name, self.machine.hardware.life, held)
            else:
                edit = await self.machine.run(self._writer.edit(replica, lambda: process.is_alive))
                self.machine.hardware.note(str(edit), is_detail=True)
            await self.check_stored()
        except Died:
            return
        except IntegrityError as error:
            self.is_damaged = True
            self.machine.hardware.note(f"finds damage: {error}")
        except DiskFull:
            self.machine.hardware.note("has a full disk", is_detail=True)
        except StorageError as error:
            self.needs_restart = True
            self.machine.hardware.note(f"cannot use its disk: {error}")
        except SyncoreError as error:
            self.machine.hardware.note(f"could not: {error}", is_detail=True)

    async def _use(self, usage: Usage, replica: Replica) -> None:
        try:
            act = self.machine.run(usage.application.act(replica, self._draw, self.name))
            done = await in_time(act, usage.settled_s)
        except SyncoreError:
            raise
        except Exception as error:  # noqa: BLE001 - an application's mistakes are told at the end of the run
            usage.complain(f"act on {self.name}", error)
            return
        usage.acts += 1
        if done is not None:
            self.machine.hardware.note(done)

    def _journals(self) -> list[Place]:
        authors = sorted({edit.author for edit in self._ledger.edits if edit.kind is Kind.JOURNAL})
        return [(JOURNALS, author) for author in authors]

    def _on_death(self, is_power_cut: bool) -> None:  # noqa: FBT001 - a callback
        self.machine.replica = None
        if is_power_cut:
            self._at_risk = [edit for edit in self._ledger.of(self.name) if not edit.is_durable]


def lost_at_the_end(at_risk: list[Edit], held: dict[Place, Held]) -> list[Edit]:
    """Which of the edits that a power cut may have taken are not shown to have survived.

    A power cut takes the end of what was committed and nothing else, so everything before an edit that is
    there has survived too.
    """
    survived = [place for place, edit in enumerate(at_risk) if is_there(edit, held)]
    return at_risk[survived[-1] + 1 :] if survived else at_risk


def is_there(edit: Edit, held: dict[Place, Held]) -> bool:
    """Whether an edit is seen to have happened; where nothing can be seen of it, no."""
    match edit.kind:
        case Kind.SET | Kind.JOURNAL:
            document = held.get(edit.document)
            return document is not None and edit.value in document.siblings.get(edit.field, ())
        case Kind.PAIR:
            return edit.value in held[LEFT].siblings
        case Kind.ADD:
            tags = held[TAGS].values.get("tags", ())
            return isinstance(tags, frozenset) and edit.value in tags
        case Kind.WRITE:
            return any(one in str(held[TEXT].values.get("text", "")) for one in edit.value)
        case Kind.INSERT:
            items = held[LISTING].values.get("items", ())
            return isinstance(items, list) and edit.value in items
        case _:
            return False


def _is_stored(replica: Replica) -> bool:
    status = replica.space.status()
    return status.unsent == 0 and status.state is not SyncState.PRIVATE
