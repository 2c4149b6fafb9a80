"""Tests of syncore.protocol.segment_rules."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from syncore.core.identifiers import Dot, SpaceId
from syncore.protocol.control_payloads import Role
from syncore.protocol.segment_rules import (
    DUPLICATE,
    FITS,
    Examination,
    Finding,
    author_key,
    examine_segment,
)
from syncore.protocol.segments import Segment, parse_segment
from tests.protocol.builders import Space, device_key, fill


def built() -> Space:
    """Device 0 wrote commits 1 to 3 in two segments, device 1 wrote one commit, and device 2 may read."""
    space = Space(devices=2)
    space.admit(2, Role.READER)
    space.write(0, count=2)
    space.write(0)
    space.write(1)
    return space


def examine(space: Space, segment: Segment) -> Examination:
    """Compare a segment with what the space holds."""
    return examine_segment(segment, control=space.control, index=space.index)


def changed(space: Space, device: int, /, **changes: object) -> Segment:
    """A device's next segment with changes in its header."""
    return space.seal(replace(space.header(space.writer(device)), **changes))  # type: ignore[arg-type]


def with_dependency(space: Space, writer_of: int, number: int, digest: bytes | None = None) -> Segment:
    """Device 1's next segment, which builds on a commit of another device."""
    header = space.header(space.writer(1), dependencies=[(space.writer(writer_of), number)])
    return space.seal(replace(header, dependencies_hash=digest) if digest else header)


def test_the_next_segment_of_a_writer_fits() -> None:
    """A first and a following segment fit, and one that builds on any segment that is held, old or last."""
    space = built()
    for segment in (
        space.segment(0),
        space.segment(1, incarnation=7),
        space.segment(1, dependencies=[(space.writer(0), 2)]),
        space.segment(1, dependencies=[(space.writer(0), 3)]),
        changed(space, 1, control_seq=3, control_hash=space.controls[3].link),
    ):
        assert examine(space, segment) == FITS


FOUND: dict[str, tuple[Callable[[Space], Segment], Finding]] = {
    "another space": (
        lambda space: changed(space, 0, space=SpaceId(fill("elsewhere"))),
        Finding.WRONG_SPACE,
    ),
    "a control record that is not there": (
        lambda space: changed(space, 0, control_seq=6),
        Finding.CONTROL_AHEAD,
    ),
    "another control record": (
        lambda space: changed(space, 0, control_hash=bytes(32)),
        Finding.CONTROL_DIFFERS,
    ),
    "no device": (lambda space: space.segment(9), Finding.NOT_MEMBER),
    "a device that was admitted later": (
        lambda space: changed(space, 1, control_seq=2, control_hash=space.controls[2].link),
        Finding.NOT_MEMBER,
    ),
    "a reader": (lambda space: space.segment(2), Finding.NOT_PERMITTED),
    "another epoch": (lambda space: changed(space, 0, epoch=2), Finding.WRONG_EPOCH),
    "a gap": (lambda space: changed(space, 0, first=5), Finding.GAP),
    "a gap at the beginning": (
        lambda space: changed(space, 0, first=2, writer=space.writer(0, 8)),
        Finding.GAP,
    ),
    "other commits of the same numbers": (
        lambda space: changed(space, 0, first=3, prev=bytes(32)),
        Finding.FORK,
    ),
    "a longer run over held commits": (lambda space: changed(space, 0, first=3, count=2), Finding.FORK),
    "another first segment": (lambda space: changed(space, 0, first=1, prev=space.id), Finding.FORK),
    "another predecessor": (lambda space: changed(space, 0, prev=bytes(32)), Finding.FORK),
    "a commit that is not there": (
        lambda space: with_dependency(space, 0, 4),
        Finding.DEPENDENCY_MISSING,
    ),
    "a writer that is not there": (
        lambda space: with_dependency(space, 5, 1),
        Finding.DEPENDENCY_MISSING,
    ),
    "a number inside a segment": (
        lambda space: with_dependency(space, 0, 1),
        Finding.DEPENDENCY_DIFFERS,
    ),
    "other segments": (
        lambda space: with_dependency(space, 0, 2, fill("other")),
        Finding.DEPENDENCY_DIFFERS,
    ),
}


@pytest.mark.parametrize(("make", "finding"), FOUND.values(), ids=FOUND.keys())
def test_a_segment_that_does_not_fit_is_told_why(make: Callable[[Space], Segment], finding: Finding) -> None:
    """Each rule has its finding, with a sentence; a commit is named where one is missing, else none."""
    space = built()
    examination = examine(space, make(space))
    assert examination.finding is finding
    assert examination.detail
    is_missing = finding in {Finding.GAP, Finding.DEPENDENCY_MISSING}
    assert (examination.missing is not None) is is_missing


def test_what_is_missing_is_named() -> None:
    """A gap names the commit just before the segment, a dependency the commit that it builds on."""
    space = built()
    assert examine(space, changed(space, 0, first=7)).missing == Dot(space.writer(0), 6)
    assert examine(space, with_dependency(space, 0, 9)).missing == Dot(space.writer(0), 9)
    assert examine(space, with_dependency(space, 5, 2)).missing == Dot(space.writer(5), 2)


def test_a_segment_that_is_held_is_a_duplicate() -> None:
    """Any held segment may come again, from the middle, under another signature, or by a mere reader."""
    space = built()
    held = [space.segment(0)]
    space.take_segment(held[0])
    held.append(space.write(0))
    of_a_reader = space.segment(2)
    space.index.add(of_a_reader)
    for segment in (*held, of_a_reader):
        assert examine(space, segment) == DUPLICATE
        assert examine(space, parse_segment(segment.content, bytes(64))) == DUPLICATE


def test_the_cheapest_rule_speaks_first() -> None:
    """Of all that is wrong, the space is found first, then membership, the chain, and dependencies last."""
    space = built()
    missing = (space.writer(1), 9)
    wrong = replace(
        space.header(space.writer(0), dependencies=[missing]),
        first=9,
        epoch=2,
        space=SpaceId(fill("elsewhere")),
    )
    assert examine(space, space.seal(wrong)).finding is Finding.WRONG_SPACE
    wrong = replace(wrong, space=space.id)
    assert examine(space, space.seal(wrong)).finding is Finding.WRONG_EPOCH
    wrong = replace(wrong, epoch=1)
    assert examine(space, space.seal(wrong)).finding is Finding.GAP
    wrong = replace(wrong, first=4)
    assert examine(space, space.seal(wrong)).finding is Finding.DEPENDENCY_MISSING


def test_the_authors_key_is_that_of_the_device_in_the_writer() -> None:
    """Every incarnation of a device signs with its one key; a device that was never admitted has none."""
    space = built()
    for incarnation in (1, 7):
        segment = space.segment(1, incarnation=incarnation)
        assert author_key(segment, space.control) == device_key(1).public
    assert author_key(space.segment(9), space.control) is None
