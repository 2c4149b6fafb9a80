"""Finding a shorter run that fails in the same way: fewer faults, fewer edits, fewer devices."""

from collections.abc import Callable, Iterator

from simulations.plan import Plan, shortened
from simulations.running import Outcome, simulate

MAX_ATTEMPTS = 200
"""Runs of a few seconds each: who shrinks a failure waits some minutes, not hours."""


def shrink(plan: Plan, *, note: Callable[[str], None]) -> Outcome | None:
    """The shortest failing run that was found, or None if the plan passes.

    A shorter run counts if the checker that failed first fails in it too.
    """
    best = simulate(plan)
    if best.has_passed:
        return None
    checker = best.violations[0].checker
    attempts = 0
    has_shrunk = True
    while has_shrunk and attempts < MAX_ATTEMPTS:
        has_shrunk = False
        for candidate in _shorter(best.plan):
            attempts += 1
            outcome = simulate(candidate)
            if checker in {one.checker for one in outcome.violations}:
                best, has_shrunk = outcome, True
                note(
                    f"{attempts} runs: {candidate.devices} devices, {candidate.edits} edits, "
                    f"{len(candidate.happenings)} faults still fail"
                )
                break
            if attempts >= MAX_ATTEMPTS:
                break
    return best


def _shorter(plan: Plan) -> Iterator[Plan]:
    """Shorter plans, the boldest first."""
    size = len(plan.happenings)
    part = size
    while part:
        for start in range(0, size, part):
            yield plan.without(plan.happenings[start : start + part])
        part //= 2
    for edits in (plan.edits // 4, plan.edits // 2, plan.edits * 3 // 4):
        if edits:
            yield shortened(plan, edits=edits)
    if plan.devices > 1:
        yield shortened(plan, devices=plan.devices - 1)
