"""A swarm gives one result however many processes play it, and tells a failure at once, its seed first."""

import random
from collections import Counter
from collections.abc import Mapping

import pytest

from simulations.judging import NAMES
from simulations.plan import Fault
from simulations.swarm import Played, SwarmResult, play_one, play_swarm
from simulations.work import Application
from syncore.core.errors import Misused
from syncore.engine.replica import Replica

HERE = "tests.simulations.test_swarm"


class Moody(Application):
    """An application that fails in some worlds."""

    async def act(self, replica: Replica, draw: random.Random, who: str) -> str | None:
        """Fail on a third device, if there is one."""
        del replica, draw
        assert who != "d2", "three are a crowd"
        return None


def run(seed: int, faults: Mapping[str, int] | None = None, *, failure: str = "") -> Played:
    """A seed that was played."""
    return Played(
        seed=seed,
        devices=2 + seed,
        edits=100 * seed,
        virtual_hours=1.5,
        faults=Counter(faults or {}),
        checks={"liveness": 2, "no leaks": 0},
        failure=failure,
    )


def test_two_processes_give_what_one_gives(capsys: pytest.CaptureFixture[str]) -> None:
    """Run by run, in the order of the seeds, though they end in another."""
    one = play_swarm([1, 2], "calm", jobs=1, is_quiet=True)
    two = play_swarm([1, 2], "calm", jobs=2, is_quiet=True)
    assert [run.seed for run in two.runs] == [1, 2]
    assert one == two
    assert one.has_passed
    assert one.closing_line() == two.closing_line()
    assert capsys.readouterr().err == ""


def test_a_bar_shows_how_far_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    """One step for each seed, and how many have failed."""
    play_swarm([1, 2], "calm", jobs=1, is_quiet=False)
    steps = capsys.readouterr().err.split("\r")
    assert steps[1] == f"[{'#' * 15}{'.' * 15}] 1/2 seeds, 0 failed"
    assert steps[2].rstrip("\n") == f"[{'#' * 30}] 2/2 seeds, 0 failed"


def test_a_failure_is_told_at_once_with_its_seed_first(capsys: pytest.CaptureFixture[str]) -> None:
    """Before the swarm goes on, also where there is no bar."""
    result = play_swarm([3], "calm", jobs=1, is_quiet=True, application=f"{HERE}:Moody")
    told = capsys.readouterr().err
    assert told.startswith("\rseed 3 (calm) FAILED: 3 devices")
    assert "act on d2 raised AssertionError: three are a crowd" in told
    assert f"replay 3 --scenario calm --application {HERE}:Moody" in told
    assert [run.seed for run in result.failures] == [3]
    assert result.closing_line().endswith("; FAILED: [3]")


def test_an_application_that_is_not_there_is_misuse() -> None:
    """In this process and in others."""
    for jobs in (1, 2):
        with pytest.raises(Misused, match="nothing:Nothing"):
            play_swarm([1], "calm", jobs=jobs, is_quiet=True, application="nothing:Nothing")


def test_a_run_says_how_large_it_was() -> None:
    """What crosses a process's border is what the result needs."""
    played = play_one(1, "calm")
    assert (played.seed, played.devices, played.failure) == (1, 3, "")
    assert played.edits > 100
    assert played.checks.keys() == {*NAMES}


def test_the_closing_line_sums_up() -> None:
    """Seeds, hours, edits and faults of all, and the run in the middle."""
    result = SwarmResult(scenario="calm")
    result.add(run(1, {"delay": 1, "loss": 2}))
    result.add(run(20, {"delay": 3}))
    result.add(run(2))
    assert result.closing_line() == (
        "3 seeds of calm, 0 failed; 4 virtual hours, 2,300 edits, 6 faults; "
        "the median run has 4 devices, 200 edits, 1 faults"
    )
    result.add(run(3, failure="seed 3 FAILED"))
    assert result.closing_line().endswith("; FAILED: [3]")


def test_what_a_program_reads_of_it() -> None:
    """The same in a record, with the seeds that failed and the faults that never happened."""
    result = SwarmResult(scenario="calm", is_complete=True)
    result.add(run(1, {fault.value: 1 for fault in Fault if fault is not Fault.CLONE}))
    passed = [result.has_passed]
    assert "NEVER HAPPENED: ['machine cloned']" in result.closing_line()
    record = result.record()
    assert (record["passed"], record["failed"], record["unexercised"]) == (False, [], ["machine cloned"])
    result.add(run(2, {Fault.CLONE.value: 1}))
    passed.append(result.has_passed)
    assert passed == [False, True]
    assert result.record()["median_devices"] == 3.5


def test_checkers_that_looked_are_counted_by_fault() -> None:
    """In how many runs with a fault each checker has looked at all."""
    result = SwarmResult(scenario="calm")
    result.add(run(1, {"delay": 1}))
    result.add(run(2, {"delay": 1, "loss": 1}))
    assert result.met == {"delay": Counter({"liveness": 2}), "loss": Counter({"liveness": 1})}
