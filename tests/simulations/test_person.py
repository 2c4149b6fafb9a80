"""A person writes, notices what the program says, and knows what a power cut may have taken."""

import asyncio
import random

import pytest

from simulations.holding import Held, Place
from simulations.ledger import Fate, Kind, Ledger
from simulations.person import Person, is_there, lost_at_the_end
from simulations.work import Application
from simulations.workload import JOURNALS, LEFT, LISTING, TAGS, TALLY, TEXT
from simulations.world import World
from syncore.core.errors import DiskFull, IntegrityError, StorageError, SyncoreError
from syncore.engine.replica import Replica
from tests.simulations.endings import acknowledged, held, shown
from tests.simulations.small_plans import in_world, noted

NOTE: Place = ("notes", "n0")


@pytest.mark.parametrize(
    ("kind", "place", "field", "document"),
    [
        (Kind.SET, NOTE, "title", held({"title": "x"})),
        (Kind.JOURNAL, (JOURNALS, "d0"), "n", held({"n": "x"})),
        (Kind.PAIR, LEFT, "", held({"x": "1"})),
        (Kind.ADD, TAGS, "tags", held({"tags": frozenset({"x"})})),
        (Kind.WRITE, TEXT, "text", held({"text": "axa"})),
        (Kind.INSERT, LISTING, "items", held({"items": ["x"]})),
    ],
)
def test_an_edit_is_seen_by_what_it_brought(kind: Kind, place: Place, field: str, document: Held) -> None:
    """Every kind that brings something is found where it is, and not where it is not."""
    edit = Ledger().begin("d0", kind, place, field=field, value="x")
    assert is_there(edit, shown({place: document}))
    assert not is_there(edit, shown())


@pytest.mark.parametrize("kind", [Kind.COUNT, Kind.DELETE, Kind.REMOVE, Kind.CUT, Kind.DROP])
def test_of_other_edits_nothing_can_be_seen(kind: Kind) -> None:
    """What only removes or adds up is not taken to have survived."""
    assert not is_there(Ledger().begin("d0", kind, TALLY), shown())


def test_a_power_cut_takes_the_end_and_nothing_else() -> None:
    """Everything up to the last edit that is seen has survived, also what cannot be seen."""
    ledger = Ledger()
    edits = [
        acknowledged(ledger, Kind.SET, NOTE, field="title", value="one"),
        acknowledged(ledger, Kind.COUNT, TALLY, field="votes", amount=1),
        acknowledged(ledger, Kind.SET, NOTE, field="title", value="two"),
        acknowledged(ledger, Kind.SET, NOTE, field="title", value="three"),
    ]
    two = shown({NOTE: held({"title": "two"})})
    assert lost_at_the_end(edits, two) == edits[3:]
    assert lost_at_the_end(edits, shown()) == edits
    assert lost_at_the_end([], two) == []


def test_what_a_power_cut_took_is_not_owed() -> None:
    """After it the program is looked at, and only what has survived is still owed."""

    async def main(world: World) -> None:
        person = world.add_person("d0")
        replica = await person.machine.start()
        await person.machine.run(replica.collection("notes").insert({}, id="n0"))
        for collection, id_ in (TALLY, TAGS, TEXT, LISTING, LEFT):
            await person.machine.run(replica.collection(collection).insert({}, id=id_))
        await person.machine.run(replica.flush())
        kept = acknowledged(world.ledger, Kind.SET, NOTE, field="title", value="kept")
        await person.machine.run(replica.collection("notes").update("n0", title="kept"))
        await person.machine.run(replica.flush())
        gone = acknowledged(world.ledger, Kind.SET, NOTE, field="title", value="never written")
        person.machine.hardware.die(is_power_cut=True)
        await person.start()
        assert (kept.fate, gone.fate) == (Fate.ACKNOWLEDGED, Fate.EXCUSED)
        assert world.ledger.of("d0") == [kept]
        person.machine.hardware.die(is_power_cut=False)
        await person.start()
        assert world.ledger.of("d0") == [kept]
        await person.machine.stop()

    in_world(main)


def test_a_disk_that_is_set_back_keeps_what_the_relay_has() -> None:
    """Only what came after the copy and was not stored is excused."""

    async def main(world: World) -> None:
        person = world.add_person("d0")
        before, stored, after = (acknowledged(world.ledger, Kind.SET, NOTE, value=name) for name in "abc")
        stored.is_stored = True
        person.lose_behind(1)
        assert [edit.fate for edit in (before, stored, after)] == [
            Fate.ACKNOWLEDGED,
            Fate.ACKNOWLEDGED,
            Fate.EXCUSED,
        ]
        await asyncio.sleep(0)

    in_world(main)


class Raising(Application):
    """An application whose acts raise what they are told to."""

    def __init__(self, error: Exception | None) -> None:
        """Raise it, or nothing."""
        self.error = error

    async def act(self, replica: Replica, draw: random.Random, who: str) -> str | None:
        """Raise, or say who it was."""
        del replica, draw
        if self.error is not None:
            raise self.error
        return f"{who} acts"


def used(error: Exception | None) -> tuple[World, Person]:
    """A world in which somebody worked for some minutes with an application that raises."""

    async def main(world: World) -> None:
        person = world.add_person("d0")
        await person.machine.start()
        await person.work(world.now_s + 600, 20)
        await person.machine.stop()

    world = in_world(main, application=Raising(error))
    return world, world.people[0]


def test_acts_are_counted_and_stand_in_the_timeline() -> None:
    """Each under the device's name."""
    world, _ = used(None)
    assert world.usage is not None
    assert world.usage.acts == noted(world, "d0").count("d0 acts") > 5
    assert world.usage.complaints == []


def test_an_applications_mistake_is_a_complaint_with_its_place() -> None:
    """Anything but a SyncoreError, with the line that raised it, told once; people go on."""
    world, _ = used(AssertionError("3 are left"))
    assert world.usage is not None
    assert world.usage.acts == 0
    assert 1 <= len(world.usage.complaints) <= 5
    assert world.usage.complaints[0].startswith(
        "act on d0 raised AssertionError: 3 are left (test_person.py:"
    )


@pytest.mark.parametrize(
    ("error", "is_damaged", "needs_restart"),
    [
        (SyncoreError("no such thing"), False, False),
        (DiskFull("no room"), False, False),
        (StorageError("input/output error"), False, True),
        (IntegrityError("a checksum"), True, False),
    ],
)
def test_what_the_program_says_is_heeded(
    error: SyncoreError,
    is_damaged: bool,  # noqa: FBT001 - a parameter
    needs_restart: bool,  # noqa: FBT001 - a parameter
) -> None:
    """Damage has the file replaced, a failing disk has the program restarted, the rest did not happen."""
    world, person = used(error)
    assert world.usage is not None
    assert world.usage.complaints == []
    assert (person.is_damaged, person.needs_restart) == (is_damaged, needs_restart)
