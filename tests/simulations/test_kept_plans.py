"""A kept plan comes back as it was, and whatever else a file holds is refused."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulations.kept_plans import MAX_HAPPENINGS, Kept, kept_files, kept_text, parse_kept, read_kept
from simulations.plan import Fault, Happening, Plan
from simulations.scenarios.worlds import SCENARIOS, plan_of
from syncore.core.errors import Misused

SMALL = Plan(
    seed=1,
    scenario="calm",
    devices=2,
    hours=0.5,
    edits=10,
    happenings=(Happening(time_s=1.5, fault=Fault.KILL, device=1, duration_s=2.5, seed=7),),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=10,
)


def changed(**columns: object) -> str:
    """The text of a kept plan in which something is different."""
    content = json.loads(kept_text(Kept(plan=SMALL, found="something")))
    return json.dumps(content | columns)


@given(seed=st.integers(min_value=0), scenario=st.sampled_from(sorted(SCENARIOS)), found=st.text())
def test_a_kept_plan_comes_back(seed: int, scenario: str, found: str) -> None:
    """Every scenario's plans are read as they were written."""
    kept = Kept(plan=plan_of(seed, scenario), found=found)
    assert parse_kept(kept_text(kept)) == kept


def test_plans_from_before_absences_are_still_played() -> None:
    """A file that does not say how long people are away means that they are not."""
    content = json.loads(kept_text(Kept(plan=SMALL, found="something")))
    del content["session_s"], content["absence_s"]
    assert parse_kept(json.dumps(content)).plan == SMALL


@pytest.mark.parametrize(
    "text",
    [
        "",
        "7",
        "[]",
        "{}",
        "[" * 100_000,
        changed(devices=0),
        changed(devices=10**9),
        changed(devices=True),
        changed(devices="2"),
        changed(hours=0),
        changed(hours=float("nan")),
        changed(hours=float("inf")),
        changed(hours=10**400),
        changed(edits=-1),
        changed(edits=10**9),
        changed(seed=1.5),
        changed(found=None),
        changed(session_s=0),
        changed(absence_s=-1),
        changed(happenings={}),
        changed(happenings=[{}]),
        changed(happenings=[{"time_s": 1, "fault": "nothing", "device": 0, "duration_s": 1, "seed": 1}]),
        changed(happenings=[{"time_s": -1, "fault": "loss", "device": 0, "duration_s": 1, "seed": 1}]),
        changed(happenings=[{"time_s": 1, "fault": "loss", "device": 2, "duration_s": 1, "seed": 1}]),
        changed(happenings=[{"time_s": 1, "fault": "loss", "device": 0, "duration_s": -1, "seed": 1}]),
        changed(
            happenings=[{"time_s": 1, "fault": "loss", "device": 0, "duration_s": 1, "seed": 1}]
            * (MAX_HAPPENINGS + 1)
        ),
    ],
    ids=range(26),
)
def test_what_no_world_could_play_is_refused(text: str) -> None:
    """Wrong shapes, wrong types and impossible sizes."""
    with pytest.raises(Misused, match="no kept plan"):
        parse_kept(text)


@given(content=st.binary() | st.text())
def test_any_content_is_a_plan_or_refused(content: str | bytes) -> None:
    """Nothing else is raised."""
    with pytest.raises(Misused):
        parse_kept(content)


@given(column=st.sampled_from(sorted(json.loads(changed()))), value=JSON)
def test_any_column_is_right_or_refused(column: str, value: object) -> None:
    """One column of a good file may hold anything at all."""
    try:
        kept = parse_kept(changed(**{column: value}))
    except Misused:
        return
    assert parse_kept(kept_text(kept)) == kept


def test_files_that_are_not_there_are_misuse(tmp_path: Path) -> None:
    """The message names the file."""
    with pytest.raises(Misused, match=r"nothing\.json"):
        read_kept(tmp_path / "nothing.json")


def test_a_folders_plans_come_by_name(tmp_path: Path) -> None:
    """Only files that end in .json are plans."""
    for name in ("b.json", "a.json", "notes.txt"):
        (tmp_path / name).write_text(kept_text(Kept(plan=SMALL, found=name)))
    assert [read_kept(path).found for path in kept_files(tmp_path)] == ["a.json", "b.json"]
