"""What all benchmarks share: results as ratios, alternating rounds, and a real relay process."""

import re
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

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
        processor_us: Processor time of this process for one operation, the least of the rounds; 0 where it
            is no rate.
        primitive_processor_us: The same for the primitive.
        slowest_us: What 99 of 100 operations took at most, from call to return; None where nobody looked.
    """

    name: str
    unit: str
    per_second: float
    primitive: str
    primitive_per_second: float
    ratio: float
    processor_us: float = 0.0
    primitive_processor_us: float = 0.0
    slowest_us: float | None = None

    @property
    def processor_ratio(self) -> float:
        """Path / primitive in processor time: what other programs on the machine change least."""
        return self.primitive_processor_us / self.processor_us if self.processor_us else 0.0


async def compare(
    name: str,
    unit: str,
    path: Callable[[], Awaitable[int]],
    primitive_name: str,
    primitive: Callable[[], Awaitable[int]],
    *,
    rounds: int = 5,
    waits: Sequence[float] = (),
) -> Comparison:
    """Run both in turn, after one round that does not count; each returns how many operations it did.

    ``waits`` is where the path puts how many seconds each of its operations took.
    """
    paths: list[_Pace] = []
    primitives: list[_Pace] = []
    for number in range(rounds + 1):
        paces = [await _pace(path), await _pace(primitive)]
        if number:
            paths.append(paces[0])
            primitives.append(paces[1])
    return Comparison(
        name=name,
        unit=unit,
        per_second=statistics.median(one.per_second for one in paths),
        primitive=primitive_name,
        primitive_per_second=statistics.median(one.per_second for one in primitives),
        ratio=statistics.median(
            one.per_second / other.per_second for one, other in zip(paths, primitives, strict=True)
        ),
        processor_us=min(one.processor_us for one in paths),
        primitive_processor_us=min(one.processor_us for one in primitives),
        slowest_us=sorted(waits)[len(waits) * 99 // 100] * 1e6 if waits else None,
    )


class _Pace(NamedTuple):
    """How fast one round went."""

    per_second: float
    processor_us: float


async def _pace(work: Callable[[], Awaitable[int]]) -> _Pace:
    started, used = time.perf_counter(), time.process_time()
    count = await work()
    used = max(time.process_time() - used, sys.float_info.min)
    return _Pace(count / (time.perf_counter() - started), used / count * 1e6)


async def waited(work: Awaitable[object], waits: list[float]) -> None:
    """Await something and note how many seconds that took."""
    started = time.perf_counter()
    await work
    waits.append(time.perf_counter() - started)


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
        if process.stdout is not None:
            process.stdout.close()
