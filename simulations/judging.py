"""All checkers over one ending."""

from dataclasses import dataclass

from simulations.checkers import (
    application_content,
    atomic_transactions,
    bounded,
    causal_order,
    equal_digests,
    faithful_digests,
    fresh_projections,
    lies_detected,
    liveness,
    no_defects,
    no_leaks,
    nothing_lost,
    nothing_twice,
    validity_agreed,
)
from simulations.ending import Ending

AT_THE_END = (
    liveness,
    equal_digests,
    nothing_lost,
    nothing_twice,
    fresh_projections,
    atomic_transactions,
    validity_agreed,
    no_leaks,
    lies_detected,
    application_content,
    bounded,
    no_defects,
)
NAMES = tuple(dict.fromkeys([*(one.NAME for one in AT_THE_END), causal_order.NAME, faithful_digests.NAME]))
MAX_TOLD = 8
"""Violations of one checker that a report lists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """Something that does not hold.

    Attributes:
        checker: Which checker found it.
        what: What it found, in words.
    """

    checker: str
    what: str


def judge(ending: Ending) -> tuple[dict[str, int], list[Violation]]:
    """How often each checker has looked, and what does not hold."""
    counts = dict.fromkeys(NAMES, 0)
    violations: list[Violation] = []
    for name, (count, found) in ending.audits.items():
        counts[name] += count
        violations += [Violation(checker=name, what=what) for what in found[:MAX_TOLD]]
    for checker in AT_THE_END:
        counts[checker.NAME] += max(len(ending.devices), 1)
        told = [Violation(checker=checker.NAME, what=what) for what in checker.check(ending)]
        violations += told[:MAX_TOLD]
    return counts, violations
