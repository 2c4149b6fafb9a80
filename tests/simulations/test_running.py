"""One seed is one run: the same trace, whatever the process, and what breaks is a finding with its seed."""

import asyncio
import contextlib
import os
import random
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from simulations.judging import NAMES
from simulations.plan import Fault
from simulations.running import simulate
from simulations.work import Application
from syncore.engine.replica import Replica
from tests.simulations.small_plans import SMALL, going_wrong

ROOT = Path(__file__).parents[2]
PROGRAM = """
from simulations.running import simulate
from tests.simulations.test_running import MANY_FAULTS
print(simulate(MANY_FAULTS).trace.hash)
"""
MANY_FAULTS = replace(
    SMALL,
    hours=0.3,
    edits=40,
    happenings=tuple(
        going_wrong(fault).happenings[0]
        for fault in (Fault.KILL, Fault.POWER_CUT, Fault.LOSS, Fault.PARTITION, Fault.RELAY_KILL, Fault.CLONE)
    ),
)


class Watching(Application):
    """An application that acts and complains."""

    async def act(self, replica: Replica, draw: random.Random, who: str) -> str | None:
        """Add one thing."""
        await replica.collection("things").insert({"by": who, "n": draw.random()})
        return None

    async def check(self, replicas: Mapping[str, Replica]) -> Sequence[str]:
        """Complain of everybody."""
        return [f"{who} is wrong" for who in replicas]


class Broken(Application):
    """An application that cannot begin."""

    async def prepare(self, replica: Replica) -> None:
        """Fail."""
        del replica
        raise LookupError("nothing to begin with")


class Spinning(Application):
    """An application that never comes back, and holds on to whatever it is hit with."""

    async def act(self, replica: Replica, draw: random.Random, who: str) -> str | None:
        """Spin."""
        del replica, draw, who
        while True:
            with contextlib.suppress(Exception):
                self.turn()

    def turn(self) -> None:
        """Spend some of the processor's time."""


class Careless(Application):
    """An application that does not wait for what it starts."""

    async def act(self, replica: Replica, draw: random.Random, who: str) -> str | None:
        """Start something that fails later."""
        del replica, draw, who

        async def fail() -> None:
            await asyncio.sleep(1)
            raise LookupError("nobody waits for this")

        started = asyncio.ensure_future(fail())
        return "starts something" if not started.done() else None


def test_a_run_tells_everything_of_itself() -> None:
    """Time, edits, faults by kind and how often each checker looked."""
    outcome = simulate(going_wrong(Fault.KILL))
    assert outcome.has_passed
    assert outcome.plan == going_wrong(Fault.KILL)
    assert outcome.virtual_hours > SMALL.hours
    assert outcome.edits > 10
    assert outcome.faults["device killed"] == 1
    assert [kind for kind in outcome.faults if kind.startswith("network: ")]
    assert outcome.checks.keys() == {*NAMES}
    assert (outcome.application, outcome.acts) == ("", 0)


def test_one_plan_gives_one_trace() -> None:
    """Twice in one process, with everything that happens in it; another seed gives another."""
    one, again = simulate(MANY_FAULTS), simulate(MANY_FAULTS)
    assert one.has_passed
    assert one.trace.hash == again.trace.hash
    assert [event.what for event in one.trace.events] == [event.what for event in again.trace.events]
    assert (one.checks, one.faults, one.edits) == (again.checks, again.faults, again.edits)
    assert simulate(replace(MANY_FAULTS, seed=2)).trace.hash != one.trace.hash


def test_other_processes_give_the_same_trace() -> None:
    """The order of sets of strings, which differs from process to process, decides nothing."""
    hashes = {simulate(MANY_FAULTS).trace.hash}
    for hash_seed in ("0", "4242"):
        environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env=environment,
            capture_output=True,
            text=True,
            timeout=50,
            check=True,
        )
        hashes.add(done.stdout.strip())
    assert len(hashes) == 1


def test_an_application_is_played_and_judged() -> None:
    """Its acts are counted beside the edits, its complaints are violations under its checker's name."""
    outcome = simulate(SMALL, Watching())
    assert outcome.acts > 5
    assert outcome.edits > 3
    assert outcome.application.endswith("test_running:Watching")
    assert [(one.checker, one.what) for one in outcome.violations] == [
        ("application", "d0 is wrong"),
        ("application", "d1 is wrong"),
    ]


def test_a_run_that_breaks_is_a_finding() -> None:
    """The report has the error and where it came from, and nothing is raised."""
    outcome = simulate(SMALL, Broken())
    assert not outcome.has_passed
    (violation,) = outcome.violations
    assert violation.checker == "no defects"
    assert "LookupError: nothing to begin with" in violation.what
    assert "test_running.py" in violation.what


def test_an_error_that_nobody_handled_is_a_finding() -> None:
    """A task of a program that fails while nobody waits for it is told in the run that it belongs to."""
    violations = simulate(SMALL, Careless()).violations
    assert {one.checker for one in violations} == {"no defects"}
    assert "LookupError('nobody waits for this')" in violations[0].what


def test_a_run_without_an_end_is_a_finding() -> None:
    """A loop inside a program, which virtual time never passes, ends the run and is shown where it is."""
    (violation,) = simulate(SMALL, Spinning(), limit_s=1.0).violations
    assert violation.checker == "no defects"
    assert "no end after 1 seconds of the processor" in violation.what
    assert "test_running.py" in violation.what
