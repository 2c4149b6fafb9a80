"""Flipping bits of a file at random places, and whether the examination finds those that change anything.

By itself: ``python -m tests.replica.doctor.flipping [COUNT] [SEED]`` plays so many (500) on a larger file.
"""

import asyncio
import random
import sys
import tempfile
from pathlib import Path

from syncore.core.errors import StorageError
from tests.replica.doctor.content import dump, examine, learn, make_full_file
from tests.replica.world import Device

EVERYWHERE = {"schema", "header", "pages"}
"""Where damage is told that no table can be read behind, or that is below all of them."""


class Flips:
    """A sound file, and copies of it with one bit flipped."""

    def __init__(self, device: Device, folder: Path) -> None:
        self.device = device
        self.data = device.path.read_bytes()
        self.copy = folder / "flipped.db"
        learn(device.path)
        self.whole = dump(device.path)

    def flip(self, bit: int) -> None:
        """Flip one bit of the file, in a copy."""
        changed = bytearray(self.data)
        changed[bit // 8] ^= 1 << bit % 8
        self.copy.write_bytes(changed)

    def changed(self) -> set[str]:
        """The tables that read otherwise than before, in any way to read them."""
        now = dump(self.copy)
        return {name.split()[0] for name in self.whole if now[name] != self.whole[name]}

    def told(self) -> set[str]:
        """Where the examination says that the damage is."""
        try:
            report = examine(self.device, self.copy)
        except StorageError:
            return {"header"}
        return {finding.table for finding in report.findings if finding.is_damage}

    def examine_random(self, count: int, seed: str) -> tuple[int, list[tuple[int, set[str], set[str]]]]:
        """How many of so many flips changed anything; and those that were not found, or elsewhere only."""
        bits = random.Random(seed)
        seen, missed = 0, []
        for _ in range(count):
            bit = bits.randrange(len(self.data) * 8)
            self.flip(bit)
            changed = self.changed()
            if not changed:
                continue
            seen += 1
            told = self.told()
            if not told & (_with_indexes(changed) | EVERYWHERE):
                missed.append((bit, changed, told))
        return seen, missed


def _with_indexes(tables: set[str]) -> set[str]:
    """The tables, and what their indexes are called."""
    return (
        tables
        | {f"{table}_twice" for table in tables}
        | {f"sqlite_autoindex_{table}_{number}" for table in tables for number in (1, 2)}
        | {f"{table}_{part}" for table in tables for part in ("data", "idx", "docsize", "config")}
        | {"contested_documents", "segments_by_number", "missing_by_hash"}
    )


async def _main(count: int, seed: str) -> int:
    with tempfile.TemporaryDirectory() as folder:
        flips = Flips(await make_full_file(Path(folder), 40), Path(folder))
        seen, missed = flips.examine_random(count, seed)
        size = len(flips.data)
    lines = [
        f"{count} bits of {size} bytes, seed {seed}: {seen} changed something, {len(missed)} were missed",
        *(f"  byte {bit // 8}: {changed} changed, {told} told" for bit, changed, told in missed),
    ]
    sys.stdout.write("\n".join(lines) + "\n")
    return 1 if missed else 0


if __name__ == "__main__":
    given = sys.argv[1:]
    sys.exit(asyncio.run(_main(int(given[0]) if given else 500, given[1] if given[1:] else "long")))
