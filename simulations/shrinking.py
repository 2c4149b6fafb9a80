"""Finding a shorter run that fails in the same way: fewer faults, fewer edits, fewer devices."""

from collections.abc import Callable, Iterator

from simulations.plan import Plan, cut_short, shortened, sooner
from simulations.running import Outcome, simulate
from simulations.work import Application

MAX_ATTEMPTS = 200
"""Runs of a few seconds each: who shrinks a failure waits some minutes, not hours."""

_PERCENTS = (25, 50, 75, 90)
_SOON_S = 60.0


def shrink(
    plan: Plan, application: Application | None = None, *, note: Callable[[str], None]
) -> Outcome | None:
    """The shortest failing run that was found, or None if the plan passes.

    A shorter run counts if the checker that failed first fails in it too.
    """
    best = simulate(plan, application)
    if best.has_passed:
        return None
    checker = best.violations[0].checker
    attempts = 0
    has_shrunk = True
    while has_shrunk and attempts < MAX_ATTEMPTS:
        has_shrunk = False
        for candidate in _shorter(best.plan):
            attempts += 1
            outcome = simulate(candidate, application)
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
    fewer = [edits for edits in (plan.edits * percent // 100 for percent in _PERCENTS) if edits]
    yield from (cut_short(plan, edits=edits) for edits in fewer)
    if any(one.time_s > _SOON_S for one in plan.happenings):
        yield sooner(plan)
    yield from (shortened(plan, edits=edits) for edits in fewer)
    if plan.devices > 2:  # who is alone is lost with a damaged file: nobody could invite it again
        yield shortened(plan, devices=plan.devices - 1)
