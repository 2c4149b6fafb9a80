"""What members of a space do to the others: garbage, two truths, the unseen, the future, and floods.

The device's own program stays honest; beside it, another one with the same keys writes under a number of its
own. What nobody may take has to be noticed: refused by the relay, or its writer closed on every device.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from random import Random
from typing import TYPE_CHECKING

from simulations.holding import local
from simulations.machine import Died
from simulations.malice import bodies, floods, headers, references
from simulations.malice.forger import Forger, Maker, loot
from simulations.malice.offering import Contact, Verdict
from simulations.plan import Fault, Happening
from simulations.senses import SeededEntropy
from syncore.core.errors import SyncoreError
from syncore.core.hybrid_clock import HybridTime, from_milliseconds
from syncore.core.identifiers import INCARNATION_BITS, Writer
from syncore.core.limits import MAX_HYBRID_TIME
from syncore.engine.replica import Replica
from syncore.protocol.segments import Segment

if TYPE_CHECKING:
    from simulations.person import Person
    from simulations.world import World

_LOOK_S = 20.0
_MAX_ACTS = 3
"""Of one kind, in one attack."""

Attack = Callable[["Attacker"], Awaitable[None]]


class Attacker:
    """A hostile program on somebody's device, while its honest one runs.

    Attributes:
        world: Where.
        person: Whose device it is.
        happening: Why.
        draw: Decides what it does.
        contact: Its way to the relay.
    """

    def __init__(self, world: "World", person: "Person", happening: Happening) -> None:
        """Look at what the device knows; its program runs."""
        self.world = world
        self.person = person
        self.happening = happening
        self.draw = Random(happening.seed)
        self._entropy = SeededEntropy(f"hostile/{happening.seed}")
        self._loot = loot(self._replica)
        self.contact = Contact(person.machine, self._loot.device, self._entropy)

    def forger(self) -> Forger:
        """A fresh writer number, with what the device knows by now."""
        self._loot = loot(self._replica)
        now = from_milliseconds(self.person.machine.hardware.clock.now_ms())
        return Forger(
            self._loot,
            local(self._replica).default_space.writer,
            self.draw.getrandbits(INCARNATION_BITS),
            time=HybridTime(MAX_HYBRID_TIME - 10_000) if self.draw.random() < 0.2 else now,
            entropy=self._entropy,
        )

    def note(self, what: str) -> None:
        """Write into the trace what it does."""
        self.person.machine.hardware.note(f"{self.happening.fault.value}: {what}")

    async def write_some(self, forger: Forger) -> bool:
        """Up to two rightful segments in front of what is wrong; whether the relay took them."""
        rightful = [forger.write([forger.scribble()]) for _ in range(self.draw.randrange(3))]
        return await self.contact.offer(rightful) == [Verdict.STORED] * len(rightful)

    def must_close(self, writer: Writer, after: int, what: str) -> None:
        """The relay took something invalid: by the end every device must have closed the writer there.

        One that forks its log may take it into the half that is gone at the end.
        """
        if any(one.fault is Fault.RELAY_FORKS for one in self.world.plan.happenings):
            return
        people = self.world.people

        def is_closed() -> bool:
            running = [person.machine.replica for person in people if person.machine.replica is not None]
            found = [local(replica).default_space.closed.get(writer) for replica in running]
            return all(row is not None and row.number == after for row in found)

        self.world.acts.append((f"{self.person.name} sent {what}, and was not closed for it", is_closed))

    def must_be_refused(self, verdict: Verdict, what: str) -> None:
        """The relay should not have taken something."""
        is_refused = verdict is Verdict.REFUSED
        self.world.acts.append((f"the relay took {what} of {self.person.name}", lambda: is_refused))

    @property
    def _replica(self) -> Replica:
        replica = self.person.machine.replica
        if replica is None:
            raise Died("its program does not run any more")
        return replica


async def send_garbage(attacker: Attacker) -> None:
    """Bodies that cannot be read, headers that lie, and words that mean nothing."""
    for _ in range(attacker.draw.randint(1, _MAX_ACTS)):
        kind = attacker.draw.random()
        if kind < 0.6:
            await _send_invalid(attacker, bodies.CLOSING)
        elif kind < 0.9:
            await _send_refusable(attacker)
        else:
            await _send_harmless(attacker)


async def equivocate(attacker: Attacker) -> None:
    """Two segments for one number: the relay's order picks one, and nobody gets both."""
    forger = attacker.forger()
    if not await attacker.write_some(forger):
        return
    first = forger.write([forger.scribble()])
    forger.made.pop()
    branch = [forger.write([forger.scribble()]) for _ in range(attacker.draw.randint(1, 2))]
    way = attacker.draw.choice(("at once", "at once, later", "one after the other"))
    attacker.note(f"two segments for one number, {way}")
    if way == "one after the other":
        verdicts = [await attacker.contact.offer([first]), await attacker.contact.offer(branch)]
    elif way == "at once":
        verdicts = [*await asyncio.gather(attacker.contact.offer([first]), attacker.contact.offer(branch))]
    else:
        before = await attacker.contact.offer([first])
        await asyncio.sleep(attacker.happening.duration_s)
        verdicts = [before, await attacker.contact.offer(branch)]
    if all(verdicts) and not attacker.world.plan.loses_log:
        stored = sum(found[0] is Verdict.STORED for found in verdicts)
        attacker.must_be_refused(
            Verdict.REFUSED if stored == 1 else Verdict.STORED, f"{stored} segments under one number"
        )


async def name_unseen_dots(attacker: Attacker) -> None:
    """Operations and rich deltas that name what their segment does not cover."""
    for _ in range(attacker.draw.randint(1, _MAX_ACTS)):
        await _send_invalid(attacker, references.UNSEEN)


async def delete_the_future(attacker: Attacker) -> None:
    """Deletions and removals of what does not exist yet."""
    for _ in range(attacker.draw.randint(1, _MAX_ACTS)):
        await _send_invalid(attacker, references.FUTURE)


async def flood(attacker: Attacker) -> None:
    """As much as the protocol allows, and a little more."""
    name = attacker.draw.choice([*floods.FLOODS])
    attacker.note(name)
    problem = await floods.FLOODS[name](attacker.contact, attacker.forger(), attacker.draw)
    attacker.world.gauges.read(attacker.world)
    attacker.world.acts.append((f"{attacker.person.name} sent {name}: {problem}", lambda: not problem))


async def _send_invalid(attacker: Attacker, makers: Mapping[str, Maker]) -> None:
    """Something that the relay cannot see through: every device has to close the writer before it."""
    what = attacker.draw.choice([*makers])
    forger = attacker.forger()
    if not await attacker.write_some(forger):
        return
    after = forger.next_number - 1
    segment = makers[what](forger, attacker.draw)
    attacker.note(what)
    attacker.world.forged.add(forger.writer)
    if await attacker.contact.offer([segment]) != [Verdict.STORED]:
        return
    attacker.must_close(forger.writer, after, what)
    if attacker.draw.random() < 0.3:
        await _build_on(attacker, segment)
    if attacker.draw.random() < 0.3:
        await attacker.contact.offer([forger.write([forger.scribble()])])  # behind it, as if nothing was


async def _build_on(attacker: Attacker, invalid: Segment) -> None:
    """Another writer builds on an invalid segment, which makes it invalid too."""
    accomplice = attacker.forger()
    named = (invalid.header.writer, invalid.header.last, invalid.hash)
    plain = accomplice.plain([accomplice.scribble()])
    attacker.world.forged.add(accomplice.writer)
    if await attacker.contact.offer([accomplice.seal(plain, accomplice.header_on([named]))]) == [
        Verdict.STORED
    ]:
        attacker.must_close(accomplice.writer, 0, "what builds on an invalid segment")


async def _send_refusable(attacker: Attacker) -> None:
    what = attacker.draw.choice([*headers.REFUSED])
    forger = attacker.forger()
    if not await attacker.write_some(forger):
        return
    attacker.note(what)
    for verdict in await attacker.contact.offer([headers.REFUSED[what](forger, attacker.draw)]):
        attacker.must_be_refused(verdict, what)


async def _send_harmless(attacker: Attacker) -> None:
    """Something that nobody is closed for, as the checker of closed writers sees to."""
    what = attacker.draw.choice([*bodies.HARMLESS])
    attacker.note(what)
    await attacker.contact.offer([bodies.HARMLESS[what](attacker.forger(), attacker.draw)])


def _happening(attack: Attack) -> "Callable[[World, Happening], Awaitable[None]]":
    async def happen(world: "World", happening: Happening) -> None:
        """The attack, as soon as the device runs; its end is the program's."""
        person = world.people[happening.device]
        while world.now_s < world.ends_s:
            if person.machine.is_running and not person.is_joining and not person.is_damaged:
                world.gauges.occupied.add(person.name)
                try:
                    attacker = Attacker(world, person, happening)
                    await person.machine.run(_attack(attack, attacker))
                except SyncoreError as error:
                    person.machine.hardware.note(f"{happening.fault.value}: ends with {error}")
                finally:
                    world.gauges.occupied.discard(person.name)
                return
            await asyncio.sleep(_LOOK_S)

    return happen


async def _attack(attack: Attack, attacker: Attacker) -> None:
    await attack(attacker)


HAPPENINGS = {
    Fault.GARBAGE: _happening(send_garbage),
    Fault.EQUIVOCATION: _happening(equivocate),
    Fault.UNSEEN_DOTS: _happening(name_unseen_dots),
    Fault.FUTURE_DELETED: _happening(delete_the_future),
    Fault.FLOOD: _happening(flood),
}
