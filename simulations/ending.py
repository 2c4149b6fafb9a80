"""What is left when a world has become calm: what checkers look at."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from simulations.holding import Held, Place, local, look
from simulations.ledger import Kind, Ledger
from simulations.machine import Machine
from simulations.work import in_time
from simulations.workload import JOURNALS, SHARED_PLACES
from syncore.engine.replica import Replica

if TYPE_CHECKING:
    from simulations.world import World


@dataclass(frozen=True, slots=True, kw_only=True)
class Remains:
    """One device at the end.

    Attributes:
        digest: Of its content.
        held: Its documents, as their states show them.
        found: Its documents, as readers find them; None where there is none.
        closed: Writers of which it accepts nothing more, and after which commit.
        secrets: Its keys, which must be nowhere else.
    """

    digest: str
    held: Mapping[Place, Held]
    found: Mapping[Place, Mapping[str, object] | None]
    closed: Mapping[int, int]
    secrets: Sequence[bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """One world at its end.

    Attributes:
        ledger: What people did.
        devices: What is on their devices, by name.
        unsettled: What had not become calm in time.
        audits: How often each check on the way was made, and what it found.
        relay_bytes: Everything on the disks of relays.
        leaks: What was seen in the network that must not be there.
        overflows: Bounds that did not hold.
        defects: Errors that nobody handled.
        complaints: What the application found.
        undetected: Dishonest acts that should have been noticed, and were not.
        forged: Writers whose segments are invalid.
    """

    ledger: Ledger
    devices: Mapping[str, Remains]
    unsettled: Sequence[str]
    audits: Mapping[str, tuple[int, Sequence[str]]]
    relay_bytes: Sequence[bytes]
    leaks: Sequence[str] = ()
    overflows: Sequence[str] = ()
    defects: Sequence[str] = ()
    complaints: Sequence[str] = ()
    undetected: Sequence[str] = ()
    forged: frozenset[int] = frozenset()
    faults: Mapping[str, int] = field(default_factory=dict)


async def look_back(world: "World", unsettled: Sequence[str]) -> Ending:
    """Gather what is left of a world."""
    devices = {}
    for person in world.people:
        if person.machine.replica is not None:
            devices[person.name] = await look_at(person.machine, world.ledger)
    disks = [hardware.disk for hardware in (world.relay.hardware, *world.spares)]
    return Ending(
        ledger=world.ledger,
        devices=devices,
        unsettled=unsettled,
        audits=world.audits.results(),
        relay_bytes=[disk.content(name) for disk in disks for name in disk.names],
        leaks=world.gauges.leaks,
        overflows=world.gauges.overflows,
        defects=[*world.around.loop.defects, *world.relay.failures],
        complaints=await _complaints(world),
        undetected=[*world.undetected()],
        forged=frozenset(world.forged),
        faults=dict(world.faults),
    )


async def look_at(machine: Machine, ledger: Ledger) -> Remains:
    """Everything that a device holds, which reads all of its file that anybody reads; its program runs.

    Raises:
        IntegrityError: it is damaged.
        Died: the machine died meanwhile.
    """
    replica = machine.replica
    assert replica is not None
    authors = sorted({edit.author for edit in ledger.edits if edit.kind is Kind.JOURNAL})
    places = [*SHARED_PLACES, *((JOURNALS, author) for author in authors)]
    return Remains(
        digest=await machine.run(replica.space.digest()),
        held=await machine.run(look(replica, places)),
        found=await machine.run(_find(replica, places)),
        closed={int(writer): row.number for writer, row in local(replica).default_space.closed.items()},
        secrets=[*_secrets(machine.hardware.disk.blobs)],
    )


async def _complaints(world: "World") -> Sequence[str]:
    """What the application says of its own documents; asked in the program of one that runs."""
    running = {one.name: one.machine.replica for one in world.people if one.machine.replica is not None}
    usage = world.usage
    if usage is None or not running:
        return []
    asked = next(person for person in world.people if person.name in running)
    try:
        check = asked.machine.run(usage.application.check(running))
        found = await in_time(check)
        _refuse_others(found)
    except Exception as error:  # noqa: BLE001 - an application's mistakes are told at the end of the run
        usage.complain("check", error)
        found = []
    return [*usage.complaints, *found]


def _refuse_others(found: object) -> None:
    if not isinstance(found, list | tuple) or not all(isinstance(one, str) for one in found):
        raise TypeError(f"it returned {found!r:.80}, and returns a list of sentences, empty if all holds")


async def _find(replica: Replica, places: Sequence[Place]) -> dict[Place, dict[str, object] | None]:
    found: dict[Place, dict[str, object] | None] = {}
    for collection, id_ in places:
        document = await replica.collection(collection).find_one(id_)
        found[collection, id_] = None if document is None else dict(document)
    return found


def _secrets(blobs: Mapping[str, bytes]) -> Iterator[bytes]:
    """The key files of a device but for its guard, which holds no secret."""
    for name, content in blobs.items():
        if name.endswith(".key"):
            yield content
