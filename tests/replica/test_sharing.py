"""Sharing makes every document afresh, all in one transaction."""

import asyncio
from pathlib import Path

import pytest

from syncore.core.errors import DiskFull, InvalidToken
from syncore.core.identifiers import DeviceIndex, Incarnation, make_writer
from syncore.documents.changes import Counter, List, Text, increment, splice
from syncore.protocol.commit_codec import decode_commit
from syncore.protocol.control_records import AcceptedRecord
from syncore.replica.collection import Collection
from syncore.storage.pending_rows import PendingRows
from tests.replica.databases import PrivateReplica, let_others_run, open_private
from tests.replica.invariants import check_file_alone
from tests.replica.world import ListRelay, make_world

WRITER = make_writer(DeviceIndex(0), Incarnation(5))


def make_relay(folder: Path) -> ListRelay:
    """A relay with a space to share into."""
    return make_world(folder, "share", 1)[0]


async def share(replica: PrivateReplica, relay: ListRelay) -> None:
    """Turn the private space into the relay's."""
    control = [content for _, content in relay.items if isinstance(content, AcceptedRecord)]
    await replica.local.share_private(relay.space, WRITER, control=control)


async def test_documents_are_kept_and_their_history_is_shed(tmp_path: Path) -> None:
    """Ids and values of live documents stay; old dots, conflicts, deleted documents and old text do not."""
    async with open_private(tmp_path / "a.db") as replica:
        notes = replica.collection()
        fields = {"r": 1, "n": Counter(1), "t": Text("secret"), "l": List([1, [2]]), "s": {"x"}, "e": set()}
        made = await notes.insert(fields, id="a")
        await notes.update("a", t=splice(0, 6, "public"), n=increment(4))
        await notes.update("a", r=2, seen=made.token)
        await notes.update("a", r=3, seen=made.token)
        await notes.insert({"x": "deleted secret"}, id="b")
        await notes.delete("b")
        before = dict(await notes.get("a"))
        async with notes.watch() as changes:
            await share(replica, make_relay(tmp_path))
            state = replica.local.default_space
            assert (state.is_private, state.writer, len(replica.local.spaces)) == (False, WRITER, 1)
            after = await notes.get("a")
            assert (dict(after), after.conflicts) == (before, ())
            assert await notes.find_one("b") is None
            await notes.update("a", r=4)
            assert (await anext(changes)).id == "a"
        with pytest.raises(InvalidToken):
            await notes.update("a", r=5, seen=made.token)
        await check_file_alone(replica.local, replica.number)
        bodies = await replica.local.read(
            lambda sql: [row.body for row in PendingRows(sql, replica.number).all()]
        )
        assert not any(b"secret" in body for body in bodies)
        assert [len(decode_commit(body).entries) for body in bodies] == [2, 1]


async def test_a_large_space_is_shared_in_several_commits(tmp_path: Path) -> None:
    """Documents are grouped into commits of bounded size; none is left out."""
    async with open_private(tmp_path / "a.db") as replica:
        async with replica.transaction() as transaction:
            for number in range(700):
                await transaction.insert("notes", {"n": number}, id=f"{number:03}")
        await replica.collection("large").insert({"x": "y" * 400_000}, id="a")
        await replica.collection("large").insert({"x": "z" * 400_000}, id="b")
        await share(replica, make_relay(tmp_path))
        assert replica.local.default_space.pending_count == 4
        assert len([one async for one in replica.collection().find()]) == 700
        assert [one.id async for one in replica.collection("large").find()] == ["a", "b"]
        await check_file_alone(replica.local, replica.number)


async def test_a_failed_sharing_leaves_the_private_space(tmp_path: Path) -> None:
    """When the transaction cannot be committed, the space is private as before, and can be shared later."""
    async with open_private(tmp_path / "a.db") as replica:
        await replica.collection().insert({"n": 1}, id="a")
        before = replica.local.default_space
        replica.database.failing = [True]
        with pytest.raises(DiskFull):
            await share(replica, make_relay(tmp_path))
        assert replica.local.default_space == before
        await replica.collection().update("a", n=2)
        await share(replica, make_relay(tmp_path))
        assert dict(await replica.collection().get("a")) == {"n": 2}
        await check_file_alone(replica.local, replica.number)


async def test_writes_that_wait_meanwhile_follow(tmp_path: Path) -> None:
    """A commit that waits while the space is shared is made in the shared one, unless it has an old token."""
    async with open_private(tmp_path / "a.db") as replica:
        notes = Collection(replica.local, lambda: 1, "notes")
        made = await notes.insert({"n": 1}, id="a")
        turnstile = replica.database.turnstile = asyncio.Semaphore(0)
        sharing = asyncio.ensure_future(share(replica, make_relay(tmp_path)))
        await let_others_run()
        updating = asyncio.ensure_future(notes.update("a", n=2))
        outdated = asyncio.ensure_future(notes.update("a", m=3, seen=made.token))
        await let_others_run()
        replica.database.turnstile = None
        turnstile.release()
        await sharing
        assert dict(await updating) == {"n": 2}
        with pytest.raises(InvalidToken):
            await outdated
        assert dict(await replica.collection().get("a")) == {"n": 2}
        await check_file_alone(replica.local, replica.number)


async def test_a_space_is_shared_once(tmp_path: Path) -> None:
    """Of two callers who share at the same time, one succeeds and one is told."""
    async with open_private(tmp_path / "a.db") as replica:
        relay = make_relay(tmp_path)
        found = await asyncio.gather(share(replica, relay), share(replica, relay), return_exceptions=True)
        assert sorted(type(one).__name__ for one in found) == ["Misused", "NoneType"]
        assert len(replica.local.spaces) == 1
