"""What a relay does that lies: to one device for a while, or to some of them by a second log.

A lie is over when everybody is at one honest relay again. Then devices have to converge, and what
contradicts itself or what the relay has signed must have been noticed.
"""

import asyncio
from collections.abc import Awaitable, Callable
from random import Random
from typing import TYPE_CHECKING, Final

from simulations.hardware import Hardware
from simulations.holding import local
from simulations.malice.lies import LIES, Lie
from simulations.malice.speaking import Liar
from simulations.plan import LYING, MEMBER, Fault, Happening
from simulations.relay_machine import ADDRESS, RelayMachine
from syncore.core.identifiers import SpaceId
from syncore.protocol.receipts import Cursor

if TYPE_CHECKING:
    from simulations.person import Person
    from simulations.world import World

_OTHER_ADDRESS: Final = "ws://127.0.0.1:8788"
_ARRIVAL_S: Final = 10.0
"""What was said so long before the end of a lie has arrived."""

_CLEAR: Final = frozenset({*LYING, *MEMBER, Fault.RELAY_WIPED, Fault.RELAY_RESTORED})
"""Where nothing else goes wrong, whatever is said arrives, and whoever hears it can be asked.

Losses are among these: a relay does not lose its log while it lies, nor the other way round.
"""


def _lying(lie: Lie) -> "Callable[[World, Happening], Awaitable[None]]":
    async def happen(world: "World", happening: Happening) -> None:
        """The relay lies to one device for a while."""
        if not await world.until_recovered():
            return
        world.part_with_log()
        person, relay = world.people[happening.device], world.relay
        draw = Random(happening.seed)
        liar = Liar(victim=person.name, lie=lie, draw=draw, signer=relay.key)
        if happening.fault is Fault.RELAY_DROPS:
            liar.is_deaf = draw.random() < 0.5
            liar.feigns = draw.random() < 0.7
        doubts = _doubts(person)
        relay.speech.liars[person.name] = liar
        relay.speech.cut_off(person.name)
        await asyncio.sleep(happening.duration_s)
        is_caught = liar.is_caught
        await asyncio.sleep(_ARRIVAL_S)
        del relay.speech.liars[person.name]
        relay.speech.cut_off(person.name)
        what = f"{happening.fault.value}, and {person.name} has not noticed"
        if _is_clear(world):
            world.acts.append((f"{what} at once", lambda: not liar.is_believed))
        if is_caught and _is_clear(world):
            world.acts.append((what, lambda: _doubts(person) > doubts))
        await world.heal()

    return happen


async def fork(world: "World", happening: Happening) -> None:
    """Some devices are led to a second relay on a copy of the disk; both go on, until the second is gone."""
    if not await world.until_recovered():
        return
    world.part_with_log()
    draw = Random(happening.seed)
    other = RelayMachine(Hardware(f"relay+{world.now_s:.0f}", world.around), _OTHER_ADDRESS)
    other.hardware.replace_disk(world.relay.hardware.disk.copy())
    world.spares.append(other.hardware)
    await other.start()
    people = draw.sample(world.people, draw.randint(1, max(1, len(world.people) - 1)))
    for person in people:
        person.machine.route = _OTHER_ADDRESS
        world.relay.speech.cut_off(person.name)
    world.note(f"{', '.join(sorted(person.name for person in people))}: at another relay")
    before = await _head(world, world.relay)
    await asyncio.sleep(happening.duration_s)
    signed = await _head(world, other)
    await asyncio.sleep(_ARRIVAL_S)
    has_split = signed is not None and not await world.relay.contains(_space(world), signed)
    for person in people:
        person.machine.route = ADDRESS
    other.hardware.die(is_power_cut=False)
    is_healed = await world.heal()
    after = await _head(world, world.relay)
    if is_healed and has_split and _is_clear(world) and before is not None and after is not None:
        is_renewed = before.generation != after.generation
        world.acts.append(("the relay forked its log, and goes on as before", lambda: is_renewed))


async def _head(world: "World", relay: RelayMachine) -> Cursor | None:
    return await relay.head(_space(world))


def _space(world: "World") -> SpaceId:
    """The space that everybody is in."""
    running = (person.machine.replica for person in world.people)
    return next(local(replica).default_space.id for replica in running if replica is not None)


def _doubts(person: "Person") -> int:
    """How often a device has accused the relay, or found that it had lost something."""
    replica = person.machine.replica
    losses = 0 if replica is None else replica.space.status().relay_losses
    return person.machine.accusations + losses


def _is_clear(world: "World") -> bool:
    return all(happening.fault in _CLEAR for happening in world.plan.happenings)


HAPPENINGS = {**{fault: _lying(lie) for fault, lie in LIES.items()}, Fault.RELAY_FORKS: fork}
