"""Explanations in words: who, when, what vouches for it, and every problem."""

from datetime import UTC, datetime

import pytest

from syncore.documents.operations import FieldKind
from syncore.replica.explanations import Evidence, Explanation, Origin, Part, problems_of

NOW = datetime(2026, 1, 31, 12, 0, 0, 250_000, UTC)


def origin(evidence: Evidence, *, commit: int = 4, problem: str = "") -> Origin:
    """A commit of an invited device."""
    return Origin(
        device=1,
        key="ab" * 32,
        invited_by=0,
        admitted=NOW,
        time=NOW,
        commit=commit,
        arrived=NOW,
        segment="cd" * 32,
        position=7,
        evidence=evidence,
        problem=problem,
    )


def test_an_origin_says_all_of_it() -> None:
    """Device, key, inviter, times, evidence, commit and segment are on the line."""
    assert str(origin(Evidence.SIGNED)) == (
        "device 1, key abababababababab, invited by 0 and admitted 2026-01-31 12:00:00.250Z, "
        "wrote it 2026-01-31 12:00:00.250Z, here since 2026-01-31 12:00:00.250Z, "
        "signed: checked against the segment held here, commit 4, segment cdcdcdcdcdcdcdcd at 7"
    )


@pytest.mark.parametrize("evidence", Evidence)
def test_every_evidence_has_words(evidence: Evidence) -> None:
    """No evidence is shown as a bare name, and only a pending one is pending."""
    line = str(
        Origin(device=0, key=None, invited_by=None, admitted=None, time=None, commit=None, evidence=evidence)
    )
    assert line.startswith("device 0, ")
    assert len(line) > len("device 0, ") + 5
    assert origin(evidence).is_pending is (evidence is Evidence.PENDING)


def test_problems_are_shown_once_each() -> None:
    """What is wrong stands at its origin and below all of them, once."""
    wrong = origin(Evidence.WRONG, problem="the signature does not hold")
    parts = tuple(Part(value=value, device=1, is_shown=True, origins=(wrong,)) for value in ("a", "b"))
    assert problems_of(parts) == ("the signature does not hold",)
    text = str(
        Explanation(
            collection="films",
            id="alien",
            field="title",
            kind=FieldKind.REGISTER,
            value="a",
            rule="last_write",
            reason="later by 3 s",
            parts=parts,
            problems=problems_of(parts),
        )
    )
    assert text.startswith("films/alien title: 'a'\n  register, shown by last_write: later by 3 s\n")
    assert text.count("WRONG: the signature does not hold") == 3


def test_of_many_commits_the_first_and_last_are_shown() -> None:
    """A run that took many commits names some of them and counts the others; values are shown as wanted."""
    origins = tuple(origin(Evidence.SIGNED, commit=number) for number in range(1, 12))
    part = Part(value="run", device=1, is_shown=False, origins=origins, unlisted=7)
    lines = str(part).splitlines()
    assert lines[0] == "    'run'"
    assert "7 earlier commits" in lines[1]
    assert [line.split("commit ")[1].split(",")[0] for line in lines[2:6]] == ["1", "2", "3", "4"]
    assert lines[6] == "      ... 3 more commits ..."
    assert [line.split("commit ")[1].split(",")[0] for line in lines[7:]] == ["8", "9", "10", "11"]
    assert part.text(lambda value: f"<{value}>").splitlines()[0] == "    <run>"
