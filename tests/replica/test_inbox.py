"""The conflict inbox: whole, live, and the same on every device."""

import asyncio
from pathlib import Path

import pytest

from syncore.core.errors import InvalidName
from syncore.core.limits import MAX_WATCH_BACKLOG
from syncore.documents.resolvers import Resolver
from syncore.replica.digesting import space_digest
from tests.replica.databases import PrivateReplica, open_private
from tests.replica.world import make_world


async def contested(replica: PrivateReplica, collection: str, id_: str) -> None:
    """Make a document whose register ``n`` was written by two at once."""
    made = await replica.collection(collection).insert({"n": 0}, id=id_)
    for value in (2, 1):
        await replica.collection(collection).update(id_, n=value, seen=made.token)


async def test_the_inbox_lists_all_collections_over_pages(tmp_path: Path) -> None:
    """By collection and document; one collection alone where that is asked for; settled ones on request."""
    async with open_private(tmp_path / "a.db") as replica:
        assert await replica.inbox.conflicts(None, resolved=True) == []
        for number in range(150):
            await contested(replica, "notes", f"{number:03}")
        await contested(replica, "tasks", "x")
        await replica.collection("tasks").configure(default="max")
        found = await replica.inbox.conflicts(None, resolved=False)
        assert [one.id for one in found] == [f"{number:03}" for number in range(150)]
        everything = await replica.inbox.conflicts(None, resolved=True)
        assert [one.collection for one in everything] == ["notes"] * 150 + ["tasks"]
        assert [one.value for one in await replica.inbox.conflicts("tasks", resolved=True)] == [2]
        assert await replica.inbox.conflicts("nothing", resolved=True) == []
        with pytest.raises(InvalidName):
            await replica.inbox.conflicts("$settings", resolved=True)


async def test_the_inbox_is_live(tmp_path: Path) -> None:
    """The list comes now, and again when a conflict appears, changes, is settled by a rule or by hand."""
    async with open_private(tmp_path / "a.db") as replica:
        await contested(replica, "notes", "a")
        lists = replica.inbox.watch(None)
        assert [one.id for one in await anext(lists)] == ["a"]
        await replica.collection().insert({"n": 1}, id="quiet")
        await contested(replica, "tasks", "b")
        assert [one.id for one in await anext(lists)] == ["a", "b"]
        await replica.collection("tasks").configure(default="max")
        assert [one.id for one in await anext(lists)] == ["a"]
        await replica.collection().configure(default="ask")
        [asked] = await anext(lists)
        await asked.accept()
        assert await anext(lists) == []
        replica.local.hub.close()
        with pytest.raises(StopAsyncIteration):
            await anext(lists)


async def test_one_collection_is_watched_alone(tmp_path: Path) -> None:
    """What happens elsewhere, settings included, is no news."""
    async with open_private(tmp_path / "a.db") as replica:
        lists = replica.inbox.watch("notes")
        assert await anext(lists) == []
        await contested(replica, "tasks", "b")
        await replica.collection("tasks").configure(default="max")
        await contested(replica, "notes", "a")
        assert [one.id for one in await anext(lists)] == ["a"]
        await lists.aclose()
        with pytest.raises(InvalidName):
            await anext(replica.inbox.watch("$settings"))


async def test_who_falls_behind_gets_the_list_anew(tmp_path: Path) -> None:
    """Missed changes do not matter: only the list does."""
    async with open_private(tmp_path / "a.db") as replica:
        lists = replica.inbox.watch(None)
        assert await anext(lists) == []
        await contested(replica, "notes", "a")
        async with replica.transaction() as transaction:
            for number in range(MAX_WATCH_BACKLOG // 2):
                await transaction.insert("many", {}, id=str(number))
        async with replica.transaction() as transaction:
            for number in range(MAX_WATCH_BACKLOG // 2 + 1):
                await transaction.insert("more", {}, id=str(number))
        assert [one.id for one in await anext(lists)] == ["a"]
        await lists.aclose()


async def test_devices_list_the_same(tmp_path: Path) -> None:
    """With author and device; a settled conflict is gone everywhere, unless somebody wrote meanwhile."""
    _, devices = make_world(tmp_path, "inbox", 3)
    for device in devices:
        await device.open()
    await devices[0].collection("notes").insert({"n": 0}, id="a")
    for device in devices:
        await device.exchange()
    for number, device in enumerate(devices):
        await device.collection("notes").update("a", n=number)
    for device in (*devices, *devices):
        await device.exchange()
    inboxes = [await device.inbox.conflicts(None, resolved=False) for device in devices]
    assert inboxes[0] == inboxes[1] == inboxes[2]
    [conflict] = inboxes[0]
    assert {(one.device, one.author, one.value) for one in conflict.siblings} == {
        (0, (b"p" * 16).hex(), 0),
        (1, (b"\x01" * 16).hex(), 1),
        (2, (b"\x02" * 16).hex(), 2),
    }
    await conflict.set(10)
    await devices[2].collection("notes").update("a", n=20)
    for device in (*devices, *devices):
        await device.exchange()
    for device in devices:
        [left] = await device.inbox.conflicts(None, resolved=False)
        assert {one.value for one in left.siblings} == {10, 20}
    for device in devices:
        await device.close()


async def test_devices_with_different_resolvers_hold_the_same(tmp_path: Path) -> None:
    """One shows what its resolver says, the other the default, says so and lists it; digests stay equal."""
    _, devices = make_world(tmp_path, "resolvers", 2)
    devices[0].resolvers = (Resolver("sum", 1, lambda given: sum(one.value for one in given)),)  # type: ignore[misc]
    for device in devices:
        await device.open()
    await devices[0].collection("notes").configure(fields={"n": devices[0].resolvers[0]})
    await devices[0].collection("notes").insert({"n": 0}, id="a")
    for device in devices:
        await device.exchange()
    await devices[0].collection("notes").update("a", n=5)
    devices[1].clock.time_ms += 10_000
    await devices[1].collection("notes").update("a", n=2)
    for device in (*devices, *devices):
        await device.exchange()
    assert [(await device.collection("notes").get("a"))["n"] for device in devices] == [7, 2]
    assert len({await space_digest(device.local, device.number) for device in devices}) == 1
    assert [bool(device.state.lacking_rules()) for device in devices] == [False, True]
    assert await devices[0].inbox.conflicts(None, resolved=False) == []
    [conflict] = await devices[1].inbox.conflicts(None, resolved=False)
    assert "sum@1 is not registered" in conflict.problem
    for device in devices:
        await device.close()


async def test_texts_of_devices_that_were_apart_are_merged(tmp_path: Path) -> None:
    """However often each wrote meanwhile, both sides' edits stand in one text, and nothing is to decide."""
    _, devices = make_world(tmp_path, "texts", 2)
    for device in devices:
        await device.open()
    notes = [device.collection("notes") for device in devices]
    await notes[0].configure(fields={"t": "merge_text"})
    await notes[0].insert({"t": "one two three four"}, id="a")
    for device in devices:
        await device.exchange()
    for number in range(30):
        await notes[0].update("a", t=f"one {number} two three four")
        await notes[1].update("a", t=f"one two three {number} four")
    for device in (*devices, *devices):
        await device.exchange()
    for collection in notes:
        document = await collection.get("a")
        assert (document["t"], document.conflicts) == ("one 29 two three 29 four", ())
    await notes[0].update("a", t="one two three 29 four")
    await notes[1].update("a", t="one 29 two three four")
    for device in (*devices, *devices):
        await device.exchange()
    assert (await notes[0].get("a"))["t"] == (await notes[1].get("a"))["t"] == "one two three four"
    for device in devices:
        await device.close()


async def test_cancelled_watchers_leave_nothing(tmp_path: Path) -> None:
    """A task that watches can be cancelled at any time."""
    async with open_private(tmp_path / "a.db") as replica:

        async def follow() -> None:
            async for _ in replica.inbox.watch(None):
                pass

        task = asyncio.create_task(follow())
        await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await contested(replica, "notes", "a")
