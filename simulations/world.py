"""One world: a relay, devices and people, played from a plan until everything is calm again.

Owns the course of a run. What goes wrong is in :mod:`simulations.happenings`, what has to hold in
:mod:`simulations.checkers`.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from simulations.checkers.audits import Audits
from simulations.disk.disk import Disk
from simulations.ending import Ending, look_at, look_back
from simulations.gauges import Gauges
from simulations.happenings.registry import happen
from simulations.hardware import Backup, Hardware, Surroundings
from simulations.holding import local, log_offset
from simulations.ledger import Ledger
from simulations.loop import VirtualLoop
from simulations.machine import Died, Machine, failure_of, finds_damage, is_stopped
from simulations.network.network import Network
from simulations.person import Person
from simulations.plan import RELAY, Fault, Happening, Plan
from simulations.relay_machine import ADDRESS, RelayMachine
from simulations.trace import Trace
from simulations.work import Application, Usage, in_time
from simulations.workload import make_documents
from syncore.core.errors import IntegrityError, NewerFormat, NotAReplica, RelayLostData, SyncoreError
from syncore.core.identifiers import Writer
from syncore.engine.replica import Replica
from syncore.sync.status import SyncState

SETTLING_S = 2 * 3600.0
"""How long everything may take to be calm after the last fault: backing off takes 30 s, a keep-alive 90 s."""
_LOOK_S = 20.0
_JOIN_ATTEMPTS = 10

_WITHOUT_POWER = frozenset({Fault.POWER_CUT, Fault.RELAY_POWER_CUT})
_RESTORING = frozenset({Fault.RESTORED_FILE, Fault.RESTORED_DISK})
_PARTING = frozenset({Fault.CLONE, Fault.RESTORED_DISK, Fault.EQUIVOCATION, Fault.FLIPPED_BIT})
"""After these a relay that lost its log may take something else in the place of what devices hold.

Two clones and a restored disk write under one number, as a hostile member does, and the relay's order decides
between them only as long as the relay remembers it. A flipped bit may hide a row of a file from its reader.
"""


@dataclass(slots=True)
class World:
    """What there is in one run.

    Attributes:
        plan: What is played.
        around: Network, time, trace.
        relay: The relay.
        usage: The application that people use beside the documents of every world, if there is one.
        people: Everybody with a device, in the order of their coming.
        ledger: What they did.
        audits: What was found while they did it.
        faults: What has gone wrong so far, by kind.
        backups: The last copy of everybody's disk.
        recovering: Whose device was set back, and has not caught up with the relay since.
        gauges: What was measured on the way.
        acts: Dishonest acts that should be noticed, each with what shows that it was.
        forged: Writers whose segments are invalid.
        spares: Machines beside the relay and the devices.
        began_s: When people began to write.
    """

    plan: Plan
    around: Surroundings
    relay: RelayMachine
    usage: Usage | None = None
    ledger: Ledger = field(default_factory=Ledger)
    people: list[Person] = field(default_factory=list)
    audits: Audits = field(default_factory=Audits)
    faults: Counter[str] = field(default_factory=Counter)
    backups: dict[str, Backup] = field(default_factory=dict)
    recovering: set[str] = field(default_factory=set)
    gauges: Gauges = field(default_factory=Gauges)
    acts: list[tuple[str, Callable[[], bool]]] = field(default_factory=list)
    forged: set[Writer] = field(default_factory=set)
    spares: list[Hardware] = field(default_factory=list)
    began_s: float = 0.0
    _working: asyncio.TaskGroup | None = None
    _is_whole: bool = True

    async def play(self) -> Ending:
        """Everything from an empty world to what there is to say at its end."""
        await self.relay.start()
        await self.found_space()
        self.began_s = self.now_s
        if self.usage is not None:
            faults = (one.time_s + 2 * one.duration_s for one in self.plan.happenings)
            self.usage.settled_s = max([self.ends_s, *(self.began_s + end_s for end_s in faults)])
        async with asyncio.TaskGroup() as working:
            self._working = working
            for person in tuple(self.people):
                self.set_to_work(person)
            for happening in self.plan.happenings:
                working.create_task(self._happen(happening))
            working.create_task(self._keep_running())
        self.note("the last fault is over")
        unsettled = await self._settle()
        return await look_back(self, unsettled)

    def scrap(self) -> None:
        """Release what the machines hold, when all is over."""
        for hardware in (self.relay.hardware, *self.spares, *(one.machine.hardware for one in self.people)):
            hardware.scrap()

    @property
    def now_s(self) -> float:
        """Virtual seconds since the world began."""
        return self.around.loop.time()

    @property
    def ends_s(self) -> float:
        """When people stop writing."""
        return self.began_s + self.plan.hours * 3600

    def note(self, what: str) -> None:
        """Write into the trace what happens to the world."""
        self.around.trace.note(self.now_s, "world", what)

    def add_person(self, name: str) -> Person:
        """Somebody with a new device, switched off."""
        resolvers = () if self.usage is None else self.usage.application.resolvers
        machine = Machine(Hardware(name, self.around), resolvers)
        draw = self.around.draw(f"person {name}")
        person = Person(machine, self.ledger, draw, self.audits.take, self.usage)
        self.people.append(person)
        return person

    def set_to_work(self, person: Person) -> None:
        """Have somebody write until the end."""
        assert self._working is not None
        plan = self.plan
        pace_s = plan.hours * 3600 * plan.devices / max(plan.edits, 1)
        if plan.session_s is not None:
            pace_s *= plan.session_s / (plan.session_s + plan.absence_s)
            coming = person.come_and_go(self.ends_s, session_s=plan.session_s, absence_s=plan.absence_s)
            self._working.create_task(coming)
        self._working.create_task(person.work(self.ends_s, pace_s))

    async def join(self, person: Person) -> None:
        """Bring a device with an empty disk into the space, invited by whoever can.

        Raises:
            SyncoreError: it did not succeed.
        """
        replica = await person.machine.start()
        failure: SyncoreError = Died("nobody can invite")
        for _ in range(_JOIN_ATTEMPTS):
            host = next((one for one in self.people if one is not person and one.machine.is_running), None)
            try:
                if host is not None and host.machine.replica is not None:
                    code = await host.machine.run(host.machine.replica.space.invite(role="owner"))
                    await person.machine.run(replica.join(code))
                    return
            except SyncoreError as error:
                failure = error
                if host is not None:
                    host.heed(error)
            await asyncio.sleep(_LOOK_S)
        raise failure

    def undetected(self) -> Iterator[str]:
        """Dishonest acts that nobody has noticed."""
        for what, is_noticed in self.acts:
            if not is_noticed():
                yield what

    async def until_healed(self) -> bool:
        """Wait until the relay has all that the devices have: none may be set back before.

        Returns:
            Whether it has; otherwise it is the end, and no device may lose anything any more.
        """
        while not self._is_whole and self.now_s < self.ends_s:  # noqa: ASYNC110 - the end has no event
            await asyncio.sleep(_LOOK_S)
        return self._is_whole

    async def until_recovered(self) -> bool:
        """Wait until the relay is whole and every device that was set back has again what the relay has.

        Returns:
            Whether that is so; otherwise it is the end, and the relay may not lose anything any more.
        """
        while self.now_s < self.ends_s:
            self._note_recovered()
            if self._is_whole and not self.recovering:
                return True
            await asyncio.sleep(_LOOK_S)
        return False

    def part_with_log(self) -> None:
        """The relay is about to lose something that only devices have then; :meth:`heal` follows."""
        self._is_whole = False

    async def heal(self) -> bool:
        """Wait until the devices have given back to the relay what it has lost.

        Returns:
            Whether they have; otherwise it is the end, and they go on when nobody writes any more.
        """
        while self.now_s < self.ends_s and not self._is_whole:
            await asyncio.sleep(_LOOK_S)
            await self._look_if_whole()
        return self._is_whole

    async def _look_if_whole(self) -> None:
        self._is_whole = self._is_whole or (not self.unsettled() and await self._are_at_head())

    async def _are_at_head(self) -> bool:
        """Whether all devices that are not damaged hold the relay's log, and not another one."""
        for person in self.people:
            replica = person.machine.replica
            if replica is not None and not person.is_damaged:
                row = local(replica).default_space.row
                head = await self.relay.head(row.id)
                held = (row.generation, row.log_offset, row.running_hash)
                if head is None or (head.generation, head.offset, head.running_hash) != held:
                    return False
        return True

    def _note_recovered(self) -> None:
        for person in self.people:
            replica = person.machine.replica
            if replica is not None and replica.space.status().state is SyncState.LIVE:
                self.recovering.discard(person.name)

    async def found_space(self) -> None:
        """Have all devices of the plan share a space, with the documents that are there at the beginning."""
        first = self.add_person("d0")
        replica = await first.machine.start()
        await first.machine.run(replica.share(ADDRESS))
        await first.machine.run(make_documents(replica))
        if self.usage is not None:
            prepare = first.machine.run(self.usage.application.prepare(replica))
            await in_time(prepare)
        for number in range(1, self.plan.devices):
            await self.join(self.add_person(f"d{number}"))
        for person in self.people:
            assert person.machine.replica is not None
            await person.machine.run(person.machine.replica.space.synced())
            self.back_up(person)

    def back_up(self, person: Person) -> None:
        """Copy a device's disk, as a backup program does; not where no copy will be restored."""
        if not any(one.fault in _RESTORING for one in self.plan.happenings):
            return  # for copies of five hundred disks are gigabytes
        hardware = person.machine.hardware
        self.backups[person.name] = Backup(disk=hardware.disk.copy(), order=self.ledger.acknowledged)

    async def _happen(self, happening: Happening) -> None:
        await asyncio.sleep(happening.time_s)
        self.faults[happening.fault.value] += 1
        told = happening.fault.value
        if happening.fault not in RELAY:
            told += f" at d{happening.device}"
        self.note(told)
        began_s = self.now_s
        await happen(self, happening)
        if self.now_s > began_s:
            self.note(f"{told} is over")

    async def _keep_running(self) -> None:
        """People start their programs again, sooner or later."""
        draw = self.around.draw("restarts")
        while self.now_s < self.ends_s:
            await asyncio.sleep(draw.uniform(5, 120) * (1 if self.plan.session_s is None else 10))
            self.gauges.read(self)
            for person in tuple(self.people):
                await self.restart_if_needed(person)
            if draw.random() < 0.05:
                self.back_up(draw.choice(self.people))

    async def restart_if_needed(self, person: Person) -> None:
        """Start a program that does not run, or that says that it needs it; replace what is damaged."""
        machine = person.machine
        if person.is_away or machine.is_changing:  # somebody else is about to do something with it
            return
        try:
            if person.is_damaged or finds_damage(machine.replica):
                person.is_damaged = True
                await self._replace(person)
            elif self._has_parted(machine.replica):
                person.lose_everything()
                person.is_damaged = True
                await self._replace(person)
            elif not machine.is_running:
                await person.start()
            elif person.needs_restart or is_stopped(machine.replica):
                await machine.stop()
                await person.start()
        except (IntegrityError, NotAReplica, NewerFormat) as error:  # a bit of its header may have flipped
            self.note(f"{person.name} cannot use its file: {error}")
            person.is_damaged = True
        except SyncoreError as error:
            self.note(f"{person.name} does not start: {error}")

    def _has_parted(self, replica: Replica | None) -> bool:
        """Whether what a file holds does not fit what the relay holds now, which tells people to join anew.

        That may be where one number stands for two things; anywhere else it is a defect, and nobody does.
        """
        if replica is None or not isinstance(failure_of(replica), RelayLostData):
            return False
        return any(happening.fault in _PARTING for happening in self.plan.happenings)

    async def _replace(self, person: Person) -> None:
        """Throw a useless replica away and join again, once the relay has its log again."""
        if not self._is_whole:
            person.lose_everything()
            return
        self.note(f"{person.name} joins anew: its file is of no use any more")
        hardware = person.machine.hardware
        await person.machine.stop()
        hardware.die(is_power_cut=False)
        hardware.replace_disk(Disk(is_safe=self.around.is_power_safe))
        person.lose_behind(0)
        self.recovering.add(person.name)
        person.is_damaged = False
        self.backups.pop(person.name, None)
        person.is_joining = True
        try:
            await self.join(person)
        except SyncoreError:
            person.is_damaged = True  # a replica that nobody shares is of no use either: again, later
            raise
        finally:
            person.is_joining = False

    async def _settle(self) -> list[str]:
        """Wait until all devices hold the same of the log and nothing waits; what is missing after that."""
        until_s = self.now_s + SETTLING_S
        await self.relay.start()
        unsettled = ["nobody was looked at"]
        while unsettled and self.now_s < until_s:
            for person in tuple(self.people):
                await self.restart_if_needed(person)
            await asyncio.sleep(_LOOK_S)
            for person in self.people:
                await person.check_stored()
            if self._is_whole:
                unsettled = self.unsettled() or await self._find_damage()
            else:  # the last lie or loss has left something to give back
                await self._look_if_whole()
        return unsettled

    async def _find_damage(self) -> list[str]:
        """Whose file is damaged where nobody had read it since; they join anew when they look next."""
        found = []
        for person in self.people:
            try:
                await look_at(person.machine, self.ledger)
            except IntegrityError as error:
                person.is_damaged = True
                found.append(f"{person.name} finds damage: {error}")
        return found

    def unsettled(self) -> list[str]:
        """Who is not calm yet, and why. Whoever has to join anew waits for the others while these heal."""
        offsets = set()
        found = []
        for person in self.people:
            if person.is_damaged and not self._is_whole:
                continue
            replica = person.machine.replica
            if replica is None:
                found.append(f"{person.name} does not run")
                continue
            status = replica.space.status()
            offsets.add(log_offset(replica))
            if status.state is not SyncState.LIVE or status.unsent:
                found.append(f"{person.name} is {status}")
        if len(offsets) > 1:
            found.append(f"the devices stand at different places of the log: {sorted(offsets)}")
        return found


def make_world(plan: Plan, application: Application | None = None) -> World:
    """A world of a plan in which nothing has happened yet."""
    loop = VirtualLoop()
    seed = f"{plan.scenario}/{plan.seed}"
    network = Network(loop, random.Random(f"{seed}/network"))
    # Where nothing is planned, whoever plays by hand may cut the power.
    is_power_safe = bool(plan.happenings) and not any(one.fault in _WITHOUT_POWER for one in plan.happenings)
    around = Surroundings(seed=seed, loop=loop, network=network, trace=Trace(), is_power_safe=is_power_safe)
    usage = None if application is None else Usage(application)
    return World(plan, around, RelayMachine(Hardware("relay", around)), usage)
