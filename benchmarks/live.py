"""From an update to the notice of it by a live query, beside awaited updates; held results beside reading."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from benchmarks.measuring import Comparison, compare
from benchmarks.query import BATCH, DOCUMENTS, PAGE, made
from syncore import Collection, Document, LiveStream, Replica, count, sum_, where

UPDATES = 400
ROUNDS = 5
PAGES = 200
SCANS = 4
_S_IN_NS = 1e9


class Reader:
    """A task that takes what a live query yields, and notes when."""

    def __init__(self, stream: LiveStream[list[Document]]) -> None:
        self._stream = stream
        self._noticed = asyncio.Event()
        self.at_ns = 0

    async def run(self) -> None:
        """Read until cancelled."""
        async for _ in self._stream:
            self.at_ns = time.perf_counter_ns()
            self._noticed.set()

    async def noticed(self) -> None:
        """Return when something was yielded since the last time."""
        await self._noticed.wait()
        self._noticed.clear()


def _per_second(samples_ns: list[int], share: float) -> float:
    """How many of the slowest of that share would fit into a second."""
    ordered = sorted(samples_ns)
    return _S_IN_NS / ordered[min(int(len(ordered) * share), len(ordered) - 1)]


async def measure(folder: Path) -> list[Comparison]:
    """Notices, what they cost others, and results that are held."""
    chance = random.Random(2)
    async with Replica.open(folder / "live.db", keystore=folder / "keys", sync=False) as replica:
        films, others = replica.collection("films"), replica.collection("others")
        other = await others.insert(made(0, chance))
        for start in range(0, DOCUMENTS, BATCH):
            async with replica.transaction() as transaction:
                for number in range(start, start + BATCH):
                    await transaction.insert("films", made(number, chance), id=f"f{number}")
        await (await films.create_index("gross")).built()
        return [
            *await _notices(replica),
            await compare(
                "update beside a live query of another collection", "update",
                lambda: _beside(replica, other), "the same without one", lambda: _updates(others, other),
            ),
            *await _held(replica),
        ]  # fmt: skip


async def _notices(replica: Replica) -> list[Comparison]:
    """Every update concerns one of the 20 that are shown; the update itself is in the time to its notice."""
    films = replica.collection("films")
    shown = [film.id for film in await films.find(order_by="-gross", limit=20)]
    alone: list[int] = []
    noticed: list[int] = []
    for round_number in range(ROUNDS + 1):
        without = await _timed(lambda number: films.update(shown[number % 20], year=number))
        reader = Reader(films.find(order_by="-gross", limit=20).live().results())
        task = asyncio.create_task(reader.run())
        await reader.noticed()
        found: list[int] = []
        for number in range(UPDATES):
            started = time.perf_counter_ns()
            await films.update(shown[number % 20], year=-number - round_number * UPDATES)
            await reader.noticed()
            found.append(reader.at_ns - started)
        task.cancel()
        await asyncio.wait([task])
        if round_number:
            alone += without
            noticed += found
    return [
        Comparison(
            name=f"live query: from the call of update to its notice, {name}",
            unit="notice",
            per_second=_per_second(noticed, share),
            primitive=f"awaited update without a live query, {name}",
            primitive_per_second=_per_second(alone, share),
            ratio=_per_second(noticed, share) / _per_second(alone, share),
        )
        for name, share in (("p50", 0.5), ("p99", 0.99))
    ]


async def _timed(work: Callable[[int], Awaitable[object]]) -> list[int]:
    found = []
    for number in range(UPDATES):
        started = time.perf_counter_ns()
        await work(number)
        found.append(time.perf_counter_ns() - started)
    return found


async def _updates(others: Collection, other: Document) -> int:
    await _timed(lambda number: others.update(other.id, year=number))
    return UPDATES


async def _beside(replica: Replica, other: Document) -> int:
    async with replica.collection("films").find(limit=20).live().results() as live:
        await anext(live)
        return await _updates(replica.collection("others"), other)


async def _held(replica: Replica) -> list[Comparison]:
    films = replica.collection("films")

    def forget() -> None:
        replica._services.local.results.forget()  # noqa: SLF001 - what it would be without

    async def run(times: int, ask: Callable[[], Awaitable[object]], *, is_held: bool) -> int:
        for _ in range(times):
            if not is_held:
                forget()
            await ask()
        return times

    async def pair(name: str, times: int, ask: Callable[[], Awaitable[object]]) -> Comparison:
        return await compare(
            f"query that is held: {name}", "query", lambda: run(times, ask, is_held=True),
            "the same, read", lambda: run(times, ask, is_held=False), rounds=ROUNDS,
        )  # fmt: skip

    by_index = films.find(where.gross > 0, order_by="gross", limit=PAGE)
    unsorted = films.find(where.country == "US", order_by="title", limit=PAGE)
    everything = films.find(where.seen == True)  # noqa: E712 - an expression

    async def listed() -> object:
        return await by_index

    async def listed_unsorted() -> object:
        return await unsorted

    return [
        await pair("the first by an index", PAGES, by_index.first),
        await pair(f"{PAGE} documents by an index", PAGES, listed),
        await pair(f"{PAGE} documents of {DOCUMENTS}, sorted", SCANS, listed_unsorted),
        await pair(f"count of {DOCUMENTS} documents", SCANS, everything.count),
        await pair("groups of them", SCANS, lambda: everything.group("year", n=count(), total=sum_("gross"))),
    ]
