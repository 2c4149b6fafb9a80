"""Recorded ratios, and holding a later run against them.

Compared is the ratio of processor times, each the least of its rounds: the rate of a path, and even its ratio
of rates, says as much about what else runs on the machine.
"""

import json
import os
import platform
import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.measuring import Comparison

TOLERANCE = 0.35
"""How much worse a ratio may be. Five runs of one checkout differed by up to 0.27, on two processors that had
other work to do (load 3 to 5)."""
_BOUND_BY_THE_DISK = frozenset({"write, FULL"})
"""Recorded and not compared: most of its time is the disk's, and the rest is changing threads."""
DURABILITY = "NORMAL, but FULL where the name says so"


def write(path: Path, measured: Iterable[Comparison]) -> None:
    """Record a run, in the place of what was recorded of the same paths before."""
    kept = {one["name"]: one for one in read(path)} if path.exists() else {}
    for one in measured:
        kept[one.name] = {
            **asdict(one),
            "processor_ratio": round(one.processor_ratio, 4),
            "date": datetime.now(UTC).date().isoformat(),
            "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors",
            "load": round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None,
            "python": platform.python_version(),
            "sqlite": sqlite3.sqlite_version,
            "durability": DURABILITY,
        }
    path.write_text(json.dumps(list(kept.values()), indent=2) + "\n")


def read(path: Path) -> list[dict[str, object]]:
    """What was recorded."""
    found: list[dict[str, object]] = json.loads(path.read_text())
    return found


def machine() -> str:
    """Where and when a run was made, for people."""
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    system = f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors{load}"
    versions = f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    return f"{datetime.now(UTC).date().isoformat()}, {system}, {versions}; durability NORMAL"


def compare(recorded: Sequence[dict[str, object]], measured: Iterable[Comparison]) -> list[str]:
    """What is worse than it was recorded by more than the tolerance, a sentence each."""
    ratios = {one["name"]: one["processor_ratio"] for one in recorded}
    worse = []
    for one in measured:
        before = None if one.name in _BOUND_BY_THE_DISK else ratios.get(one.name)
        if isinstance(before, float) and one.processor_ratio < before * (1 - TOLERANCE):
            worse.append(f"{one.name}: the ratio is {one.processor_ratio:.3f}, recorded is {before:.3f}")
    return worse
