"""Opening, group commit, and what is left when a write fails or its caller goes away."""

import asyncio
from pathlib import Path

import pytest

from syncore.core.errors import (
    Closed,
    DiskFull,
    DocumentExists,
    DocumentNotFound,
    InvalidChange,
    Misused,
    NotAReplica,
    ReadOnly,
    StorageError,
)
from syncore.core.identifiers import (
    PRIVATE_SPACE,
    DeviceIndex,
    DocumentKey,
    Incarnation,
    SpaceId,
    Writer,
    make_writer,
)
from syncore.core.limits import MAX_CACHED_DOCUMENTS, MAX_GROUP_COMMITS
from syncore.core.ports import Durability
from syncore.documents.changes import Counter, List, Text, add, increment, rewrite, splice
from syncore.protocol.control_records import AcceptedRecord
from syncore.replica.collection import Collection
from syncore.replica.digesting import space_digest
from syncore.replica.intents import Intent, Verb
from syncore.replica.requests import CommitRequest
from tests.replica.databases import PrivateReplica, TroubledDatabase, let_others_run, open_private
from tests.replica.invariants import check_file_alone
from tests.replica.world import make_world

RICH = {"title": "a", "text": Text("abc"), "list": List([1]), "tags": {"x"}, "votes": Counter(1)}


async def insert_many(replica: PrivateReplica, ids: list[str]) -> list[object]:
    """Insert documents from concurrent callers; what each got."""
    callers = (replica.collection().insert({"n": id_}, id=id_) for id_ in ids)
    return list(await asyncio.gather(*callers, return_exceptions=True))


async def ids_of(replica: PrivateReplica) -> list[str]:
    """The ids of all documents."""
    return [document.id async for document in replica.collection().find()]


async def test_a_new_file_has_a_private_space(tmp_path: Path) -> None:
    """A fresh file has an id, and one private default space without documents."""
    async with open_private(tmp_path / "a.db") as replica:
        assert len(replica.local.id) == 16
        assert replica.local.default_space.id == PRIVATE_SPACE
        assert replica.local.default_space.is_private
        assert replica.local.space_by_id(SpaceId(b"x" * 32)) is None
        assert await ids_of(replica) == []


async def test_a_file_is_the_same_when_it_is_opened_again(tmp_path: Path) -> None:
    """Id, writer, numbers, documents and digest survive closing and opening, whatever entropy says then."""
    async with open_private(tmp_path / "a.db") as replica:
        await replica.collection().insert(RICH, id="a")
        await replica.collection().update("a", text=splice(0, 1, "x"), votes=increment(2))
        before = replica.local.id, replica.local.default_space
        digest = await space_digest(replica.local, replica.number)
    async with open_private(tmp_path / "a.db", seed="another") as replica:
        assert (replica.local.id, replica.local.default_space) == before
        assert await space_digest(replica.local, replica.number) == digest
        await replica.collection().update("a", text=splice(0, 0, "y"))
        assert (await replica.collection().get("a"))["text"] == "yxbc"
        await check_file_alone(replica.local, replica.number)


async def test_a_private_space_keeps_nothing_pending(tmp_path: Path) -> None:
    """In a private space everything is confirmed at once: no pending row, every state written."""
    async with open_private(tmp_path / "a.db") as replica:
        await insert_many(replica, ["a", "b"])
        await replica.collection().insert(RICH, id="c")
        await replica.collection().delete("a")
        state = replica.local.default_space
        assert state.pending_count == 0
        counts = await replica.local.read(
            lambda sql: [
                sql.row(f"SELECT count(*) FROM {table}")  # noqa: S608 - names from this test
                for table in ("pending", "pending_documents", "states", "rich_clocks")
            ]
        )
        assert counts == [(0,), (0,), (3,), (0,)]
        assert state.heads[state.writer].number == 4
        await check_file_alone(replica.local, replica.number)


async def test_concurrent_commits_share_a_transaction(tmp_path: Path) -> None:
    """Callers who wait together are committed together, in order, each under a number of its own."""
    async with open_private(tmp_path / "a.db") as replica:
        turnstile = replica.database.turnstile = asyncio.Semaphore(0)
        first = asyncio.ensure_future(replica.collection().insert(id="first"))
        await let_others_run()
        ids = [f"{number:04}" for number in range(MAX_GROUP_COMMITS + 10)]
        others = asyncio.ensure_future(insert_many(replica, ids))
        await let_others_run()
        replica.database.turnstile = None
        turnstile.release()
        await first
        found = await others
        assert [document.id for document in found] == ids  # type: ignore[attr-defined]
        assert await ids_of(replica) == [*ids, "first"]
        state = replica.local.default_space
        assert state.heads[state.writer].number == len(ids) + 1


async def test_one_failing_transaction_harms_no_other(tmp_path: Path) -> None:
    """In a group, a transaction that cannot be planned fails alone and takes no number."""
    async with open_private(tmp_path / "a.db") as replica:
        notes = replica.collection()
        await notes.insert(RICH, id="a")
        found = await asyncio.gather(
            notes.update("a", votes=increment(10)),
            notes.insert(id="a"),
            notes.update("a", text=splice(0, 0, "1"), title=increment(1)),
            notes.update("missing", x=1),
            notes.update("a", text=splice(0, 0, "2"), tags=add("y")),
            notes.insert(id="b"),
            return_exceptions=True,
        )
        kinds = [type(one) for one in found]
        assert kinds[1:4] == [DocumentExists, InvalidChange, DocumentNotFound]
        assert (await notes.get("a"))["text"] == "2abc"
        assert (await notes.get("a"))["votes"] == 11
        assert await ids_of(replica) == ["a", "b"]
        state = replica.local.default_space
        assert state.heads[state.writer].number == 4
        await check_file_alone(replica.local, replica.number)


async def test_what_a_function_of_the_program_raises_comes_out(tmp_path: Path) -> None:
    """A rewrite that raises fails its transaction with that error, after edits of a text too."""

    def fail(_value: object) -> object:
        raise ZeroDivisionError

    async with open_private(tmp_path / "a.db") as replica:
        await replica.collection().insert(RICH, id="a")
        with pytest.raises(ZeroDivisionError):
            await replica.collection().update("a", text=splice(0, 0, "zzz"), title=rewrite(fail))
        assert (await replica.collection().get("a"))["text"] == "abc"
        await check_file_alone(replica.local, replica.number)


@pytest.mark.parametrize("is_shared", [False, True])
async def test_a_failed_commit_leaves_nothing(tmp_path: Path, *, is_shared: bool) -> None:
    """When SQLite cannot commit, its group fails, memory is what the file says, and the next one works."""
    _, (device,) = make_world(tmp_path, "failing", 1)
    async with open_private(tmp_path / "private.db") as replica:
        if is_shared:
            await device.open()
            local, number, database = device.local, device.number, None
        else:
            local, number, database = replica.local, replica.number, replica.database
        if database is None:
            database = TroubledDatabase(local.database)
            local.database = database
        notes = Collection(local, lambda: number, "notes")
        await notes.insert(RICH, id="a")
        digest = await space_digest(local, number)
        watcher = notes.watch()
        before = local.spaces[number].next_number
        database.failing = [True]
        found = await asyncio.gather(
            notes.update("a", text=splice(0, 0, "lost"), votes=increment(5), title="lost"),
            notes.insert(id="b"),
            notes.delete("a"),
            return_exceptions=True,
        )
        assert [type(one) for one in found] == [DiskFull] * 3
        assert await space_digest(local, number) == digest
        assert (await notes.get("a"))["text"] == "abc"
        await check_file_alone(local, number)
        await asyncio.gather(notes.insert(id="b"), notes.delete("a"), notes.insert(RICH, id="c"))
        database.failing = [True]
        with pytest.raises(DiskFull):
            await notes.update("c", text=splice(0, 3, "lost"), list=splice(0, 1, [2]))
        assert (await notes.get("c"))["text"] == "abc"
        await notes.update("c", text=splice(3, 0, "d"))
        assert (await notes.get("c"))["text"] == "abcd"
        assert await notes.find_one("a") is None
        assert local.spaces[number].next_number == before + 4
        assert [(await anext(watcher)).id for _ in range(4)] == ["b", "a", "c", "c"]
        await check_file_alone(local, number)
        if is_shared:
            await device.exchange()
            await device.close()


@pytest.mark.parametrize("unreadable", [1, 2])
async def test_nothing_is_done_with_memory_that_could_not_be_made_anew(
    tmp_path: Path, unreadable: int
) -> None:
    """A segment whose merge failed is merged later, also if the file could not be read right after it."""
    _, (author, reader) = make_world(tmp_path, "unreadable", 2)
    await author.open()
    await reader.open()
    await author.collection("notes").insert({"n": 1}, id="a")
    await author.exchange()
    database = reader.local.database = TroubledDatabase(reader.local.database)
    database.failing, database.unreadable = [True], unreadable
    with pytest.raises(DiskFull):
        await reader.pull()
    if unreadable > 1:
        with pytest.raises(StorageError, match="does not read"):
            await reader.local.recall()
    await reader.local.recall()
    await reader.pull()
    assert (await reader.collection("notes").get("a"))["n"] == 1
    assert await space_digest(reader.local, reader.number) == await space_digest(author.local, author.number)
    await check_file_alone(reader.local, reader.number)
    await author.close()
    await reader.close()


async def test_a_commit_does_not_go_on_from_doubtful_memory(tmp_path: Path) -> None:
    """It fails as long as the file cannot be read, and then takes the number that the failed one had."""
    async with open_private(tmp_path / "a.db") as replica:
        await replica.collection().insert({"n": 0}, id="a")
        before = replica.local.default_space.next_number
        replica.database.failing, replica.database.unreadable = [True], 2
        with pytest.raises(DiskFull):
            await replica.collection().update("a", n=1)
        with pytest.raises(StorageError, match="does not read"):
            await replica.collection().update("a", n=2)
        await replica.collection().update("a", n=3)
        assert replica.local.default_space.next_number == before + 1
        assert (await replica.collection().get("a"))["n"] == 3
        await check_file_alone(replica.local, replica.number)


async def test_a_new_space_needs_no_reading_afterwards(tmp_path: Path) -> None:
    """A space that is stored is known, also on a disk that cannot be read at that moment."""
    relay, (device,) = make_world(tmp_path, "added", 1)
    control = [content for _, content in relay.items if isinstance(content, AcceptedRecord)]
    async with open_private(tmp_path / "a.db") as replica:
        await replica.collection().insert({"n": 0}, id="a")
        replica.database.unreadable = 1
        writer = make_writer(DeviceIndex(device.index), Incarnation(7))
        state = await replica.local.share_private(relay.space, writer, control=control)
        assert replica.local.default_space is state
        replica.database.unreadable = 0
        assert (await replica.collection().get("a"))["n"] == 0


async def test_a_failed_group_fails_for_all_its_callers(tmp_path: Path) -> None:
    """Everyone whose transaction was in the group gets the error of the storage."""
    async with open_private(tmp_path / "a.db") as replica:
        turnstile = replica.database.turnstile = asyncio.Semaphore(0)
        replica.database.failing = [False, True]
        first = asyncio.ensure_future(replica.collection().insert(id="first"))
        await let_others_run()
        group = asyncio.ensure_future(insert_many(replica, ["a", "b", "c"]))
        await let_others_run()
        turnstile.release()
        turnstile.release()
        await first
        assert [type(one) for one in await group] == [DiskFull] * 3
        assert await ids_of(replica) == ["first"]
        await check_file_alone(replica.local, replica.number)


async def test_a_caller_who_goes_takes_nobody_along(tmp_path: Path) -> None:
    """When the caller that carries a group out is cancelled, the others of the group get their documents."""
    async with open_private(tmp_path / "a.db") as replica:
        turnstile = replica.database.turnstile = asyncio.Semaphore(0)
        tasks = []
        for id_ in ("a", "b", "c"):
            tasks.append(asyncio.ensure_future(replica.collection().insert(id=id_)))
            await let_others_run()
        turnstile.release()
        await tasks[0]
        await let_others_run()
        tasks[1].cancel()
        await let_others_run()
        replica.database.turnstile = None
        turnstile.release()
        assert (await tasks[2]).id == "c"
        with pytest.raises(asyncio.CancelledError):
            await tasks[1]
        await replica.collection().insert(id="d")
        assert await ids_of(replica) == ["a", "b", "c", "d"]
        state = replica.local.default_space
        assert state.heads[state.writer].number == 4
        await check_file_alone(replica.local, replica.number)


async def test_a_write_under_way_is_not_overtaken(tmp_path: Path) -> None:
    """A cancelled commit that is being written ends before the next one begins, which has another number."""
    async with open_private(tmp_path / "a.db") as replica:
        turnstile = replica.database.turnstile = asyncio.Semaphore(0)
        going = asyncio.ensure_future(replica.collection().insert({"n": 1}, id="going"))
        await let_others_run()
        assert replica.database.waiting == 1
        going.cancel()
        staying = asyncio.ensure_future(replica.collection().insert({"n": 2}, id="staying"))
        await let_others_run()
        turnstile.release()
        turnstile.release()
        await staying
        await let_others_run()
        vectors = [document.token async for document in replica.collection().find()]
        assert len(vectors) == len(set(vectors)) == 2
        await check_file_alone(replica.local, replica.number)


async def test_a_failed_write_of_nobody_is_undone(tmp_path: Path) -> None:
    """A commit that fails after its caller was cancelled leaves nothing either, and stops nobody."""
    async with open_private(tmp_path / "a.db") as replica:
        turnstile = replica.database.turnstile = asyncio.Semaphore(0)
        replica.database.failing = [True]
        going = asyncio.ensure_future(replica.collection().insert(RICH, id="a"))
        await let_others_run()
        going.cancel()
        staying = asyncio.ensure_future(replica.collection().insert(RICH, id="a"))
        await let_others_run()
        turnstile.release()
        turnstile.release()
        assert (await staying)["text"] == "abc"
        assert await ids_of(replica) == ["a"]
        await check_file_alone(replica.local, replica.number)


async def test_a_waiting_caller_who_goes_writes_nothing_later(tmp_path: Path) -> None:
    """A commit whose caller was cancelled before its turn came is not made on somebody else's turn."""
    async with open_private(tmp_path / "a.db") as replica:
        turnstile = replica.database.turnstile = asyncio.Semaphore(0)
        first = asyncio.ensure_future(replica.collection().insert(id="first"))
        await let_others_run()
        going = asyncio.ensure_future(replica.collection().insert(id="going"))
        await let_others_run()
        going.cancel()
        await let_others_run()
        replica.database.turnstile = None
        turnstile.release()
        await first
        await replica.collection().insert(id="later")
        assert await ids_of(replica) == ["first", "later"]


async def test_a_change_under_way_is_not_overtaken(tmp_path: Path) -> None:
    """When the task that merges or seals is cancelled, what it wrote is whole, and memory agrees with it."""
    _, (device, other) = make_world(tmp_path, "cancelled", 2)
    for one in (device, other):
        await one.open()
    await other.collection("notes").insert(RICH, id="a")
    await other.exchange()
    database = TroubledDatabase(device.local.database)
    device.local.database = database
    turnstile = database.turnstile = asyncio.Semaphore(0)
    pulling = asyncio.ensure_future(device.pull())
    await let_others_run()
    assert database.waiting == 1
    pulling.cancel()
    staying = asyncio.ensure_future(device.collection("notes").insert(id="b"))
    await let_others_run()
    turnstile.release()
    turnstile.release()
    await staying
    await let_others_run()
    database.turnstile = None
    await check_file_alone(device.local, device.number)
    await device.exchange()
    await other.exchange()
    assert await space_digest(device.local, device.number) == await space_digest(other.local, other.number)
    for one in (device, other):
        await one.close()


async def test_memory_is_bounded(tmp_path: Path) -> None:
    """Neither commits nor reads inside transactions keep more documents in memory than the limit."""
    async with open_private(tmp_path / "a.db") as replica:
        for start in range(0, MAX_CACHED_DOCUMENTS + 20, 500):
            intents = tuple(_insertion(f"{number}") for number in range(start, start + 500))
            await replica.local.commit(CommitRequest(replica.number, intents, Durability.NORMAL))
        memory = replica.local._memories[replica.number]  # noqa: SLF001 - what is bounded has no other name
        assert len(memory.documents) == MAX_CACHED_DOCUMENTS
        async with replica.transaction() as transaction:
            for number in range(20):
                await transaction.get("notes", f"{number}")
        assert len(memory.documents) == MAX_CACHED_DOCUMENTS


async def test_a_closed_replica_refuses_everything(tmp_path: Path) -> None:
    """After closing, every call says so; closing again does nothing; watchers end."""
    async with open_private(tmp_path / "a.db") as replica:
        notes = replica.collection()
        watcher = notes.watch()
        await replica.local.close()
        await replica.local.close()
        with pytest.raises(Closed):
            await notes.insert()
        with pytest.raises(Closed):
            await notes.find_one("a")
        with pytest.raises(Closed):
            await replica.local.flush()
        with pytest.raises(Closed):
            notes.watch()
        with pytest.raises(StopAsyncIteration):
            await anext(watcher)


async def test_a_file_opened_to_read_is_not_written(tmp_path: Path) -> None:
    """A reader reads everything and writes nothing."""
    async with open_private(tmp_path / "a.db") as replica:
        await replica.collection().insert(RICH, id="a")
    async with open_private(tmp_path / "a.db", read_only=True) as replica:
        assert (await replica.collection().get("a"))["text"] == "abc"
        for attempt in (replica.collection().insert(), replica.collection().update("a", title="b")):
            with pytest.raises(ReadOnly):
                await attempt
        with pytest.raises(ReadOnly):
            await replica.local.flush()
        with pytest.raises(ReadOnly):
            await replica.local.add_space(SpaceId(b"x" * 32), Writer(1), is_default=True, control=())


async def test_an_empty_file_cannot_be_opened_to_read(tmp_path: Path) -> None:
    """A file that was never laid out has nothing to read."""
    (tmp_path / "a.db").touch()
    with pytest.raises(NotAReplica):
        async with open_private(tmp_path / "a.db", read_only=True):
            pass


async def test_durable_commits_are_flushed(tmp_path: Path) -> None:
    """A commit that asks for FULL returns after a full sync of the file."""
    async with open_private(tmp_path / "a.db") as replica:
        turnstile = replica.database.turnstile = asyncio.Semaphore(0)
        going = asyncio.ensure_future(replica.collection().insert(id="a", durability=Durability.FULL))
        await let_others_run()
        replica.database.turnstile = None
        turnstile.release()
        assert (await going).id == "a"


async def test_only_a_private_space_is_shared(tmp_path: Path) -> None:
    """Sharing what is shared already is a mistake of the program."""
    _, (device,) = make_world(tmp_path, "shared", 1)
    await device.open()
    with pytest.raises(Misused):
        await device.local.share_private(SpaceId(b"x" * 32), Writer(1), control=())
    await device.close()


def _insertion(id_: str) -> Intent:

    return Intent(verb=Verb.INSERT, key=DocumentKey("notes", id_), changes={"n": 1})
