"""Where it is kept how far documents were looked at."""

from pathlib import Path

from syncore.core.ports import Durability, SqlConnection
from syncore.replica.constraint_build import ConstraintBuild
from syncore.replica.constraint_stages import begun_build, read_build, write_build
from syncore.storage.document_rows import DocumentRows
from tests.replica.databases import open_private

BUILD = ConstraintBuild(collections=("a",), until=9, total=7)


async def test_each_space_has_its_own(tmp_path: Path) -> None:
    """It is read as it was written, for its space alone, and is gone when it is done."""

    def check(sql: SqlConnection) -> None:
        write_build(sql, 1, BUILD)
        assert read_build(sql, 1) == BUILD
        assert read_build(sql, 11) is None
        write_build(sql, 1, None)
        assert read_build(sql, 1) is None

    async with open_private(tmp_path / "a.db") as replica:
        await replica.local.database.write(check, Durability.NORMAL)


async def test_a_second_beginning_takes_over_what_the_first_left(tmp_path: Path) -> None:
    """Both collections are looked at from the start, with every document that is there, deleted ones too."""
    async with open_private(tmp_path / "a.db") as replica:
        for name in "abc":
            await replica.collection(name).insert({}, id="one")
            await replica.collection(name).insert({}, id="two")
        await replica.collection("b").delete("one")
        begun = await replica.local.read(
            lambda sql: begun_build(BUILD, ["b"], DocumentRows(sql, replica.number))
        )
    assert begun == ConstraintBuild(collections=("a", "b"), until=6, total=4)
