"""Collections: every verb, and every error that its documentation names."""

from pathlib import Path
from uuid import UUID

import pytest

from syncore.core.errors import (
    DocumentExists,
    DocumentNotFound,
    InvalidChange,
    InvalidName,
    InvalidToken,
    InvalidValue,
    NotPermitted,
    SyncoreError,
    TooLarge,
)
from syncore.core.limits import MAX_COMMIT_BYTES, MAX_NAME_BYTES
from syncore.documents.changes import UNSET, Counter, List, Text, add, increment, splice
from syncore.protocol.control_payloads import Role
from syncore.replica.digesting import space_digest
from tests.replica.databases import open_private
from tests.replica.world import make_world


async def test_inserting(tmp_path: Path) -> None:
    """A document is returned as it was committed, with an id of its own if none was given."""
    async with open_private(tmp_path / "a.db") as replica:
        notes = replica.collection()
        made = await notes.insert(
            {"title": "a", "tags": {"x"}, "n": Counter(2), "t": Text("b"), "l": List([1])}
        )
        assert UUID(made.id).version == 7
        assert dict(made) == {"title": "a", "tags": frozenset({"x"}), "n": 2, "t": "b", "l": [1]}
        assert await notes.get(made.id) == made
        named = await notes.insert(id="named")
        assert (named.id, named.collection, dict(named)) == ("named", "notes", {})
        assert repr(notes) == "<Collection notes>"


async def test_updating(tmp_path: Path) -> None:
    """Fields are given as a mapping or as keywords, the document as itself or by its id."""
    async with open_private(tmp_path / "a.db") as replica:
        notes = replica.collection()
        made = await notes.insert({"a": 1, "b": 2}, id="x")
        assert dict(await notes.update(made, {"a": 3})) == {"a": 3, "b": 2}
        assert dict(await notes.update("x", {"a": 4}, b=UNSET, c=5)) == {"a": 4, "c": 5}
        assert dict(made) == {"a": 1, "b": 2}


async def test_deleting(tmp_path: Path) -> None:
    """A deleted document is gone for reads, and its id can be used again without its old content."""
    async with open_private(tmp_path / "a.db") as replica:
        notes = replica.collection()
        made = await notes.insert({"a": 1, "t": Text("x")}, id="x")
        await notes.delete(made)
        assert await notes.find_one("x") is None
        assert [one async for one in notes.find()] == []
        assert dict(await notes.insert({"b": 2}, id="x")) == {"b": 2}


async def test_what_is_not_there(tmp_path: Path) -> None:
    """Reading, changing and deleting what never was, or was deleted, says that it is not there."""
    async with open_private(tmp_path / "a.db") as replica:
        notes = replica.collection()
        await notes.insert(id="gone")
        await notes.delete("gone")
        for id_ in ("never", "gone"):
            for attempt in (notes.get(id_), notes.update(id_, a=1), notes.delete(id_)):
                with pytest.raises(DocumentNotFound):
                    await attempt
            assert await notes.find_one(id_) is None


async def test_every_documented_error_changes_nothing(tmp_path: Path) -> None:
    """A write that is refused leaves the space as it was, down to its digest."""
    async with open_private(tmp_path / "a.db") as replica:
        notes, tasks = replica.collection(), replica.collection("tasks")
        made = await notes.insert({"title": "a", "n": Counter(), "t": Text("abc")}, id="x")
        other = await tasks.insert(id="x")
        digest = await space_digest(replica.local, replica.number)
        huge = {f"f{number}": "x" * 500_000 for number in range(MAX_COMMIT_BYTES // 500_000 + 1)}
        attempts: list[tuple[type[SyncoreError], object]] = [
            (DocumentExists, notes.insert(id="x")),
            (InvalidName, notes.insert(id="")),
            (InvalidName, notes.insert(id="x" * (MAX_NAME_BYTES + 1))),
            (InvalidName, notes.insert({"": 1})),
            (InvalidName, notes.find_one("a\nb")),
            (InvalidValue, notes.insert({"a": object()})),
            (InvalidValue, notes.update("x", a=float)),
            (TooLarge, notes.insert(huge)),
            (TooLarge, notes.update("x", huge)),
            (InvalidChange, notes.update("x")),
            (InvalidChange, notes.update("x", {})),
            (InvalidChange, notes.update("x", title=increment(1))),
            (InvalidChange, notes.update("x", n=splice(0, 0, "x"))),
            (InvalidChange, notes.update("x", t=splice(4, 0, "x"))),
            (InvalidChange, notes.update("x", t=splice(0, 4))),
            (InvalidChange, notes.update("x", t=add("x"))),
            (InvalidChange, notes.update(other, a=1)),
            (InvalidChange, notes.delete(other)),
            (InvalidToken, notes.update("x", title="b", seen="no token")),
            (InvalidToken, notes.delete("x", seen="")),
        ]
        for error, attempt in attempts:
            with pytest.raises(error):
                await attempt  # type: ignore[misc]
        with pytest.raises(InvalidName):
            replica.collection("")
        assert await space_digest(replica.local, replica.number) == digest
        assert await notes.get("x") == made


async def test_finding(tmp_path: Path) -> None:
    """Documents come in the order of their ids, over pages; conditions, types and limits count."""
    async with open_private(tmp_path / "a.db") as replica:
        notes = replica.collection()
        async with replica.transaction() as transaction:
            for number in range(300):
                await transaction.insert("notes", {"n": number, "even": number % 2 == 0}, id=f"{number:03}")
        assert [one.id async for one in notes.find()] == [f"{number:03}" for number in range(300)]
        assert [one["n"] async for one in notes.find({"even": True}, limit=3)] == [0, 2, 4]
        assert [one["n"] async for one in notes.find(where=lambda one: one["n"] == 299)] == [299]
        assert [one async for one in notes.find({"n": 1.0})] == []
        assert [one async for one in notes.find({"n": True})] == []
        assert [one async for one in notes.find({"missing": None})] == []
        assert [one async for one in notes.find(limit=0)] == []
        assert [one async for one in replica.collection("none").find()] == []


async def test_a_find_goes_on_while_others_write(tmp_path: Path) -> None:
    """What is deleted or added behind the page that is being read shows in the pages to come."""
    async with open_private(tmp_path / "a.db") as replica:
        notes = replica.collection()
        async with replica.transaction() as transaction:
            for number in range(257):
                await transaction.insert("notes", id=f"{number:03}")
        seen = []
        async for one in notes.find():
            seen.append(one.id)
            if one.id == "000":
                await notes.delete("256")
                await notes.insert(id="257")
        assert seen == [*(f"{number:03}" for number in range(256)), "257"]


async def test_watching(tmp_path: Path) -> None:
    """A watcher gets what is committed in its collection, as it was committed, and a deletion as nothing."""
    async with open_private(tmp_path / "a.db") as replica:
        notes = replica.collection()
        async with notes.watch() as changes:
            await notes.insert({"n": 1}, id="a")
            await replica.collection("tasks").insert(id="x")
            with pytest.raises(DocumentExists):
                await notes.insert(id="a")
            await notes.update("a", n=2)
            await notes.delete("a")
            found = [await anext(changes) for _ in range(3)]
        documents = [None if one.document is None else dict(one.document) for one in found]
        assert documents == [{"n": 1}, {"n": 2}, None]
        assert {(one.collection, one.id, one.is_local) for one in found} == {("notes", "a", True)}


async def test_watchers_are_told_who_wrote(tmp_path: Path) -> None:
    """What other devices wrote is not local; what was confirmed of our own is no change."""
    _, devices = make_world(tmp_path, "watch", 2)
    for device in devices:
        await device.open()
    first, second = devices
    async with second.collection("notes").watch() as changes:
        await first.collection("notes").insert(id="theirs")
        await first.exchange()
        await second.collection("notes").insert(id="ours")
        await second.exchange()
        await second.collection("notes").insert(id="end")
        found = [await anext(changes) for _ in range(3)]
    assert [(one.id, one.is_local) for one in found] == [("ours", True), ("theirs", False), ("end", True)]
    for device in devices:
        await device.close()


async def test_a_reader_cannot_write(tmp_path: Path) -> None:
    """A device whose role is to read gets everything and writes nothing, alone or in a transaction."""
    _, devices = make_world(tmp_path, "reader", 2, [Role.OWNER, Role.READER])
    owner, reader = devices
    for device in devices:
        await device.open()
    await owner.collection("notes").insert({"n": 1}, id="a")
    await owner.exchange()
    await reader.exchange()
    notes = reader.collection("notes")
    assert dict(await notes.get("a")) == {"n": 1}
    for attempt in (notes.insert(), notes.update("a", n=2), notes.delete("a")):
        with pytest.raises(NotPermitted):
            await attempt
    with pytest.raises(NotPermitted):
        async with reader.transaction() as transaction:
            await transaction.update(("notes", "a"), n=2)
    assert reader.state.pending_count == 0
    for device in devices:
        await device.close()
