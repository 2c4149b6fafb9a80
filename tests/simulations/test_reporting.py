"""Reports begin with the seed, say how to play it again, and show what happened."""

from collections import Counter
from dataclasses import replace

from simulations.judging import NAMES, Violation
from simulations.plan import Plan, cut_short
from simulations.reporting import matrix, replay_command, summary, timeline
from simulations.running import Outcome
from simulations.scenarios.worlds import plan_of
from simulations.trace import Trace

PASSED = Outcome(
    plan=plan_of(7),
    trace=Trace(),
    virtual_hours=2.345,
    edits=120,
    faults=Counter({"loss": 2, "delay": 1}),
    checks={"liveness": 3, "no leaks": 0},
    violations=[],
)
FAILED = replace(PASSED, violations=[Violation(checker="liveness", what="d1 does not run")])


def command_of(plan: Plan, application: str = "") -> str:
    """How a run of this plan is played again."""
    return replay_command(replace(PASSED, plan=plan, application=application))


def test_a_passed_run_in_a_few_lines() -> None:
    """Its seed, its size, its trace, the faults by name and how often each checker looked."""
    first, *rest = summary(PASSED).splitlines()
    devices = PASSED.plan.devices
    assert first == (
        f"seed 7 (mixture) passed: {devices} devices, 120 edits, 2.3 virtual hours, trace {PASSED.trace.hash}"
    )
    assert rest == ["  faults: delay 1, loss 2", "  checks: liveness 3, no leaks 0"]


def test_a_failure_begins_with_its_seed() -> None:
    """Then what does not hold, then the command that shows everything."""
    first, second, third, *_ = summary(FAILED).splitlines()
    assert first.startswith("seed 7 (mixture) FAILED: ")
    assert second == "  liveness: d1 does not run"
    assert third == "again, with everything: python -m simulations replay 7 --scenario mixture"


def test_an_application_is_named() -> None:
    """With how often it was used, and in the command."""
    told = summary(replace(FAILED, application="shop:Shop", acts=55))
    assert "55 acts of shop:Shop" in told
    assert told.splitlines()[2].endswith("replay 7 --scenario mixture --application shop:Shop")


def test_the_command_says_what_the_seed_does_not() -> None:
    """Another number of devices, other hours, both."""
    again = "python -m simulations replay 7 --scenario ship"
    assert command_of(plan_of(7, "ship")) == again
    assert command_of(plan_of(7, "ship", devices=2)) == f"{again} --devices 2"
    assert command_of(plan_of(7, "ship", hours=0.25)) == f"{again} --hours 0.25"
    assert command_of(plan_of(7, "ship", devices=2, hours=0.25)) == f"{again} --devices 2 --hours 0.25"


def test_a_plan_that_no_seed_draws_comes_from_a_file() -> None:
    """A shortened plan, and one of a scenario that is no more."""
    for plan in (cut_short(plan_of(7), edits=10), replace(plan_of(7), scenario="forgotten")):
        assert command_of(plan) == "python -m simulations replay --plan FILE"


def test_a_timeline_leaves_details_out_unless_asked() -> None:
    """One line an event: when, who, what."""
    trace = Trace()
    trace.note(61.5, "d0", "starts")
    trace.note(62.5, "d0", "frame", is_detail=True)
    outcome = replace(PASSED, trace=trace)
    assert timeline(outcome, with_details=False) == "0d 00:01:01.500  d0       starts"
    assert timeline(outcome, with_details=True).splitlines()[1] == "0d 00:01:02.500  d0       frame"


def test_a_table_of_faults_and_checkers() -> None:
    """A line for each fault, a column for each checker, and in how many runs they met."""
    heads, *lines = matrix({"loss": Counter({NAMES[0]: 3}), "delay": Counter()}).splitlines()
    assert heads.split()[0] == NAMES[0][:10]
    assert [line.split()[:2] for line in lines] == [["delay", "0"], ["loss", "3"]]
    assert len(lines[0]) == len(lines[1]) == len(heads)
    assert matrix({}).splitlines() == [matrix({})]
