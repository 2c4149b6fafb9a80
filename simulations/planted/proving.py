"""Proving the checkers: every planted fault is caught, and the right code passes the same seeds."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from simulations.planted.faults import FAULTS
from simulations.planted.planting import planted
from simulations.running import simulate
from simulations.scenarios.worlds import plan_of
from simulations.workers import workers


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What became of one planted fault.

    Attributes:
        name: The fault.
        about: What is wrong with the code.
        seed: The first seed that shows it; None if none did.
        checker: Which checker saw it.
        finding: What it said.
        is_clean: Whether the right code passes with that seed and those before it.
    """

    name: str
    about: str
    seed: int | None
    checker: str = ""
    finding: str = ""
    is_clean: bool = False

    @property
    def has_passed(self) -> bool:
        """Whether the fault was caught, and the right code was not."""
        return self.seed is not None and self.is_clean

    def __str__(self) -> str:
        """One line."""
        if self.seed is None:
            return f"NOT CAUGHT  {self.name}: {self.about}"
        verdict = "caught" if self.is_clean else "BUT THE RIGHT CODE FAILS TOO"
        return f"{verdict}  {self.name:<22} seed {self.seed:>3}  {self.checker:<20} {self.about}"

    def record(self) -> dict[str, object]:
        """The proof for programs."""
        return {
            "fault": self.name,
            "about": self.about,
            "caught": self.seed is not None,
            "seed": self.seed,
            "checker": self.checker,
            "finding": self.finding,
            "unmodified_passes": self.is_clean,
        }


def prove_planted(seeds: Sequence[int], *, jobs: int, is_quiet: bool) -> list[Proof]:
    """Look for the first seed that shows each fault."""
    proofs = []
    for proof in _proofs(seeds, jobs):
        proofs.append(proof)
        if not is_quiet:
            print(f"{len(proofs)}/{len(FAULTS)} {proof.name}", file=sys.stderr, flush=True)
    return proofs


def prove_one(name: str, seeds: Sequence[int]) -> Proof:
    """Look for the first seed that shows a fault, in this process."""
    fault = FAULTS[name]
    is_clean = True
    for seed in seeds:
        plan = plan_of(seed, fault.scenario)
        is_clean = simulate(plan).has_passed and is_clean
        with planted(fault):
            violations = simulate(plan).violations
        if violations:
            return Proof(
                name=name,
                about=fault.about,
                seed=seed,
                checker=violations[0].checker,
                finding=violations[0].what,
                is_clean=is_clean,
            )
    return Proof(name=name, about=fault.about, seed=None)


def _proofs(seeds: Sequence[int], jobs: int) -> Iterator[Proof]:
    if jobs <= 1:
        yield from (prove_one(name, seeds) for name in FAULTS)
        return
    with workers(jobs) as pool:
        yield from pool.map(prove_one, FAULTS, [seeds] * len(FAULTS))
