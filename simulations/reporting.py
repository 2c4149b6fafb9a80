"""Outcomes as people read them: a summary, a timeline, a table of faults and checkers."""

from collections import Counter
from collections.abc import Mapping

from simulations.judging import NAMES
from simulations.running import Outcome
from simulations.scenarios.worlds import SCENARIOS, plan_of
from simulations.trace import clock_time


def summary(outcome: Outcome) -> str:
    """What became of a run; a failure begins with its seed."""
    plan = outcome.plan
    verdict = "passed" if outcome.has_passed else "FAILED"
    size = f"{plan.devices} devices, {outcome.edits} edits, {outcome.virtual_hours:.1f} virtual hours"
    if outcome.application:
        size += f", {outcome.acts} acts of {outcome.application}"
    lines = [f"seed {plan.seed} ({plan.scenario}) {verdict}: {size}, trace {outcome.trace.hash}"]
    lines += [f"  {one.checker}: {one.what}" for one in outcome.violations]
    if not outcome.has_passed:
        lines.append(f"again, with everything: {replay_command(outcome)}")
    told = ", ".join(f"{name} {count}" for name, count in sorted(outcome.faults.items()))
    lines.append(f"  faults: {told or 'none'}")
    lines.append("  checks: " + ", ".join(f"{name} {count}" for name, count in outcome.checks.items()))
    return "\n".join(lines)


def replay_command(outcome: Outcome) -> str:
    """The command that plays a run again and shows what happened."""
    plan = outcome.plan
    devices, hours = f" --devices {plan.devices}", f" --hours {plan.hours}"
    which = next(
        (
            f"{plan.seed} --scenario {plan.scenario}{told}"
            for told, drawn in (
                ("", {}),
                (devices, {"devices": plan.devices}),
                (hours, {"hours": plan.hours}),
                (devices + hours, {"devices": plan.devices, "hours": plan.hours}),
            )
            if plan.scenario in SCENARIOS and plan_of(plan.seed, plan.scenario, **drawn) == plan
        ),
        "--plan FILE",  # no seed draws it: it was kept, or shortened (shrink --keep FILE)
    )
    application = f" --application {outcome.application}" if outcome.application else ""
    return f"python -m simulations replay {which}{application}"


def timeline(outcome: Outcome, *, with_details: bool) -> str:
    """What happened, one line each."""
    return "\n".join(
        f"{clock_time(event.time_s)}  {event.who:<8} {event.what}"
        for event in outcome.trace.events
        if with_details or not event.is_detail
    )


def matrix(met: Mapping[str, Counter[str]]) -> str:
    """A table of faults and checkers: in how many runs each fault was there when the checker looked."""
    width = max(map(len, met), default=0)
    heads = [name[:10] for name in NAMES]
    lines = [" ".join([" " * width, *(f"{head:>10}" for head in heads)])]
    for fault in sorted(met):
        cells = [f"{met[fault][name]:>10}" for name in NAMES]
        lines += [" ".join([f"{fault:<{width}}", *cells])]
    return "\n".join(lines)
