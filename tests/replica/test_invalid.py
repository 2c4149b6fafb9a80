"""Listing what does not fit."""

from pathlib import Path

import pytest

from syncore.core.errors import InvalidName
from syncore.replica.invalid import list_invalid
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
