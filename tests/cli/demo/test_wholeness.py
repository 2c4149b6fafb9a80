"""The watch over transactions: halves are found, also those that were there for a moment only."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from syncore import UNSET, Replica, Text, add, rewrite
from syncore.cli.demo.scenario import SHARED_TEXT, Place, route_element
from syncore.cli.demo.wholeness import WholenessWatch
from tests.replica.databases import let_others_run
from tests.sync.waiting import until

ROME, OSLO = Place("airports", "FCO"), Place("airports", "OSL")
ELEMENT = route_element("d1#6", [ROME, OSLO, SHARED_TEXT])


@pytest.fixture
async def replica(tmp_path: Path) -> AsyncIterator[Replica]:
    """A private replica with two airports and the shared text."""
    async with Replica.open(tmp_path / "a.db", keystore=tmp_path / "keys", sync=False) as replica:
        for place in (ROME, OSLO):
            await replica.collection(place.collection).insert({"name": place.id}, id=place.id)
        await replica.collection(SHARED_TEXT.collection).insert({"body": Text("")}, id=SHARED_TEXT.id)
        yield replica


async def transact(replica: Replica, *places: Place, element: str = ELEMENT) -> None:
    """The part of a transaction that is in some of its documents."""
    async with replica.transaction() as transaction:
        for place in places:
            if place == SHARED_TEXT:
                line = rewrite(lambda text: f"{text}«d1#6» on time\n")
                await transaction.update(place, {"body": line})
            else:
                await transaction.update(place, {"routes": add(element)})


async def test_whole_transactions_are_counted(replica: Replica) -> None:
    """Every transaction is looked at once, wherever it shows, and whole ones are no finding."""
    watch = WholenessWatch(replica)
    await watch.finish()
    assert (watch.seen, watch.half_visible) == (0, [])
    await transact(replica, ROME, OSLO, SHARED_TEXT)
    await transact(replica, ROME, OSLO, element=route_element("d2#1", [ROME, OSLO]))
    await watch.check_everything()
    await watch.check_everything()
    assert (watch.seen, watch.half_visible) == (2, [])


@pytest.mark.parametrize("missing", [OSLO, SHARED_TEXT])
async def test_what_lacks_a_half_is_named(replica: Replica, missing: Place) -> None:
    """A document that does not show what the others show of a transaction is reported with it."""
    await transact(replica, *({ROME, OSLO, SHARED_TEXT} - {missing}))
    watch = WholenessWatch(replica)
    await watch.finish()
    assert watch.half_visible == [f"d1#6 shows elsewhere, but not in {missing}"]


async def test_a_document_that_is_gone_is_a_missing_half(replica: Replica) -> None:
    """A transaction that names a document which is not there is not whole."""
    nowhere = Place("airports", "???")
    await transact(replica, ROME, element=route_element("d1#7", [ROME, nowhere]))
    watch = WholenessWatch(replica)
    await watch.check_everything()
    assert watch.half_visible == [f"d1#7 shows elsewhere, but not in {nowhere}"]


async def test_a_half_that_is_completed_later_was_a_half(replica: Replica) -> None:
    """Whoever follows the changes has seen what looking at the end would not show any more."""
    watch = WholenessWatch(replica)
    watch.start()
    await transact(replica, OSLO, SHARED_TEXT)
    await until(lambda: watch.seen == 1)
    await transact(replica, ROME)
    late = WholenessWatch(replica)
    await late.finish()
    assert late.half_visible == []
    for _ in range(2):
        await watch.finish()
        assert watch.half_visible == [f"d1#6 shows elsewhere, but not in {ROME}"]


async def test_a_watch_that_failed_says_so_at_the_end(replica: Replica) -> None:
    """What ended the following is raised, instead of a verdict on what nobody has watched."""
    watch = WholenessWatch(replica)
    watch.start()
    await replica.collection("airports").update("FCO", routes="no set")
    await let_others_run()
    await replica.collection("airports").update("FCO", routes=UNSET)
    with pytest.raises(AssertionError):
        await watch.finish()


async def test_a_watch_that_was_closed_sees_nothing_more(replica: Replica) -> None:
    """Closing ends the following, and does nothing where none has begun."""
    watch = WholenessWatch(replica)
    await watch.close()
    watch.start()
    await watch.close()
    await transact(replica, ROME)
    await let_others_run()
    assert (watch.seen, watch.half_visible) == (0, [])
