"""Importing CSV against a loop that packs the same documents, a row each, 1,000 a commit."""

import asyncio
import csv
import resource
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from benchmarks.measuring import Comparison, compare
from syncore import Replica
from syncore.codec.values import encode_value

ROWS = 5_000
COMMIT = 1_000
MEMORY_ROWS = (10_000, 40_000)

TYPES = {"id": "string", "month": "integer", "day": "integer", "carrier": "string", "origin": "string",
         "dest": "string", "distance": "number", "fare": "decimal"}  # fmt: skip


def write_rows(path: Path, count: int) -> None:
    """A table like those of flights: eight columns, about 40 bytes a row."""
    with path.open("w", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(TYPES)
        for n in range(count):
            row = (f"f{n:07}", n % 12 + 1, n % 28 + 1, "UA", "EWR", "IAH", 1400.5 + n % 7, f"{n % 900}.50")
            writer.writerow(row)


def bare_import(source: Path, target: Path) -> int:
    """Read, convert, pack, write: a row each."""
    connection = sqlite3.connect(target, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE IF NOT EXISTS documents (id TEXT PRIMARY KEY, body BLOB)")
    connection.execute("DELETE FROM documents")
    count = 0
    with source.open(newline="") as stream:
        rows = (_packed(row) for row in csv.DictReader(stream))
        while batch := list(islice(rows, COMMIT)):
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("INSERT INTO documents VALUES (?, ?)", batch)
            connection.execute("COMMIT")
            count += len(batch)
    connection.close()
    return count


def _packed(row: dict[str, str]) -> tuple[str, bytes]:
    fields = {**row, "month": int(row["month"]), "day": int(row["day"]), "distance": float(row["distance"])}
    return row["id"], encode_value(fields)


async def measure(folder: Path) -> list[Comparison]:
    """Import a file, then again when all of it is there; and the memory that it takes, by length."""
    source = folder / "flights.csv"
    write_rows(source, ROWS)
    numbers: Iterator[int] = iter(range(1_000))
    async with Replica.open(folder / "import.db", keystore=folder / "keys", sync=False) as replica:

        async def fresh() -> int:
            flights = replica.collection(f"flights{next(numbers)}")
            return (await flights.import_csv(source, types=TYPES, id_field="id")).inserted

        async def again() -> int:
            flights = replica.collection("flights0")
            return (await flights.import_csv(source, types=TYPES, id_field="id")).unchanged

        async def bare() -> int:
            return bare_import(source, folder / "bare.db")

        name = "sqlite3: the same, packed, a row each, 1,000 a commit"
        results = [
            await compare("import of CSV", "document", fresh, name, bare, rounds=3),
            await compare("import of CSV that is there", "document", again, name, bare, rounds=3),
        ]
    peaks = [_peak_bytes(folder, count) for count in MEMORY_ROWS]
    results.append(
        Comparison(
            name=f"import of CSV, peak memory with {MEMORY_ROWS[1]:,} rows",
            unit="byte, not a rate",
            per_second=peaks[1],
            primitive=f"with {MEMORY_ROWS[0]:,} rows",
            primitive_per_second=peaks[0],
            ratio=peaks[1] / peaks[0],
        )
    )
    return results


def _peak_bytes(folder: Path, count: int) -> int:
    """The largest resident size of a process that imports so many rows."""
    source = folder / f"{count}.csv"
    write_rows(source, count)
    command = [sys.executable, "-m", "benchmarks.importing", str(source), str(folder / f"{count}.db")]
    return int(subprocess.run(command, capture_output=True, check=True, text=True).stdout)


async def _import_and_print_peak(source: Path, target: Path) -> None:
    async with Replica.open(target, keystore=target.with_suffix(".keys"), sync=False) as replica:
        await replica.collection("flights").import_csv(source, types=TYPES, id_field="id")
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)


if __name__ == "__main__":
    asyncio.run(_import_and_print_peak(Path(sys.argv[1]), Path(sys.argv[2])))
