"""Listing what does not fit."""

from pathlib import Path

import pytest

from syncore.core.errors import Closed, InvalidName
from syncore.replica.invalid import list_invalid, watch_invalid
from tests.replica.databases import open_private


async def test_many_are_listed_in_the_order_of_collections_and_ids(tmp_path: Path) -> None:
    """Over several pages, also by a reader that does not own the file; without deleted documents."""
    path = tmp_path / "a.db"
    async with open_private(path) as replica:
        for name in ("b", "a"):
            for number in range(70):
                await replica.collection(name).insert({"n": "x"}, id=f"{99 - number:03}")
            await replica.collection(name).configure(schema={"properties": {"n": {"type": "integer"}}})
            await replica.collection(name).delete("099")
        found = await list_invalid(replica.local, replica.number, None)
        places = [(one.document.collection, one.document.id) for one in found]
        assert places == [(name, f"{number:03}") for name in "ab" for number in range(30, 99)]
        with pytest.raises(InvalidName):
            await list_invalid(replica.local, replica.number, "$settings")
    async with open_private(path, read_only=True) as reader:
        assert len(await reader.collection("b").invalid()) == 69


async def test_the_list_is_live(tmp_path: Path) -> None:
    """It comes now, and again when a document stops or begins to fit, is deleted, or is judged otherwise."""
    async with open_private(tmp_path / "a.db") as replica:
        notes = replica.collection()
        await notes.insert({"n": "x"}, id="a")
        await notes.insert({"n": 1}, id="b")
        lists = watch_invalid(replica.local, lambda: replica.number, None)
        mine = notes.watch_invalid()
        assert await anext(lists) == await anext(mine) == []
        await notes.configure(schema={"properties": {"n": {"type": "integer"}}})
        [found] = await anext(lists)
        assert (found.document.id, found.problems[0].expected) == ("a", "an integer")
        assert await anext(mine) == [found]
        await replica.collection("others").insert({"n": "y"})
        await notes.update("b", n=2)
        await notes.update("a", n=0)
        assert await anext(lists) == await anext(mine) == []
        await notes.configure(schema={"properties": {"n": {"type": "string"}}})
        assert [one.document.id for one in await anext(lists)] == ["a", "b"]
        await notes.delete("a")
        assert [one.document.id for one in await anext(lists)] == ["b"]
        with pytest.raises(InvalidName):
            await anext(watch_invalid(replica.local, lambda: replica.number, "$settings"))


async def test_a_list_that_is_being_made_ends_with_the_replica(tmp_path: Path) -> None:
    """Closed between two pages of its first reading, the list ends quietly."""
    async with open_private(tmp_path / "a.db") as replica:
        notes = replica.collection()
        await notes.insert({"n": "x"}, id="a")
        lists = notes.watch_invalid()
        assert await anext(lists) == []
        await notes.configure(schema={"properties": {"n": {"type": "integer"}}})
        await replica.local.close()
        with pytest.raises(StopAsyncIteration):
            await anext(lists)
        with pytest.raises(Closed):
            await anext(notes.watch_invalid())
