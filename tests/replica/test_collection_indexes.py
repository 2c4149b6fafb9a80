"""Making, listing and dropping indexes, and what of it is refused."""

from pathlib import Path

import pytest

from syncore import where
from syncore.core.errors import Misused
from tests.replica.databases import open_private


async def test_an_index_is_made_once_and_goes_when_it_is_dropped(tmp_path: Path) -> None:
    """The same one again is the one that is there; all kinds are listed in order, a dropped one is not."""
    async with open_private(tmp_path / "a.db") as replica:
        notes = replica.collection()
        await notes.insert({"title": "Alien", "url": "x"}, id="n")
        for _ in range(2):
            await (await notes.create_index("title", name="ordered")).built()
        await (await notes.create_index("url", name="hashed", kind="hash")).built()
        await (await notes.create_text_index("title", name="words")).built()
        assert [index.name for index in await notes.indexes()] == ["ordered", "hashed", "words"]
        assert [hit.document.id async for hit in notes.search("alien")] == ["n"]
        await notes.drop_index("ordered")
        assert [index.name for index in await notes.indexes()] == ["hashed", "words"]
        assert [document.id async for document in notes.find(where.title == "Alien")] == ["n"]


async def test_indexes_that_cannot_be_are_refused(tmp_path: Path) -> None:
    """A name that is taken, one that is of no index, a direction without order, words in an ordered one."""
    async with open_private(tmp_path / "a.db") as replica:
        notes = replica.collection()
        await notes.create_index("title", name="one")
        with pytest.raises(Misused, match="one"):
            await notes.create_index("url", name="one")
        with pytest.raises(Misused, match="none"):
            await notes.drop_index("none")
        with pytest.raises(Misused, match="no direction"):
            await notes.create_text_index("-title")
        with pytest.raises(Misused, match="full-text"):
            _ = [hit async for hit in notes.search("alien", index="one")]
        assert [index.name for index in await notes.indexes()] == ["one"]
