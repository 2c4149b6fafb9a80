"""Live queries: always the state behind a commit, and never read from the start for what cannot matter."""

import asyncio
import gc
import random
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest

from syncore.core.errors import Closed, DiskFull, Misused, TooLarge
from syncore.core.limits import MAX_WATCH_BACKLOG
from syncore.core.ports import SqlConnection
from syncore.documents.changes import List, Text, splice
from syncore.query.aggregates import count, sum_
from syncore.query.differences import Difference
from syncore.query.paths import where
from syncore.replica import live_numbers, live_window
from syncore.replica.collection import Collection
from syncore.replica.live_query import LiveQuery
from syncore.replica.live_stream import LiveStream
from syncore.replica.queries import Query
from syncore.replica.settings import RuleLike
from syncore.replica.views import Document
from tests.replica.databases import PrivateReplica, let_others_run, open_private
from tests.replica.world import make_world
from tests.sync.memory_relay import ADDRESS, relay_in_memory, replica_at

R = TypeVar("R")


async def newest(stream: LiveStream[R]) -> R | None:
    """What the stream has to say now; None if nothing."""
    task = asyncio.ensure_future(anext(stream))
    for _ in range(50):
        await asyncio.sleep(0)
    if task.done():
        return task.result()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    return None


def content(documents: list[Document]) -> list[tuple[str, dict[str, Any], str]]:
    """All that programs can see of a result."""
    return [(one.id, dict(one), one.token) for one in documents]


class Follower:
    """Follows a query by its results and by its differences, and holds both against the query itself."""

    def __init__(self, query: Query[Document]) -> None:
        self.query = query
        self.results, self.changes = query.live().results(), query.live().changes()
        self.shown: list[Document] = []
        self.built: list[Document] = []

    async def check(self) -> None:
        """Both say what a fresh query finds, and say nothing again."""
        results, difference = await newest(self.results), await newest(self.changes)
        self.shown = self.shown if results is None else results
        self.built = self.built if difference is None else difference.apply(self.built)
        expected = content(await self.query)
        assert content(self.shown) == expected
        assert content(self.built) == expected
        assert await newest(self.results) is None


async def check_all(followers: list[Follower]) -> None:
    """All of them are right."""
    for follower in followers:
        await follower.check()


def is_even(document: Any) -> bool:  # noqa: ANN401 - whatever its fields hold
    """Whether ``n`` is an even number."""
    return bool(document.get("n", 1) % 2 == 0)


def questions(notes: Collection) -> list[Query[Document]]:
    """Queries of all shapes over fields ``n`` and ``t``."""
    return [
        notes.find(),
        notes.find(where.n > 3, order_by="-n", limit=3),
        notes.find(order_by=["n", "-t"], limit=5),
        notes.find(where.t.startswith("x"), limit=2),
        notes.find((where.n < 5) | where.t.exists(), order_by="t"),
        notes.find(where=is_even, limit=4),
        notes.find(limit=0),
    ]


@pytest.mark.parametrize("seed", range(6))
async def test_live_results_are_what_the_query_finds(tmp_path: Path, seed: int) -> None:
    """Through inserts, updates, deletions, transactions, undo, rules, and an index built meanwhile."""
    draw = random.Random(seed)
    async with open_private(tmp_path / "a.db") as replica:
        notes = replica.collection()
        for number in range(12):
            await notes.insert({"n": draw.randrange(8)}, id=f"d{number:02}")
        page = await notes.find(order_by="n").page(3)
        followers = [
            Follower(query)
            for query in [*questions(notes), notes.find(order_by="n", after=page.next, limit=3)]
        ]
        for number in range(60):
            id_ = f"d{draw.randrange(16):02}"
            await write(replica, notes, id_, draw)
            if number == 20:
                await notes.create_index("n")
            if draw.random() < 0.5:
                await check_all(followers)
        await check_all(followers)


async def write(replica: PrivateReplica, notes: Collection, id_: str, draw: random.Random) -> None:
    """Change something, by one of the ways that there are."""
    fields = {"n": draw.randrange(8), "t": draw.choice(["x", "xy", "z", "x" * 300])}
    there = await notes.find_one(id_)
    chance = draw.random()
    if there is None:
        await notes.insert(fields, id=id_)
    elif chance < 0.2:
        await notes.delete(id_)
    elif chance < 0.3:
        await notes.undo(id_)
    elif chance < 0.4:
        await notes.update(id_, n=draw.randrange(8), seen=there.token)
        await notes.update(id_, n=draw.randrange(8), seen=there.token)
    elif chance < 0.5:
        rule: RuleLike = draw.choice(["max", "min", "last_write"])
        await notes.configure(fields={"n": rule})
    elif chance < 0.6:
        async with replica.transaction() as transaction:
            for number in range(5):
                name = f"e{number}"
                if await notes.find_one(name) is None:
                    await transaction.insert("notes", fields, id=name)
                else:
                    await transaction.delete(("notes", name))
    else:
        await notes.update(id_, fields)


async def test_changes_of_other_devices_and_rebases_come_live(tmp_path: Path) -> None:
    """Merged segments, and the rebases of a cloned machine whose other half writes too."""
    relay, (first, second) = make_world(tmp_path, "live", 2)
    for device in (first, second):
        await device.open()
    notes = first.collection("notes")
    for number in range(10):
        await notes.insert({"n": number % 4, "t": f"x{number}"}, id=f"d{number}")
    for device in (first, second):
        await device.exchange()
    await first.close()
    clone = replace(first, path=tmp_path / "clone.db", name="clone", files=first.files.copy())
    shutil.copy(first.path, clone.path)
    devices = [first, clone, second]
    for device in (first, clone):
        await device.open()
    followers = [Follower(query) for device in devices for query in questions(device.collection("notes"))]
    draw = random.Random(4)
    for _ in range(8):
        for device in devices:
            await device.collection("notes").update(f"d{draw.randrange(10)}", n=draw.randrange(8))
        await check_all(followers)
        for device in draw.sample(devices, 3):
            await device.exchange()
        await check_all(followers)
    for device in devices:
        await device.exchange()
    await check_all(followers)
    assert len({device.state.writer for device in devices}) == 3
    assert content(followers[0].shown) == content(followers[-7].shown) != []
    assert len(relay.items) > 20
    for device in devices:
        await device.close()


async def test_what_cannot_matter_reads_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Changes outside, behind and inside a window yield what they must without reading the file again."""
    async with open_private(tmp_path / "a.db") as replica:
        notes = replica.collection()
        for number in range(100):
            await notes.insert({"n": number}, id=f"d{number:02}")
        live = notes.find(where.n < 200, order_by="n", limit=10).live().results()
        assert [one["n"] for one in await anext(live)] == list(range(10))
        reads = 0
        read = replica.local.read

        async def counted(work: Callable[[SqlConnection], R]) -> R:
            nonlocal reads
            reads += 1
            return await read(work)

        monkeypatch.setattr(replica.local, "read", counted)
        await notes.update("d50", n=51)
        await notes.insert({"n": 500})
        await replica.collection("others").insert({"n": 1})
        assert await newest(live) is None
        await notes.update("d00", n=0, t="changed")
        assert (await anext(live))[0]["t"] == "changed"
        for number in range(10):
            await notes.delete(f"d{number:02}")
            assert len(await anext(live)) == 10
        assert reads == 0
        await notes.delete("d10")
        assert [one["n"] for one in await anext(live)] == list(range(11, 21))
        assert reads > 0


async def test_a_slow_reader_gets_the_newest_state(tmp_path: Path) -> None:
    """What was skipped does not come; beyond the bound of the backlog the result is read anew."""
    async with open_private(tmp_path / "a.db") as replica:
        notes = replica.collection()
        live, changes = notes.find(limit=3).live().results(), notes.find(limit=3).live().changes()
        assert await anext(live) == []
        assert await anext(changes) == Difference()
        for start in range(0, MAX_WATCH_BACKLOG + 1, 2_500):
            async with replica.transaction() as transaction:
                for number in range(start, min(start + 2_500, MAX_WATCH_BACKLOG + 1)):
                    await transaction.insert("notes", {"n": number}, id=f"{number:05}")
        assert [one["n"] for one in await anext(live)] == [0, 1, 2]
        assert [one.document.id for one in (await anext(changes)).added] == ["00000", "00001", "00002"]
        assert await newest(live) is None


async def test_a_write_that_fails_and_memory_that_is_read_anew(tmp_path: Path) -> None:
    """A commit that could not be stored shows nowhere, and the next one does."""
    async with open_private(tmp_path / "a.db") as replica:
        notes = replica.collection()
        await notes.insert({"n": 1}, id="a")
        follower = Follower(notes.find(order_by="-n", limit=2))
        await follower.check()
        replica.database.failing = [True]
        with pytest.raises(DiskFull):
            await notes.update("a", n=2)
        await follower.check()
        await notes.insert({"n": 3}, id="b")
        await follower.check()
        assert [one["n"] for one in follower.shown] == [3, 1]


async def test_results_are_nobody_elses(tmp_path: Path) -> None:
    """What a writer or another reader does to the values that it was given changes no live result."""
    async with open_private(tmp_path / "a.db") as replica:
        notes = replica.collection()
        live = notes.find().live().results()
        await anext(live)
        made = await notes.insert({"n": [1], "l": List([1]), "t": Text("a")}, id="a")
        made["n"].append(2)  # type: ignore[union-attr]
        other = await anext(notes.find().live().results())
        other[0]["l"].append(2)  # type: ignore[union-attr]
        [mine] = await anext(live)
        assert (mine["n"], mine["l"]) == ([1], [1])
        await notes.update("a", t=splice(0, 0, "b"))
        [mine] = await anext(live)
        assert (mine["n"], mine["t"]) == ([1], "ba")


async def test_a_cancelled_step_loses_nothing(tmp_path: Path) -> None:
    """Cancelled while it waits or reads, a stream goes on with the next step."""
    async with open_private(tmp_path / "a.db") as replica:
        notes = replica.collection()
        live = notes.find(order_by="n").live().results()
        for turns in range(4):
            step = asyncio.ensure_future(anext(live))
            for _ in range(turns):
                await asyncio.sleep(0)
            if step.cancel():
                await asyncio.gather(step, return_exceptions=True)
        await notes.insert({"n": 1}, id="a")
        shown = await anext(live)
        assert [one.id for one in shown] == ["a"]
        step = asyncio.ensure_future(anext(live))
        await let_others_run()
        with pytest.raises(Misused, match="two tasks"):
            await anext(live)
        await notes.insert({"n": 0}, id="b")
        assert [one.id for one in await step] == ["b", "a"]


def over_one(document: Any) -> bool:  # noqa: ANN401 - whatever its fields hold
    """Whether ``n``, which has to be there, is more than 1."""
    return bool(document["n"] > 1)


async def test_a_function_that_raises_is_told_to_the_reader(tmp_path: Path) -> None:
    """Not to the writer; afterwards the stream reads anew."""
    async with open_private(tmp_path / "a.db") as replica:
        notes = replica.collection()
        live = notes.find(where=over_one).live().results()
        assert await anext(live) == []
        await notes.insert({"n": 2}, id="a")
        await notes.insert({}, id="b")
        with pytest.raises(KeyError):
            await anext(live)
        await notes.delete("b")
        assert [one.id for one in await anext(live)] == ["a"]


async def test_the_ends_of_a_stream(tmp_path: Path) -> None:
    """By close(), by leaving its block, by nobody holding it, by the replica; commits forget it at once."""
    async with open_private(tmp_path / "a.db") as replica:
        query: LiveQuery[Document] = replica.collection().find().live()
        hub, number = replica.local.hub, replica.number
        async with query.results() as live:
            await anext(live)
            assert hub.has_watchers(number)
        assert not hub.has_watchers(number)
        with pytest.raises(StopAsyncIteration):
            await anext(live)
        async for _ in query:
            break
        gc.collect()
        assert not hub.has_watchers(number)
        live = query.results()
        await anext(live)
        waiting = asyncio.ensure_future(anext(live))
        await let_others_run()
        live.close()
        with pytest.raises(StopAsyncIteration):
            await waiting
    with pytest.raises(Closed):
        await anext(query.results())


async def test_a_result_that_is_too_large_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At the beginning, and when it becomes so; with a limit there is no difficulty."""
    monkeypatch.setattr(live_window, "MAX_LIVE", 5)
    async with open_private(tmp_path / "a.db") as replica:
        notes = replica.collection()
        for number in range(5):
            await notes.insert({"n": number})
        live = notes.find().live().results()
        assert len(await anext(live)) == 5
        await notes.insert({"n": 5})
        for stream in (live, notes.find().live().results()):
            with pytest.raises(TooLarge):
                await anext(stream)
        assert len(await anext(notes.find(limit=5).live().results())) == 5


async def test_numbers_are_live(tmp_path: Path) -> None:
    """Counts, aggregates and groups come when they differ, and are what the query gives."""
    draw = random.Random(3)
    async with open_private(tmp_path / "a.db") as replica:
        notes = replica.collection()
        for query in (notes.find(where.n > 2), notes.find(order_by="-n", limit=3), notes.find(where=is_even)):
            live = query.live()
            counts, groups = live.count(), live.group("n", k=count())
            totals = live.aggregate(total=sum_("n"))
            number, rows, total = await anext(counts), await anext(groups), await anext(totals)
            for _ in range(25):
                await write(replica, notes, f"d{draw.randrange(6)}", draw)
                found_count = await newest(counts)
                number = number if found_count is None else found_count
                assert number == await query.count()
                found = await newest(groups)
                rows = rows if found is None else found
                assert rows == await query.group("n", k=count())
                sums = await newest(totals)
                total = total if sums is None else sums
                assert total == await query.aggregate(total=sum_("n"))
            assert await newest(counts) is None
            assert await newest(groups) is None
            assert await newest(totals) is None


async def test_numbers_are_computed_for_what_counts_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A change of what does not count, and did not, reads nothing; a count never does."""
    async with open_private(tmp_path / "a.db") as replica:
        notes = replica.collection()
        await notes.insert({"n": 1}, id="a")
        await notes.insert({"n": 9}, id="b")
        live = notes.find(where.n < 5).live()
        counts, groups = live.count(), live.group("n", k=count())
        assert (await anext(counts), await anext(groups)) == (1, [{"n": 1, "k": 1}])

        async def refused(_: object) -> None:
            pytest.fail("it was read")

        with monkeypatch.context() as patched:
            patched.setattr(replica.local, "read", refused)
            await notes.insert({"n": 8}, id="c")
            await notes.insert({"n": 7}, id="d")
            assert await newest(counts) is None
            assert await newest(groups) is None
            await notes.insert({"n": 2}, id="e")
            assert await anext(counts) == 2
        assert await anext(groups) == [{"n": 1, "k": 1}, {"n": 2, "k": 1}]
        monkeypatch.setattr(live_numbers, "MAX_LIVE_COUNTED", 2)
        await notes.insert({"n": 3})
        with pytest.raises(TooLarge):
            await anext(counts)


async def test_sharing_the_space_goes_on(tmp_path: Path) -> None:
    """The same documents in the space that the private one became have new tokens, and go on to change."""
    async with relay_in_memory() as relay, replica_at(relay, tmp_path, "a") as replica:
        notes = replica.collection("notes")
        await notes.insert({"n": 1}, id="a")
        follower = Follower(notes.find(order_by="n"))
        counts = notes.find().live().count()
        assert await anext(counts) == 1
        await follower.check()
        await replica.share(ADDRESS)
        await follower.check()
        await notes.update("a", {"n": 2}, seen=follower.shown[0].token)
        await notes.insert({"n": 0}, id="b")
        await follower.check()
        assert [one.id for one in follower.built] == ["b", "a"]
        assert await anext(counts) == 2


async def test_a_transaction_is_never_seen_in_half(tmp_path: Path) -> None:
    """Where reading on shows a commit that was not told of yet, the result waits for the rest of it."""
    async with open_private(tmp_path / "a.db") as replica:
        notes, real = replica.collection(), replica.database.write
        for number in range(9):
            await notes.insert({"n": number, "v": 0}, id=f"d{number}")
        live = notes.find(order_by="n", limit=3).live().results()
        assert len(await anext(live)) == 3
        async with replica.transaction() as transaction:
            for number in range(4):
                await transaction.delete(("notes", f"d{number}"))
        release = asyncio.Event()

        async def slow(*arguments: Any, **more: Any) -> Any:  # noqa: ANN401 - passed on
            result = await real(*arguments, **more)
            await release.wait()  # stored, and nobody knows
            return result

        async def write() -> None:
            async with replica.transaction() as transaction:
                for number in range(4, 9):
                    await transaction.update(("notes", f"d{number}"), v=1)

        replica.database.write = slow  # type: ignore[method-assign]
        writing = asyncio.ensure_future(write())
        await let_others_run()
        step = asyncio.ensure_future(anext(live))
        await let_others_run()
        assert not step.done()
        release.set()
        await writing
        assert [(one.id, one["v"]) for one in await step] == [("d4", 1), ("d5", 1), ("d6", 1)]
        replica.database.write = real  # type: ignore[method-assign]


@pytest.mark.parametrize("seed", range(4))
async def test_results_are_whole_on_a_slow_disk(tmp_path: Path, seed: int) -> None:
    """Reads and writes that let others go first, and writers that never wait, show no transaction in half."""
    draw = random.Random(seed)
    async with open_private(tmp_path / "a.db") as replica:
        notes = replica.collection()
        slow_down(replica, draw)
        followed = [
            notes.find(order_by="n", limit=6),
            notes.find(where.n < 30),
            notes.find(order_by=["v", "n"]),
        ]
        results = [query.live().results() for query in followed]
        changes = [query.live().changes() for query in followed]
        shown: list[list[Document]] = [[] for _ in followed]
        built: list[list[Document]] = [[] for _ in followed]

        async def follow(place: int) -> None:
            async for found in results[place]:
                shown[place] = found
                halves = {one.id[1:]: one["v"] for one in found if one.id[0] == "a"}
                others = {one.id[1:]: one["v"] for one in found if one.id[0] == "b"}
                both = halves.keys() & others.keys()
                assert {id_: halves[id_] for id_ in both} == {id_: others[id_] for id_ in both}

        async def rebuild(place: int) -> None:
            async for found in changes[place]:
                built[place] = found.apply(built[place])

        tasks = [asyncio.ensure_future(one(place)) for place in range(3) for one in (follow, rebuild)]
        await asyncio.gather(*(write_pairs(replica, random.Random(seed * 10 + one), one) for one in range(3)))
        for _ in range(500):
            await asyncio.sleep(0)
        for place, query in enumerate(followed):
            expected = content(await query)
            assert content(shown[place]) == expected
            assert content(built[place]) == expected
        await replica.local.close()
        await asyncio.gather(*tasks)


def slow_down(replica: PrivateReplica, draw: random.Random) -> None:
    """Let others go first for some turns of the loop, before and after each read and write."""

    def slow(real: Callable[..., Any]) -> Callable[..., Any]:
        async def slowed(*arguments: Any, **more: Any) -> Any:  # noqa: ANN401 - passed on
            for _ in range(draw.randrange(4)):
                await asyncio.sleep(0)
            result = await real(*arguments, **more)
            for _ in range(draw.randrange(4)):
                await asyncio.sleep(0)
            return result

        return slowed

    replica.database.read = slow(replica.database.read)  # type: ignore[method-assign]
    replica.database.write = slow(replica.database.write)  # type: ignore[method-assign]


async def write_pairs(replica: PrivateReplica, draw: random.Random, writer: int) -> None:
    """Insert, change and delete pairs of documents, each pair in one transaction and of one writer."""
    there: set[str] = set()
    for number in range(40):
        id_ = f"{writer}-{draw.randrange(6)}"
        is_deleting = id_ in there and draw.random() < 0.4
        async with replica.transaction() as transaction:
            for half in "ab":
                if is_deleting:
                    await transaction.delete(("notes", half + id_))
                elif id_ in there:
                    await transaction.update(("notes", half + id_), v=number, n=draw.randrange(40))
                else:
                    fields: dict[str, object] = {"v": number, "n": draw.randrange(40)}
                    await transaction.insert("notes", fields, id=half + id_)
        there = there - {id_} if is_deleting else there | {id_}
