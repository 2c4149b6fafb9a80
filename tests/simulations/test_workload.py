"""What people write goes through the public API and stands in the ledger, before and after."""

import random
from collections import Counter
from contextlib import suppress

from simulations.checkers.nothing_lost import losses
from simulations.holding import look
from simulations.ledger import Fate, Kind, Ledger
from simulations.workload import JOURNALS, PLAINTEXT, SHARED_PLACES, TEXT, Writer, make_documents
from simulations.world import World
from syncore.core.errors import DocumentNotFound
from tests.simulations.small_plans import in_world


def test_every_kind_of_edit_is_made_and_is_there() -> None:
    """Of some hundred edits each kind occurs, values occur once, and the ledger misses none."""
    ledger = Ledger()

    async def main(world: World) -> None:
        machine = world.add_person("d0").machine
        replica = await machine.start()
        await machine.run(make_documents(replica))
        writer = Writer("d0", ledger, random.Random(1))
        for _ in range(300):
            with suppress(DocumentNotFound):  # there may be no tag to remove
                await machine.run(writer.edit(replica, lambda: True))
        held = await machine.run(look(replica, [*SHARED_PLACES, (JOURNALS, "d0")]))
        assert [*losses(ledger, held)] == []
        assert held[TEXT].values["text"]
        await machine.stop()

    in_world(main)
    done = [edit for edit in ledger.edits if edit.fate is Fate.ACKNOWLEDGED]
    assert {edit.kind for edit in done} == {*Kind}
    assert len(done) > 250
    values = Counter(edit.value for edit in ledger.edits if edit.kind in {Kind.SET, Kind.ADD, Kind.INSERT})
    assert set(values.values()) == {1}
    assert all(PLAINTEXT in value for value in values)


def test_an_edit_of_a_dead_device_is_not_acknowledged() -> None:
    """Its call returned to nobody: it may be there or not."""
    ledger = Ledger()

    async def main(world: World) -> None:
        machine = world.add_person("d0").machine
        replica = await machine.start()
        await machine.run(make_documents(replica))
        await machine.run(Writer("d0", ledger, random.Random(1)).edit(replica, lambda: False))
        await machine.stop()

    in_world(main)
    (edit,) = ledger.edits
    assert (edit.fate, ledger.acknowledged) == (Fate.BEGUN, 0)


def test_a_full_commit_promises_everything_before_it() -> None:
    """Whatever was acknowledged before a durable edit of the same device is durable."""
    ledger = Ledger()

    async def main(world: World) -> None:
        machine = world.add_person("d0").machine
        replica = await machine.start()
        await machine.run(make_documents(replica))
        writer = Writer("d0", ledger, random.Random(2))
        for _ in range(60):
            with suppress(DocumentNotFound):  # there may be no tag to remove
                await machine.run(writer.edit(replica, lambda: True))
        await machine.stop()

    in_world(main)
    last = max(edit.order for edit in ledger.edits if edit.is_durable)
    assert last > 0
    assert all(edit.is_durable for edit in ledger.edits if edit.order < last)
    assert not [edit for edit in ledger.edits if edit.is_durable and edit.order > last]
