"""What all benchmarks share: results as ratios, alternating rounds, and a real relay process."""

import re
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

START_TIMEOUT_S = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One path beside its primitive.

    Attributes:
        name: What was measured.
        unit: What one operation is.
        per_second: Operations a second, median of the rounds.
        primitive: What it is held against.
        primitive_per_second: The same for the primitive, in the same rounds.
        ratio: Median of path / primitive, round by round: a time drifts with the machine, this hardly does.
    """

    name: str
    unit: str
    per_second: float
    primitive: str
    primitive_per_second: float
    ratio: float


async def compare(
    name: str,
    unit: str,
    path: Callable[[], Awaitable[int]],
    primitive_name: str,
    primitive: Callable[[], Awaitable[int]],
    *,
    rounds: int = 5,
) -> Comparison:
    """Run both in turn, after one round that does not count; each returns how many operations it did."""
    paths: list[float] = []
    primitives: list[float] = []
    for number in range(rounds + 1):
        rates = [await _rate(path), await _rate(primitive)]
        if number:
            paths.append(rates[0])
            primitives.append(rates[1])
    return Comparison(
        name=name,
        unit=unit,
        per_second=statistics.median(paths),
        primitive=primitive_name,
        primitive_per_second=statistics.median(primitives),
        ratio=statistics.median(one / other for one, other in zip(paths, primitives, strict=True)),
    )


async def _rate(work: Callable[[], Awaitable[int]]) -> float:
    started = time.perf_counter()
    count = await work()
    return count / (time.perf_counter() - started)


@contextmanager
def relay(folder: Path) -> Iterator[str]:
    """A relay process with its store in ``folder``; its address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "relay", "serve", "--listen", "127.0.0.1:0", "--store", str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        found = re.search(r"ws://\S+", line)
        if found is None:
            message = f"the relay did not start: {line!r}"
            raise RuntimeError(message)
        yield found.group(0)
    finally:
        process.terminate()
        process.wait(START_TIMEOUT_S)
