"""The command line plays, replays, shortens and keeps; its status and its records say what came out."""

import json
import logging
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulations.cli import main
from simulations.judging import NAMES
from simulations.kept_plans import Kept, kept_text, read_kept
from simulations.planted.faults import FAULTS
from simulations.planted.planting import planted
from simulations.scenarios.worlds import SCENARIOS
from simulations.work import Application
from syncore.engine.replica import Replica
from tests.simulations.small_plans import SMALL

WRONG = f"{__name__}:Wrong"


class Wrong(Application):
    """An application that fails at its first act."""

    async def act(self, replica: Replica, draw: random.Random, who: str) -> str | None:
        """Fail."""
        del replica, draw, who
        raise ValueError("wrong from the beginning")


@pytest.fixture
def small(tmp_path: Path) -> str:
    """The file of a small plan."""
    path = tmp_path / "small.json"
    path.write_text(kept_text(Kept(plan=SMALL, found="nothing yet")))
    return str(path)


@pytest.fixture(autouse=True)
def loud() -> Iterator[None]:
    """The command line switches logs off for its process: on again, for the tests after it."""
    yield
    logging.disable(logging.NOTSET)


def record_of(capsys: pytest.CaptureFixture[str]) -> dict[str, object]:
    """The one JSON object that was printed."""
    printed = capsys.readouterr()
    assert printed.err == ""
    found: dict[str, object] = json.loads(printed.out)
    return found


def test_a_run_as_a_record(small: str, capsys: pytest.CaptureFixture[str]) -> None:
    """With all that a program wants to know, and the same twice."""
    assert main(["run", "--plan", small, "--json"]) == 0
    record = record_of(capsys)
    assert record["passed"] is True
    assert record["devices"] == 2
    assert isinstance(record["trace"], str)
    assert isinstance(record["virtual_hours"], float)
    assert isinstance(record["edits"], int)
    assert isinstance(record["faults"], dict)
    assert isinstance(record["checks"], dict)
    assert record["checks"].keys() == {*NAMES}
    assert (record["acts"], record["violations"]) == (0, [])
    assert main(["run", "--plan", small, "--json"]) == 0
    assert record_of(capsys) == record


def test_a_run_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    """A seed, with the devices and hours that were asked for."""
    assert main(["run", "--seed", "5", "--scenario", "calm", "--devices", "1", "--hours", "0.1"]) == 0
    assert capsys.readouterr().out.startswith("seed 5 (calm) passed: 1 devices, ")


def test_a_failed_run(small: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Status 1, and what does not hold."""
    assert main(["run", "--plan", small, "--application", WRONG, "--json"]) == 1
    record = record_of(capsys)
    assert record["passed"] is False
    assert isinstance(record["violations"], list)
    assert record["violations"][0].startswith("application: act on d0 raised ValueError: wrong from")


def test_a_replay_shows_what_happened(small: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A timeline, then the summary; with details every edit and every frame."""
    assert main(["replay", "--plan", small]) == 0
    plain = capsys.readouterr().out
    assert "relay    starts" in plain
    assert "frame" not in plain
    assert plain.splitlines()[-3].startswith("seed 1 (calm) passed")
    assert main(["replay", "--plan", small, "--details"]) == 0
    assert " frame " in capsys.readouterr().out
    assert main(["replay", "--plan", small, "--application", WRONG]) == 1


def test_a_failing_run_is_shortened_and_kept(
    small: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The file is a plan that fails when it is played, and says what it had found."""
    kept = tmp_path / "kept.json"
    assert main(["shrink", "--plan", small, "--application", WRONG, "--keep", str(kept)]) == 1
    printed = capsys.readouterr()
    assert "still fail" in printed.err
    assert "FAILED" in printed.out
    assert read_kept(kept).plan.edits < SMALL.edits
    assert read_kept(kept).found.startswith("application: act on d")
    assert "\n" not in read_kept(kept).found
    assert main(["run", "--plan", str(kept), "--application", WRONG]) == 1
    assert main(["run", "--plan", str(kept)]) == 0


def test_what_passes_is_not_kept(small: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Status 0, and no file."""
    assert main(["shrink", "--plan", small, "--keep", str(tmp_path / "kept.json")]) == 0
    assert capsys.readouterr().out == "seed 1 passes: there is nothing to shorten\n"
    assert not (tmp_path / "kept.json").exists()


def test_a_swarm_and_its_table(capsys: pytest.CaptureFixture[str]) -> None:
    """One closing line for people, a table if it is asked for, a record for programs."""
    assert main(["swarm", "--seeds", "1", "--scenario", "calm", "--table"]) == 0
    *table, last = capsys.readouterr().out.splitlines()
    assert last.startswith("1 seeds of calm, 0 failed; ")
    assert table[0].split()[0] == NAMES[0][:10]
    assert main(["swarm", "--seeds", "1..1", "--scenario", "calm", "--every-fault", "--json"]) == 1
    record = record_of(capsys)
    assert (record["seeds"], record["passed"], record["failed"]) == (1, False, [])


def test_a_failed_swarm(capsys: pytest.CaptureFixture[str]) -> None:
    """Status 1, and the seeds that failed."""
    with planted(FAULTS["no-cipher"]):
        assert main(["swarm", "--seeds", "2..2", "--scenario", "calm", "--json"]) == 1
    printed = capsys.readouterr()
    assert json.loads(printed.out)["failed"] == [2]
    assert printed.err.startswith("\rseed 2 (calm) FAILED")


@pytest.mark.parametrize("text", ["", "x", "1..", "..2", "2..1", "1..2..3", "1.5"])
def test_seeds_are_a_range(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Anything else is misuse, and the message shows it."""
    with pytest.raises(SystemExit) as ended:
        main(["swarm", "--seeds", text])
    assert ended.value.code == 2
    assert repr(text) in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["run"],
        ["run", "--seed", "1", "--plan", "x"],
        ["run", "--seed", "x"],
        ["run", "--seed", "1", "--scenario", "storm"],
        ["replay"],
        ["swarm"],
        ["fly"],
    ],
)
def test_misuse_is_status_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """What is missing or unknown is said on the error output."""
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert "error: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["run", "--plan", "/nowhere/plan.json"], "/nowhere/plan.json cannot be read"),
        (["run", "--seed", "1", "--application", "nothing:Nothing"], "nothing:Nothing cannot be loaded"),
        (["replay", "1", "--application", "shop"], "write module:Class"),
    ],
)
def test_what_cannot_be_found_is_status_2(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the name of the program in front."""
    assert main(arguments) == 2
    printed = capsys.readouterr().err
    assert printed.startswith("python -m simulations: ")
    assert told in printed


def test_help_names_every_scenario(capsys: pytest.CaptureFixture[str]) -> None:
    """With whom each is about."""
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    printed = capsys.readouterr().out
    assert all(f"  {name}: {one.about}\n" in printed for name, one in SCENARIOS.items())


def test_the_planted_faults_are_shown(capsys: pytest.CaptureFixture[str]) -> None:
    """With no seed to try none is caught, and the status says so; one record for each."""
    assert main(["planted", "--seeds", "0", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert [proof["fault"] for proof in found] == [*FAULTS]
    assert not [proof for proof in found if proof["caught"]]
    assert main(["planted", "--seeds", "0"]) == 1
    printed = capsys.readouterr()
    assert printed.out.count("NOT CAUGHT") == len(FAULTS)
    assert printed.err.splitlines()[-1] == f"{len(FAULTS)}/{len(FAULTS)} {[*FAULTS][-1]}"
