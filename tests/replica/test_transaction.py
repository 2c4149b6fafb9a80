"""Transactions: all or nothing, and what they see of themselves."""

from pathlib import Path

import pytest

from syncore.core.errors import Closed, DocumentExists, DocumentNotFound, InvalidChange, InvalidName
from syncore.documents.changes import Counter, Text, add, increment, rewrite, splice
from syncore.replica.digesting import space_digest
from tests.replica.databases import open_private
from tests.replica.invariants import check_file_alone


async def test_all_of_it_becomes_visible_at_once(tmp_path: Path) -> None:
    """Nobody sees a write before the block ends, and then all of them, under one number."""
    async with open_private(tmp_path / "a.db") as replica:
        notes = replica.collection()
        async with notes.watch() as changes, replica.transaction() as transaction:
            await transaction.insert("notes", {"n": 1}, id="a")
            fresh = await transaction.insert("notes")
            assert await notes.find_one("a") is None
        assert {(await anext(changes)).id, (await anext(changes)).id} == {"a", fresh}
        assert set(transaction.documents) == {("notes", "a"), ("notes", fresh)}
        assert transaction.documents["notes", "a"] == await notes.get("a")
        assert replica.local.default_space.next_number == 2


async def test_it_reads_its_own_writes(tmp_path: Path) -> None:
    """Reads show what the transaction has written so far, in fields of every kind, and what others did."""
    async with open_private(tmp_path / "a.db") as replica:
        notes = replica.collection()
        await notes.insert({"t": Text("abc"), "n": Counter(1), "s": {"x"}, "r": 1}, id="a")
        async with replica.transaction() as transaction:
            changes = {"t": splice(1, 1, "BB"), "n": increment(2), "s": add("y"), "r": 2}
            await transaction.update(("notes", "a"), changes)
            assert dict(await transaction.get("notes", "a")) == {
                "t": "aBBc",
                "n": 3,
                "s": frozenset({"x", "y"}),
                "r": 2,
            }
            await transaction.update(("notes", "a"), t=splice(0, 1), n=rewrite(lambda n: int(str(n)) * 2))
            assert (await transaction.get("notes", "a"))["t"] == "BBc"
            await transaction.delete(("notes", "a"))
            with pytest.raises(DocumentNotFound):
                await transaction.get("notes", "a")
            await transaction.insert("notes", {"new": True}, id="a")
            assert dict(await transaction.get("notes", "a")) == {"new": True}
            with pytest.raises(DocumentNotFound):
                await transaction.get("notes", "never")
            await notes.insert({"by": "another"}, id="b")
            assert (await transaction.get("notes", "b"))["by"] == "another"
        assert dict(await notes.get("a")) == {"new": True}
        await check_file_alone(replica.local, replica.number)


async def test_what_others_commit_meanwhile_is_built_upon(tmp_path: Path) -> None:
    """Changes are planned against what is visible at the commit, positions in texts included."""
    async with open_private(tmp_path / "a.db") as replica:
        notes = replica.collection()
        await notes.insert({"n": Counter(1), "t": Text("abc"), "r": 0}, id="a")
        async with replica.transaction() as transaction:
            await transaction.update(
                ("notes", "a"),
                n=increment(),
                t=rewrite(lambda text: f"{text}!"),
                r=rewrite(lambda r: (r, 1)[1]),
            )
            await notes.update("a", n=increment(10), t=splice(0, 0, "x"), r=5)
        found = await notes.get("a")
        assert (found["n"], found["t"], found["r"], found.conflicts) == (12, "xabc!", 1, ())
        await check_file_alone(replica.local, replica.number)


async def test_a_commit_that_became_impossible_leaves_nothing(tmp_path: Path) -> None:
    """When others made a write impossible meanwhile, the block's end raises and nothing of it is kept."""
    async with open_private(tmp_path / "a.db") as replica:
        notes = replica.collection()
        await notes.insert(id="a")
        transaction = replica.transaction()
        with pytest.raises(DocumentExists):  # noqa: PT012 - the end of the block is what raises
            async with transaction:
                await transaction.update(("notes", "a"), n=1)
                await transaction.insert("notes", id="b")
                await notes.insert({"first": True}, id="b")
        assert dict(await notes.get("a")) == {}
        assert dict(await notes.get("b")) == {"first": True}
        assert transaction.documents == {}
        await check_file_alone(replica.local, replica.number)


async def test_an_exception_in_the_block_leaves_nothing(tmp_path: Path) -> None:
    """Whatever ends the block early takes all of its writes back."""
    async with open_private(tmp_path / "a.db") as replica:
        digest = await space_digest(replica.local, replica.number)
        transaction = replica.transaction()
        with pytest.raises(ZeroDivisionError):  # noqa: PT012 - the block is what is left
            async with transaction:
                await transaction.insert("notes", id="a")
                raise ZeroDivisionError
        assert await space_digest(replica.local, replica.number) == digest


async def test_an_error_belongs_to_its_line(tmp_path: Path) -> None:
    """A write that cannot be carried out raises where it stands; caught there, the rest is committed."""
    async with open_private(tmp_path / "a.db") as replica:
        notes = replica.collection()
        await notes.insert({"t": Text("abc")}, id="a")
        async with replica.transaction() as transaction:
            await transaction.update(("notes", "a"), n=1)
            with pytest.raises(DocumentExists):
                await transaction.insert("notes", id="a")
            with pytest.raises(InvalidChange):
                await transaction.update(("notes", "a"), m=2, t=splice(9, 0, "x"))
            with pytest.raises(InvalidChange):
                await transaction.update(("notes", "a"))
            with pytest.raises(InvalidName):
                await transaction.insert("", id="a")
            with pytest.raises(DocumentNotFound):
                await transaction.delete(("notes", "missing"))
        assert dict(await notes.get("a")) == {"n": 1, "t": "abc"}


async def test_an_empty_transaction_commits_nothing(tmp_path: Path) -> None:
    """A block without writes takes no number."""
    async with open_private(tmp_path / "a.db") as replica:
        async with replica.transaction() as transaction:
            pass
        assert transaction.documents == {}
        assert replica.local.default_space.next_number == 1


async def test_a_transaction_is_used_once(tmp_path: Path) -> None:
    """After its block, a transaction takes and shows nothing more."""
    async with open_private(tmp_path / "a.db") as replica:
        async with replica.transaction() as transaction:
            await transaction.insert("notes", id="a")
        for attempt in (
            transaction.insert("notes"),
            transaction.update(("notes", "a"), n=1),
            transaction.delete(("notes", "a")),
            transaction.get("notes", "a"),
        ):
            with pytest.raises(Closed):
                await attempt


async def test_a_document_made_and_deleted_within(tmp_path: Path) -> None:
    """What a transaction makes and deletes again was never there for anybody else."""
    async with open_private(tmp_path / "a.db") as replica:
        async with replica.transaction() as transaction:
            await transaction.insert("notes", {"t": Text("abc")}, id="a")
            await transaction.delete(("notes", "a"))
        assert await replica.collection().find_one("a") is None
        await check_file_alone(replica.local, replica.number)
