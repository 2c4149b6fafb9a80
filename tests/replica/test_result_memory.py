"""Held results: never stale, nobody's to change, and as large as they say."""

import asyncio
import gc
import random
import tracemalloc
from pathlib import Path

import pytest

from syncore.core.errors import Closed, DiskFull
from syncore.core.identifiers import DocumentKey
from syncore.core.ports import Durability
from syncore.query.aggregates import count, max_, sum_
from syncore.query.paths import where
from syncore.replica.collection import Collection
from syncore.replica.result_memory import ResultMemory
from syncore.replica.views import Document
from tests.replica.databases import PrivateReplica, open_private
from tests.replica.world import make_world
from tests.sync.memory_relay import ADDRESS, relay_in_memory, replica_at


async def everything(notes: Collection) -> list[object]:
    """The answers to queries of all kinds."""
    query = notes.find(where.n > 2, order_by="-n", limit=4)
    page = await notes.find(order_by="n").page(3)
    found: list[object] = [[(one.id, dict(one), one.token) for one in await query]]
    found.append([(one.id, one.token) for one in page.documents])
    found.append(page.next)
    if page.next is not None:
        found.append([one.id for one in await notes.find(order_by="n", after=page.next)])
    first = await notes.find(where.n == 3).first()
    found.append(None if first is None else dict(first))
    found += [await notes.find(where.n < 5).count(), await notes.find(limit=3).count()]
    found.append(await notes.find().group("n", k=count(), best=max_("t")))
    found.append(await notes.find(where.n.exists()).aggregate(total=sum_("n")))
    return found


async def check(replica: PrivateReplica, notes: Collection) -> None:
    """Held or read, the answers are the same; the second time nothing is read."""
    held = await everything(notes)
    replica.local.results.forget()
    assert held == await everything(notes)
    assert held == await everything(notes)


@pytest.mark.parametrize("seed", range(3))
async def test_what_is_held_is_never_stale(tmp_path: Path, seed: int) -> None:
    """After inserts, updates, deletions, transactions taken back, undo, rules and failed writes."""
    draw = random.Random(seed)
    async with open_private(tmp_path / "a.db") as replica:
        notes = replica.collection()
        for number in range(60):
            id_ = f"d{draw.randrange(12):02}"
            chance = draw.random()
            there = await notes.find_one(id_)
            if there is None:
                await notes.insert({"n": draw.randrange(7), "t": [1]}, id=id_)
            elif chance < 0.2:
                await notes.delete(id_)
            elif chance < 0.3:
                await notes.undo(id_)
            elif chance < 0.4:
                replica.database.failing = [True]
                with pytest.raises(DiskFull):
                    await notes.update(id_, n=99)
            elif chance < 0.5:
                with pytest.raises(ZeroDivisionError):
                    await taken_back(replica, id_)
            elif chance < 0.6:
                for value in (1, 5):
                    await notes.update(id_, n=value, seen=there.token)
                await notes.configure(fields={"n": draw.choice(["min", "max"])})
            else:
                await notes.update(id_, n=draw.randrange(7))
            if number == 30:
                await (await notes.create_index("n")).built()
            await check(replica, notes)


async def taken_back(replica: PrivateReplica, id_: str) -> None:
    """A transaction that ends with an exception."""
    async with replica.transaction() as transaction:
        await transaction.update(("notes", id_), n=99)
        raise ZeroDivisionError


async def test_merges_reach_what_is_held(tmp_path: Path) -> None:
    """What another device wrote is found as soon as it was merged."""
    _, (first, second) = make_world(tmp_path, "held", 2)
    for device in (first, second):
        await device.open()
    notes, theirs = first.collection("notes"), second.collection("notes")
    for number in range(5):
        await notes.insert({"n": number}, id=f"d{number}")
        assert await notes.find().count() == number + 1
        before = await theirs.find().count()
        await first.exchange()
        assert await theirs.find().count() == before
        await second.exchange()
        assert await theirs.find().count() == number + 1
        assert len(await theirs.find()) == number + 1
    for device in (first, second):
        await device.close()


async def test_other_collections_do_not_matter(tmp_path: Path) -> None:
    """A query is held while others are written, and read once after its own collection was."""
    async with open_private(tmp_path / "a.db") as replica:
        notes, results = replica.collection(), replica.local.results
        await notes.insert({"n": 1})
        version = results.version(replica.number, "notes")
        await replica.collection("others").insert({"n": 1})
        assert results.version(replica.number, "notes") == version
        await notes.insert({"n": 1})
        assert results.version(replica.number, "notes") > version


async def test_what_is_held_is_nobodys_to_change(tmp_path: Path) -> None:
    """Neither by the first who asked nor by those who come later."""
    async with open_private(tmp_path / "a.db") as replica:
        notes = replica.collection()
        await notes.insert({"n": 1, "t": [1]}, id="a")
        for _ in range(3):
            [found] = await notes.find()
            found["t"].append(2)  # type: ignore[union-attr]
            [row] = await notes.find().group("n", best=max_("t"))
            row["best"].append(2)  # type: ignore[attr-defined]
            row["n"] = 5
        [found] = await notes.find()
        assert found["t"] == [1]
        assert await notes.find().group("n", best=max_("t")) == [{"n": 1, "best": [1]}]


async def test_functions_and_readers_of_another_process_hold_nothing(tmp_path: Path) -> None:
    """A function may say something else the next time, and another process may write."""
    path = tmp_path / "a.db"
    async with open_private(path) as replica:
        notes = replica.collection()
        await notes.insert({"n": 1}, id="a")
        wanted = True

        def test(_: Document) -> bool:
            return wanted

        assert await notes.find(where=test).count() == 1
        wanted = False
        assert await notes.find(where=test).count() == 0
        async with open_private(path, read_only=True) as reader:
            assert await reader.collection().find().count() == 1
            await notes.insert({"n": 2}, id="b")
            assert await reader.collection().find().count() == 2
            assert len(reader.local.results.cache) == 0


async def test_a_write_that_is_under_way_on_a_thread_is_not_hidden(tmp_path: Path) -> None:
    """Asked before, during and after it: what is found once the write has returned is new."""
    async with open_private(tmp_path / "a.db") as replica:
        notes = replica.collection()
        replica.database.turnstile = asyncio.Semaphore(0)
        for number in range(3):
            writing = asyncio.ensure_future(notes.insert({"n": 1}, durability=Durability.NORMAL))
            for _ in range(5):
                assert await notes.find().count() == number
                await asyncio.sleep(0)
            replica.database.turnstile.release()
            await writing
            assert await notes.find().count() == number + 1


async def test_a_closed_replica_answers_nothing(tmp_path: Path) -> None:
    """Not even from memory."""
    async with open_private(tmp_path / "a.db") as replica:
        query = replica.collection().find()
        assert (await query.count(), await query, await query.group("n")) == (0, [], [])
    for ask in (query.count, query.first, query.page, query.aggregate):
        with pytest.raises(Closed):
            await ask()


async def test_sharing_forgets_what_is_held(tmp_path: Path) -> None:
    """Documents of the space that the private one became have its tokens."""
    async with relay_in_memory() as relay, replica_at(relay, tmp_path, "a") as replica:
        notes = replica.collection("notes")
        await notes.insert({"n": 1}, id="a")
        [before] = await notes.find()
        await replica.share(ADDRESS)
        [after] = await notes.find()
        assert after.token != before.token
        await notes.update(after, n=2, seen=after.token)
        assert [one["n"] for one in await notes.find()] == [2]


def test_sizes_are_honest() -> None:
    """What results are said to take is what they take, within a third, and never half of it."""
    memory = ResultMemory()

    def fill() -> None:
        for number in range(200):
            documents = tuple(
                (DocumentKey("notes", f"a made id {place:04}"), bytes(120 + place)) for place in range(50)
            )
            memory.hold_documents(f"{number:0100}".encode(), 0, documents)

    tracemalloc.start()
    try:
        fill()
        gc.collect()
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert 0.75 * memory.cache.size_bytes < taken < 1.34 * memory.cache.size_bytes
