"""Indexes that a model declares are made when it is used."""

from pathlib import Path

import pytest

from syncore import where
from syncore.core.errors import Misused
from syncore.replica.model import Model
from syncore.replica.model_collection import ModelCollection
from syncore.replica.model_fields import field
from tests.replica.databases import open_private


class Page(Model, collection="pages"):
    """Something with an index of every kind."""

    url: str = field(index="hash")
    year: int | None = field(default=None, index=True)
    tags: set[str] = field(default_factory=set, index="each")
    title: str = field(fulltext=3)
    body: str = field(default="", fulltext=True)


async def test_declared_indexes_are_made_with_the_first_write(tmp_path: Path) -> None:
    """Each kind, under the name it would have if a program made it; again nothing happens."""
    async with open_private(tmp_path / "a.db") as replica:
        local = replica.local
        pages = ModelCollection(local, lambda: local.default_space.number, Page)
        await pages.insert(Page(url="x" * 900, title="The café", tags={"a"}))
        names = ["hash of url", "year", "each element of tags", "text of title, body"]
        assert [index.name for index in await pages.documents.indexes()] == names
        await pages.insert(Page(url="y" * 900, title="Other", body="a cafe too"))
        assert len(await pages.documents.indexes()) == 4
        assert "hash of url" in await pages.find(where.url == "x" * 900).explain()
        found = await pages.search("CAFE")
        assert [hit.document.title for hit in found] == ["The café", "Other"]
        assert found[0].excerpt() == "The **café**"
        assert [hit.document.title for hit in await pages.search("cafe", {"url": "y" * 900})] == ["Other"]


async def test_a_search_makes_the_index_too(tmp_path: Path) -> None:
    """Whoever only reads finds what another program wrote."""
    async with open_private(tmp_path / "a.db") as replica:
        local = replica.local
        pages = ModelCollection(local, lambda: local.default_space.number, Page)
        await pages.documents.insert({"url": "x", "title": "One"})
        assert [hit.document.url for hit in await pages.search("one")] == ["x"]


def test_no_other_kinds_are_declared() -> None:
    """A misspelt kind is refused where it is written."""
    with pytest.raises(Misused):
        field(index="hsah")
