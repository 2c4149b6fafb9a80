"""Indexes are built in the background while documents change, go on after a restart, are dropped clean."""

from pathlib import Path

import pytest

from syncore.core.errors import Closed, InvalidName, Misused
from syncore.core.ports import SqlConnection
from syncore.documents.changes import UNSET
from syncore.documents.projection_encoding import decode_projection
from syncore.query.definitions import IndexDefinition
from syncore.query.paths import where
from syncore.replica.collection import Collection
from syncore.replica.index_building import MAX_INDEXES
from syncore.replica.index_upkeep import held
from syncore.replica.local_replica import LocalReplica
from syncore.storage.document_rows import DocumentRows
from syncore.storage.index_rows import IndexRows
from tests.replica.databases import open_private


async def check(replica: LocalReplica, space: int, collection: str) -> int:
    """Assert that every complete index has exactly the entries that its documents should have; how many."""

    def look(sql: SqlConnection) -> int:
        rows, count = IndexRows(sql, space), 0
        documents = DocumentRows(sql, space).numbered_page(collection, after="", limit=10_000)
        for index in map(held, rows.of_collection(collection)):
            assert index.is_complete
            definition = index.definition
            assert isinstance(definition, IndexDefinition)
            expected = {
                (key, document)
                for document, found in documents
                for key in definition.keys_of(decode_projection(found.projection).values, found.key.id)
            }
            assert expected == set(sql.rows(f"SELECT key, document FROM index_entries_{index.row.number}"))  # noqa: S608
            count += len(expected)
        return count

    return await replica.read(look)


async def fill(notes: Collection, count: int) -> None:
    """Insert so many documents."""
    for number in range(count):
        await notes.insert({"n": number % 7, "tags": {f"t{number % 3}"}}, id=f"{number:04}")


async def test_an_index_is_built_while_documents_change(tmp_path: Path) -> None:
    """Progress rises to the end; what is written meanwhile, before and behind where it stands, is right."""
    async with open_private(tmp_path / "a.db") as replica:
        notes, local = replica.collection(), replica.local
        await fill(notes, 450)
        index = await notes.create_index("n")
        assert not (await notes.indexes())[0].is_complete
        seen: list[int] = []
        async for progress in index:
            if not seen:
                for id_ in ("0000", "0449"):
                    await notes.update(id_, n=100)
                await notes.delete("0001")
                await notes.insert({"n": 3}, id="0000x")
            seen.append(progress.built)
        assert seen == sorted(seen)
        assert (seen[0], seen[-1]) == (0, 450)
        assert (await index.built()).is_complete
        assert await check(local, local.default_space.number, notes.name) == 450
        for id_ in ("0002", "0003"):
            await notes.delete(id_)
        await notes.update("0004", n=None)
        await notes.update("0005", other=1)
        assert await check(local, local.default_space.number, notes.name) == 448


async def test_building_goes_on_after_a_restart(tmp_path: Path) -> None:
    """A file that was closed half way builds the rest when it is opened, and drops what was being dropped."""
    async with open_private(tmp_path / "a.db") as replica:
        notes = replica.collection()
        await fill(notes, 350)
        await (await notes.create_index("tags", each=True)).built()
        await notes.drop_index("each element of tags")
        index = await notes.create_index("n", name="by n")
        await replica.local.indexing.step()
    with pytest.raises(Closed):
        await index.built()
    async with open_private(tmp_path / "a.db") as replica:
        notes, local = replica.collection(), replica.local
        assert [one.name for one in await notes.indexes()] == ["by n"]
        await (await notes.create_index("n", name="by n")).built()
        assert await check(local, local.default_space.number, notes.name) == 350

        def tables(sql: SqlConnection) -> int:
            return len(sql.rows("SELECT 1 FROM sqlite_master WHERE name LIKE 'index_entries_%'"))

        while await local.read(tables) > 1:
            await local.indexing.step()


async def test_every_kind_of_index_is_kept_true(tmp_path: Path) -> None:
    """Composite, descending, partial ones, and those of elements, through updates, deletions and undo."""
    async with open_private(tmp_path / "a.db") as replica:
        notes, local = replica.collection(), replica.local
        await notes.create_index("n", "-tags")
        await notes.create_index("tags", each=True)
        await notes.create_index("n", where=where.n > 3)
        last = await notes.create_index(where.map.a)
        await last.built()
        await fill(notes, 30)
        number = local.default_space.number
        assert await check(local, number, notes.name) == 30 + 30 + 12 + 30
        await notes.update("0000", {"n": 5, "tags": {"t1", "t2"}, "map": {"a": 1}})
        await notes.delete("0001")
        assert await check(local, number, notes.name) == 29 + 30 + 13 + 29
        await notes.undo("0000")
        await notes.undo("0001")
        assert await check(local, number, notes.name) == 30 + 30 + 12 + 30


async def test_wrong_indexes_are_refused(tmp_path: Path) -> None:
    """Names are taken once, what is asked for again is there, and there are only so many."""
    async with open_private(tmp_path / "a.db") as replica:
        notes = replica.collection()
        await notes.create_index("n")
        assert (await notes.create_index("n")).name == "n"
        assert [one.content for one in await notes.indexes()] == ["n"]
        with pytest.raises(Misused, match="another index 'n'"):
            await notes.create_index("other", name="n")
        with pytest.raises(Misused, match="has no index 'm'"):
            await notes.drop_index("m")
        with pytest.raises(Misused, match="1 to 8 fields"):
            await notes.create_index()
        with pytest.raises(Misused, match="one field"):
            await notes.create_index("a", "b", each=True)
        with pytest.raises(Misused, match="by an expression"):
            await notes.create_index("a", where=lambda _: True)  # type: ignore[arg-type]
        with pytest.raises(InvalidName):
            await notes.create_index("a", name="")
        index = await notes.create_index("gone")
        await notes.drop_index("gone")
        with pytest.raises(Misused, match="was dropped"):
            await index.built()
        for number in range(MAX_INDEXES - 1):
            await notes.create_index(f"f{number}")
        with pytest.raises(Misused, match="already"):
            await notes.create_index("one more")


async def test_an_index_tells_a_missing_field_from_none(tmp_path: Path) -> None:
    """Keys are kept while a field shows the same; None, nothing and a list are told apart."""
    async with open_private(tmp_path / "a.db") as replica:
        notes, local = replica.collection(), replica.local
        index = await notes.create_index("n")
        await index.built()
        note = await notes.insert({"n": None, "m": 0})
        space = local.default_space.number
        for change in (
            {"n": UNSET},
            {"m": 1},
            {"n": None},
            {"n": [1]},
            {"m": 2},
            {"n": [2]},
            {"n": 0},
            {"n": 0.0},
        ):
            await notes.update(note.id, change)
            assert await check(local, space, notes.name) == 1
        await notes.delete(note.id)
        assert await check(local, space, notes.name) == 0
        await notes.insert({"n": 1}, id=note.id)
        assert await check(local, space, notes.name) == 1


async def test_an_index_made_anew_goes_by_its_own_content(tmp_path: Path) -> None:
    """What was remembered for the indexes before is not taken for those after."""
    async with open_private(tmp_path / "a.db") as replica:
        notes, local = replica.collection(), replica.local
        await (await notes.create_index("n")).built()
        note = await notes.insert({"n": 1, "m": 1})
        await notes.drop_index("n")
        await (await notes.create_index("m")).built()
        await notes.update(note.id, n=2)
        await notes.update(note.id, m=2)
        assert await check(local, local.default_space.number, notes.name) == 1
