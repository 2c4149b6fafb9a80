"""Playing one plan from its beginning to its verdict."""

import gc
import hashlib
import traceback
from collections import Counter
from dataclasses import dataclass, replace

from simulations.checkers import no_defects
from simulations.judging import Violation, judge
from simulations.loop import run
from simulations.network.medium import NetworkEvent
from simulations.patience import LIMIT_S, Endless, patience
from simulations.plan import Plan
from simulations.trace import Trace
from simulations.work import Application, name_of
from simulations.world import make_world


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of a plan.

    Attributes:
        plan: What was played.
        trace: What happened.
        virtual_hours: How long it took, in the world.
        edits: How many edits were begun.
        application: The application that was played too, as ``module:Class``; empty for none.
        acts: How often somebody did something with it.
        faults: What went wrong, how often.
        checks: How often each checker looked.
        violations: What does not hold.
    """

    plan: Plan
    trace: Trace
    virtual_hours: float
    edits: int
    faults: Counter[str]
    checks: dict[str, int]
    violations: list[Violation]
    application: str = ""
    acts: int = 0

    @property
    def has_passed(self) -> bool:
        """Whether everything held."""
        return not self.violations


def simulate(plan: Plan, application: Application | None = None, *, limit_s: float = LIMIT_S) -> Outcome:
    """Play a plan, with an application beside the documents of every world if one is given.

    A run that takes more than ``limit_s`` seconds of the processor has failed.
    """
    world = make_world(plan, application)
    loop, network, trace = world.around.loop, world.around.network, world.around.trace

    def observe(event: NetworkEvent) -> None:
        world.gauges.watch(event)
        digest = hashlib.blake2b(event.frame, digest_size=4).hexdigest() if event.frame is not None else ""
        size = "" if event.frame is None else len(event.frame)
        what = f"{event.kind} {event.connection} to {event.destination} {size} {digest} {event.detail}"
        trace.note(event.time_s, event.source, what, is_detail=True)

    network.observe = observe
    violations: list[Violation] = []
    checks: dict[str, int] = {}
    try:
        with patience(limit_s):
            ending = run(world.play(), loop)
        gc.collect()  # a task that failed and was never asked says so when it is collected: now, in every run
        checks, violations = judge(replace(ending, defects=[*loop.defects, *world.relay.failures]))
    except (Exception, Endless) as error:  # noqa: BLE001 - a world that breaks is a finding, with its seed
        told = "".join(traceback.format_exception(error, limit=-6))
        violations = [Violation(checker=no_defects.NAME, what=f"the run broke: {told}")]
    finally:
        world.scrap()
    return Outcome(
        plan=plan,
        trace=trace,
        virtual_hours=loop.time() / 3600,
        edits=len(world.ledger.edits),
        faults=world.faults + Counter({f"network: {kind}": count for kind, count in network.faults.items()}),
        checks=checks,
        violations=violations,
        application="" if application is None else name_of(application),
        acts=0 if world.usage is None else world.usage.acts,
    )
