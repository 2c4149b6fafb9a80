"""Many seeds, on several processes, with a progress bar and one closing line."""

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from statistics import median

from simulations.application import load_application
from simulations.plan import Fault
from simulations.reporting import summary
from simulations.running import simulate
from simulations.scenarios.worlds import plan_of
from simulations.workers import workers

_BAR = 30
_AHEAD = 4
"""Seeds handed to each process at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """One seed, as much of it as crosses a process's border."""

    seed: int
    devices: int
    edits: int
    virtual_hours: float
    faults: Counter[str]
    checks: dict[str, int]
    failure: str


@dataclass(slots=True, kw_only=True)
class SwarmResult:
    """What became of many seeds.

    Attributes:
        scenario: The scenario that was played.
        is_complete: Whether every kind of fault has to happen in some run.
        runs: The runs, in the order of their seeds.
        met: For each fault, in how many runs with it each checker looked.
    """

    scenario: str
    is_complete: bool = False
    runs: list[Played] = field(default_factory=list)
    met: dict[str, Counter[str]] = field(default_factory=dict)

    @property
    def failures(self) -> list[Played]:
        """The runs that failed."""
        return [run for run in self.runs if run.failure]

    @property
    def has_passed(self) -> bool:
        """Whether all passed, and nothing that had to happen was left out."""
        return not self.failures and not (self.is_complete and self.unexercised)

    @property
    def unexercised(self) -> list[str]:
        """The faults that never happened in any run."""
        return sorted(_DRAWN - self.met.keys())

    def add(self, run: Played) -> None:
        """Count a run."""
        self.runs.append(run)
        for fault in run.faults:
            looked = Counter({name: 1 for name, count in run.checks.items() if count})
            self.met[fault] = self.met.get(fault, Counter()) + looked

    def closing_line(self) -> str:
        """Everything in one line."""
        record = self.record()
        parts = [
            f"{len(self.runs)} seeds of {self.scenario}, {len(self.failures)} failed",
            "{virtual_hours:,} virtual hours, {edits:,} edits, {faults:,} faults",
            "the median run has {median_devices} devices, {median_edits} edits, {median_fault_kinds} faults",
        ]
        if self.is_complete and self.unexercised:
            parts.append("NEVER HAPPENED: {unexercised}")
        if self.failures:
            parts.append("FAILED: {failed}")
        return "; ".join(parts).format(**record)

    def record(self) -> dict[str, object]:
        """The result for programs."""
        kinds = [len([name for name in run.faults if name in _DRAWN]) for run in self.runs]
        return {
            "scenario": self.scenario,
            "seeds": len(self.runs),
            "passed": self.has_passed,
            "failed": [run.seed for run in self.failures],
            "virtual_hours": round(sum(run.virtual_hours for run in self.runs)),
            "edits": sum(run.edits for run in self.runs),
            "faults": sum(run.faults.total() for run in self.runs),
            "median_devices": median(run.devices for run in self.runs),
            "median_edits": median(run.edits for run in self.runs),
            "median_fault_kinds": median(kinds),
            "unexercised": self.unexercised,
        }


_DRAWN = frozenset(fault.value for fault in Fault)


def play_one(seed: int, scenario: str, application: str = "") -> Played:
    """Play a seed in this process.

    Raises:
        Misused: there is no such application.
    """
    loaded = load_application(application) if application else None
    outcome = simulate(plan_of(seed, scenario), loaded)
    return Played(
        seed=seed,
        devices=outcome.plan.devices,
        edits=outcome.edits,
        virtual_hours=outcome.virtual_hours,
        faults=outcome.faults,
        checks=outcome.checks,
        failure="" if outcome.has_passed else summary(outcome),
    )


def play_swarm(
    seeds: Sequence[int],
    scenario: str,
    *,
    jobs: int,
    is_quiet: bool,
    is_complete: bool = False,
    application: str = "",
) -> SwarmResult:
    """Play seeds; a failure is printed when it is found, its seed first.

    Args:
        seeds: The seeds.
        scenario: The scenario of them all.
        jobs: How many processes play them.
        is_quiet: Whether there is no progress bar.
        is_complete: Whether every kind of fault must have happened in some run.
        application: What is played too, as ``module:Class``; empty for nothing.

    Raises:
        Misused: there is no such application.
    """
    result = SwarmResult(scenario=scenario, is_complete=is_complete)
    failed = 0
    for count, run in enumerate(_runs(seeds, scenario, jobs, application), start=1):
        result.add(run)
        if run.failure:
            failed += 1
            _say(f"\r{run.failure}\n", is_quiet=False)
        filled = _BAR * count // len(seeds)
        bar = "#" * filled + "." * (_BAR - filled)
        _say(f"\r[{bar}] {count}/{len(seeds)} seeds, {failed} failed", is_quiet=is_quiet)
    _say("\n", is_quiet=is_quiet)
    return result


def _runs(seeds: Sequence[int], scenario: str, jobs: int, application: str) -> Iterator[Played]:
    """The runs in the order of their seeds, a few under way at a time."""
    if jobs <= 1:
        yield from (play_one(seed, scenario, application) for seed in seeds)
        return
    waiting: list[Future[Played]] = []
    rest: Iterable[int] = iter(seeds)
    with workers(jobs) as pool:
        for seed in rest:
            waiting.append(pool.submit(play_one, seed, scenario, application))
            if len(waiting) >= jobs * _AHEAD:
                yield waiting.pop(0).result()
        yield from (one.result() for one in waiting)


def _say(text: str, *, is_quiet: bool) -> None:
    if not is_quiet:
        print(text, end="", file=sys.stderr, flush=True)
