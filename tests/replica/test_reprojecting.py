"""Documents show what the rules say, as soon as these change: by settings, by merging, by another program."""

from pathlib import Path

import pytest

from syncore.core.errors import DiskFull
from syncore.documents.resolvers import Candidate, Resolver
from syncore.documents.rules import DeletionRule
from syncore.replica.digesting import space_digest
from tests.replica.databases import PrivateReplica, open_private
from tests.replica.invariants import check_device, check_file_alone
from tests.replica.world import make_world

SUM = Resolver("sum", 1, lambda given: sum(one.value for one in given))  # type: ignore[misc]


def broken(given: list[Candidate]) -> int:
    """A resolver that fails."""
    raise ValueError(given[0].value)


BROKEN = Resolver("sum", 1, broken)  # type: ignore[arg-type]


async def contested(replica: PrivateReplica, id_: str, *values: object) -> None:
    """Make a document whose register ``n`` was written by several at once."""
    notes = replica.collection()
    made = await notes.insert({"n": 0}, id=id_)
    for value in values:
        await notes.update(id_, n=value, seen=made.token)


async def shown(replica: PrivateReplica) -> list[object]:
    """What every document shows, by its id."""
    return [document["n"] async for document in replica.collection().find()]


async def test_settings_change_what_is_shown_at_once(tmp_path: Path) -> None:
    """All documents of the collection, over many pages, and none of another one; watchers are told."""
    async with open_private(tmp_path / "a.db") as replica:
        for number in range(600):
            await contested(replica, f"{number:03}", 2, 1)
        await replica.collection().insert({"n": 7}, id="x")
        assert await shown(replica) == [1] * 600 + [7]
        async with replica.collection().watch() as changes:
            await replica.collection("tasks").configure(default="max")
            await replica.collection().configure(default="max")
            assert await shown(replica) == [2] * 600 + [7]
            told = [await anext(changes) for _ in range(600)]
            assert {(one.id, one.document["n"]) for one in told if one.document is not None} == {
                (f"{number:03}", 2) for number in range(600)
            }
            await replica.collection().configure(default="first_write")
            assert (await anext(changes)).id == "000"
        await check_file_alone(replica.local, replica.number)


async def test_a_watcher_hears_of_no_more_than_changed(tmp_path: Path) -> None:
    """A document that shows the same by the new rule is not told of."""
    async with open_private(tmp_path / "a.db") as replica:
        await contested(replica, "same", 1, 2)
        await contested(replica, "other", 2, 1)
        async with replica.collection().watch() as changes:
            await replica.collection().configure(fields={"n": "max"})
            await replica.collection().insert({}, id="end")
            assert {(await anext(changes)).id for _ in range(3)} == {"same", "other", "end"}
            await replica.collection().configure(fields={"n": "union"})
            await replica.collection().configure(fields={"n": "union"}, default="ask")
            await replica.collection().insert({}, id="end 2")
            assert [(await anext(changes)).id for _ in range(3)] == ["other", "same", "end 2"]


async def test_merged_settings_change_what_is_shown(tmp_path: Path) -> None:
    """What another device sets holds here with the merge, also for documents of the same batch."""
    _, devices = make_world(tmp_path, "merged", 2)
    first, second = devices
    for device in devices:
        await device.open()
    await first.collection("notes").insert({"n": 0}, id="old")
    await first.exchange()
    await second.exchange()
    await first.collection("notes").update("old", n=9)
    await second.collection("notes").update("old", n=3)
    await second.exchange()
    await first.exchange()
    await first.collection("notes").configure(fields={"n": "max"}, deletion="delete_wins")
    await first.exchange()
    await second.exchange()
    assert (await second.collection("notes").get("old"))["n"] == 9
    assert (await second.collection("notes").settings()).deletion is DeletionRule.DELETE_WINS
    for device in devices:
        await check_device(device)
        await device.close()


async def test_a_settings_change_that_fails_changes_nothing(tmp_path: Path) -> None:
    """Rules in memory are those of the file."""
    async with open_private(tmp_path / "a.db") as replica:
        await contested(replica, "a", 2, 1)
        replica.database.failing = [True]
        with pytest.raises(DiskFull):
            await replica.collection().configure(default="max")
        assert await shown(replica) == [1]
        await replica.collection().configure(default="max")
        assert await shown(replica) == [2]


async def test_another_program_shows_by_its_own_resolvers(tmp_path: Path) -> None:
    """Opened without a resolver, documents show the default; with it again, what it decides. State stays."""
    path = tmp_path / "a.db"
    async with open_private(path, resolvers=[SUM]) as replica:
        await contested(replica, "a", 2, 1)
        await replica.collection().configure(default=SUM)
        assert await shown(replica) == [3]
        assert replica.local.default_space.lacking_rules() == ()
        digest = await space_digest(replica.local, replica.number)
    async with open_private(path) as replica:
        assert await shown(replica) == [1]
        assert "sum@1" in replica.local.default_space.lacking_rules()[0]
        assert await space_digest(replica.local, replica.number) == digest
        await check_file_alone(replica.local, replica.number)
    async with open_private(path, resolvers=[SUM]) as replica:
        assert await shown(replica) == [3]
        await check_file_alone(replica.local, replica.number)


async def test_a_failing_resolver_is_named_and_tried_again(tmp_path: Path) -> None:
    """The default is shown, the status says what went wrong, and the next program may have better luck."""
    path = tmp_path / "a.db"
    async with open_private(path, resolvers=[BROKEN]) as replica:
        await contested(replica, "a", 2, 1)
        await replica.collection().configure(default=BROKEN)
        assert await shown(replica) == [1]
    async with open_private(path, resolvers=[BROKEN]) as replica:
        [failure] = replica.local.default_space.lacking_rules()
        assert "ValueError" in failure
    async with open_private(path, resolvers=[SUM]) as replica:
        assert await shown(replica) == [3]
        assert replica.local.default_space.lacking_rules() == ()


async def test_a_file_that_is_only_read_shows_what_its_owner_stored(tmp_path: Path) -> None:
    """A reader writes nothing, and needs none of the owner's resolvers."""
    path = tmp_path / "a.db"
    async with open_private(path, resolvers=[SUM]) as replica:
        await contested(replica, "a", 2, 1)
        await replica.collection().configure(default=SUM)
    async with open_private(path, read_only=True) as reader:
        assert await shown(reader) == [3]
        assert await reader.inbox.conflicts(None, resolved=False) == []
