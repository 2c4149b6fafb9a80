"""How cost grows with the number of documents: writes, merge, opening, queries, memory, and a plot of it.

Each size begins with an empty folder. What is measured of a fresh program, such as its memory, is measured in
a process of its own: ``python -m benchmarks.growth join|open ...``.
"""

import asyncio
import json
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.measuring import relay
from benchmarks.plotting import Panel, plot
from benchmarks.query import PAGE, made
from syncore import Replica, where

SIZES = (1_000, 10_000, 100_000, 300_000)
BATCH = 100
INDEXED = ("gross", "title")
UPDATES = 500
PAGES = 100
FOLDER = Path(__file__).parents[1] / "docs" / "growth"
PATIENCE_S = 1_200
"""For one process: joining takes about a minute for 300,000 documents."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """What everything costs at one number of documents, with two indexes.

    Attributes:
        documents: How many there are.
        insert_us: One of them, 100 in a transaction, while they are sealed and sent.
        update_us: An awaited update of an indexed field, median.
        merge_us: One of them, for a device that joins, from the invitation to everything merged.
        open_ms: Opening the file in a fresh program, to the first page of a query by an index.
        query_us: A page of 50 by an index, median, never the same.
        open_mib: The memory of that program then, Python's and the libraries' in it.
        join_mib: The most memory that the joining program took.
        file_bytes: The file of the device that wrote.
    """

    documents: int
    insert_us: float
    update_us: float
    merge_us: float
    open_ms: float
    query_us: float
    open_mib: float
    join_mib: float
    file_bytes: int


PANELS = (
    Panel("insert, 100 a transaction", "us a document", "insert_us"),
    Panel("awaited update", "us", "update_us"),
    Panel("join and merge", "us a document", "merge_us"),
    Panel("open, to the first page", "ms", "open_ms"),
    Panel("page of 50 by an index", "us", "query_us"),
    Panel("memory after opening", "MiB", "open_mib"),
)


async def measure(documents: int) -> Point:
    """One size."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with relay(folder / "relay") as address:
            async with Replica.open(folder / "one.db", keystore=folder / "keys1") as replica:
                space = await replica.share(address)
                films = replica.collection("films")
                for field in INDEXED:
                    await (await films.create_index(field)).built()
                insert_us = await _insert(replica, documents)
                await space.synced()
                code = await space.invite()
                update_us = await _update(replica, documents)
                await space.synced()
            joined = await asyncio.to_thread(_called, "join", code, folder / "two.db", folder / "keys2")
        opened = await asyncio.to_thread(_called, "open", folder / "one.db", folder / "keys1")
        return Point(
            documents=documents,
            insert_us=insert_us,
            update_us=update_us,
            merge_us=joined["seconds"] / documents * 1e6,
            open_ms=opened["seconds"] * 1e3,
            query_us=opened["query_us"],
            open_mib=opened["memory_mib"],
            join_mib=joined["memory_mib"],
            file_bytes=(folder / "one.db").stat().st_size,
        )


def write(points: list[Point], about: str) -> None:
    """Keep what was measured, and the picture of it."""
    FOLDER.mkdir(exist_ok=True)
    content = {"about": about, "points": [asdict(point) for point in points]}
    (FOLDER / "growth.json").write_text(json.dumps(content, indent=2) + "\n")
    rows = [asdict(point) for point in points]
    (FOLDER / "growth.svg").write_text(plot(PANELS, [point.documents for point in points], rows))


def line(point: Point) -> str:
    """A point for people."""
    return (
        f"{point.documents:,} documents: insert {point.insert_us:.0f} us, update {point.update_us:.0f} us, "
        f"merge {point.merge_us:.0f} us, open {point.open_ms:.1f} ms, page {point.query_us:.0f} us, "
        f"{point.open_mib:.0f} MiB open, {point.join_mib:.0f} MiB joining, {point.file_bytes:,} bytes"
    )


async def _insert(replica: Replica, documents: int) -> float:
    chance = random.Random(1)
    started = time.perf_counter()
    for start in range(0, documents, BATCH):
        async with replica.transaction() as transaction:
            for number in range(start, min(start + BATCH, documents)):
                await transaction.insert("films", made(number, chance), id=f"f{number}")
    return (time.perf_counter() - started) / documents * 1e6


async def _update(replica: Replica, documents: int) -> float:
    films, chance = replica.collection("films"), random.Random(2)
    waits = []
    for number in range(UPDATES):
        id_ = f"f{chance.randrange(documents)}"
        started = time.perf_counter()
        await films.update(id_, gross=number)
        waits.append(time.perf_counter() - started)
    return statistics.median(waits) * 1e6


def _called(*arguments: object) -> dict[str, float]:
    """What a program of its own has measured."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.growth", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=True,
    )
    found: dict[str, float] = json.loads(done.stdout)
    return found


async def _join(code: str, path: Path, keys: Path) -> dict[str, float]:
    async with Replica.open(path, keystore=keys) as replica:
        started = time.perf_counter()
        await (await replica.join(code)).synced()
        return {"seconds": time.perf_counter() - started, "memory_mib": _memory_mib()}


async def _open(path: Path, keys: Path) -> dict[str, float]:
    started = time.perf_counter()
    async with Replica.open(path, keystore=keys, sync=False) as replica:
        films = replica.collection("films")
        await films.find(where.gross > 0, order_by="gross", limit=PAGE)
        seconds, memory_mib = time.perf_counter() - started, _memory_mib()
        waits = []
        for number in range(PAGES):
            began = time.perf_counter()
            found = await films.find(where.gross > number * 10**6, order_by="gross", limit=PAGE)
            waits.append(time.perf_counter() - began)
            assert found
    return {"seconds": seconds, "memory_mib": memory_mib, "query_us": statistics.median(waits) * 1e6}


def _memory_mib() -> float:
    """The most memory that this process has had."""
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return most / (2**20 if sys.platform == "darwin" else 2**10)


if __name__ == "__main__":
    role, *rest = sys.argv[1:]
    if role == "join":
        measured = asyncio.run(_join(rest[0], Path(rest[1]), Path(rest[2])))
    else:
        measured = asyncio.run(_open(Path(rest[0]), Path(rest[1])))
    print(json.dumps(measured))
