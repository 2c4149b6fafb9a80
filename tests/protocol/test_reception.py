"""Tests of syncore.protocol.reception."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from syncore.core.identifiers import Dot, SpaceId
from syncore.protocol.control_records import sign_record
from syncore.protocol.reception import (
    AlreadyHeld,
    Apply,
    Foreign,
    Fork,
    Invalid,
    Missing,
    Verdict,
    judge_received,
    judge_received_record,
)
from syncore.protocol.segments import Segment
from tests.protocol.builders import NOW_MS, Space, device_key, fill, invite
from tests.protocol.test_admission import REFUSED, built, with_dependency

VERDICTS: dict[str, type[Verdict]] = {
    "another space": Foreign,
    "a control record that is not there": Missing,
    "another control record": Fork,
    "no device": Foreign,
    "a device that was admitted later": Invalid,
    "a reader": Invalid,
    "another epoch": Invalid,
    "a gap": Missing,
    "a gap at the beginning": Missing,
    "other commits of the same numbers": Fork,
    "a longer run over held commits": Fork,
    "another first segment": Fork,
    "another predecessor": Fork,
    "a commit that is not there": Missing,
    "a writer that is not there": Missing,
    "a number inside a segment": Fork,
    "other segments": Fork,
}


def judge(space: Space, segment: Segment, *, closed: dict[int, int] | None = None) -> Verdict:
    """Judge a segment where everything else was received; ``closed``: device -> last valid commit."""
    writers = {space.writer(device): number for device, number in (closed or {}).items()}
    return judge_received(segment, control=space.control, index=space.index, closed=writers)


@pytest.mark.parametrize("name", REFUSED)
def test_only_what_the_author_did_is_invalid(name: str) -> None:
    """Role and epoch make a segment invalid; other hashes are forks, and what is not held is missing."""
    make: Callable[[Space], Segment] = REFUSED[name][0]
    space = built()
    verdict = judge(space, make(space))
    assert type(verdict) is VERDICTS[name]


def test_what_fits_is_applied_once() -> None:
    """The next segment is applied, and the same one afterwards is held already."""
    space = built()
    segment = space.segment(1, dependencies=[(space.writer(0), 3)])
    assert judge(space, segment) == Apply()
    space.take_segment(segment)
    assert judge(space, segment) == AlreadyHeld()


def test_what_is_missing_is_named() -> None:
    """A missing dependency and a gap name the commit; a missing control record names none."""
    space = built()
    missing = judge(space, with_dependency(space, 0, 4))
    assert isinstance(missing, Missing)
    assert missing.commit == Dot(space.writer(0), 4)
    gap = judge(space, space.seal(replace(space.header(space.writer(0)), first=9)))
    assert isinstance(gap, Missing)
    assert gap.commit == Dot(space.writer(0), 8)
    control = judge(space, space.seal(replace(space.header(space.writer(0)), control_seq=50)))
    assert isinstance(control, Missing)
    assert control.commit is None


def test_nothing_of_a_closed_writer_follows() -> None:
    """Behind the last valid commit every segment of the writer is invalid, whether or not it fits."""
    space = built()
    following = space.segment(0)
    assert judge(space, following) == Apply()
    assert isinstance(judge(space, following, closed={0: 3}), Invalid)
    later = space.seal(replace(following.header, first=30))
    assert isinstance(judge(space, later, closed={0: 3}), Invalid)
    assert judge(space, following, closed={1: 0}) == Apply()


def test_what_builds_on_something_invalid_is_invalid() -> None:
    """Dependencies beyond a closed writer's last valid commit are invalid, those up to it are not."""
    space = built()
    assert judge(space, with_dependency(space, 0, 3), closed={0: 3}) == Apply()
    assert isinstance(judge(space, with_dependency(space, 0, 3), closed={0: 2}), Invalid)
    assert isinstance(judge(space, with_dependency(space, 0, 9), closed={0: 3}), Invalid)


def test_held_segments_stay_held_after_their_writer_was_closed() -> None:
    """A segment below the closing comes again as a duplicate."""
    space = Space()
    first = space.write(0)
    space.write(0)
    assert judge(space, first, closed={0: 1}) == AlreadyHeld()


def test_records_come_in_order_or_show_a_fork() -> None:
    """The next record is applied, a known one held, one in another's place a proof against the relay."""
    space = built()
    following = space.acceptance(sign_record(space.record(invite("next")), device_key(0)))
    assert judge_received_record(following, control=space.control) == Apply()
    for accepted in space.controls:
        assert judge_received_record(accepted, control=space.control) == AlreadyHeld()
    other = replace(space.record(invite("other")), seq=2)
    usurper = space.acceptance(sign_record(other, device_key(0)))
    assert isinstance(judge_received_record(usurper, control=space.control), Fork)
    elsewhere = replace(space.record(invite("other")), prev=bytes(32))
    branched = space.acceptance(sign_record(elsewhere, device_key(0)))
    assert isinstance(judge_received_record(branched, control=space.control), Fork)


def test_the_same_record_accepted_twice_is_a_fork() -> None:
    """A relay that accepts one record at two times or places contradicts itself."""
    space = built()
    again = space.acceptance(space.controls[2].signed, NOW_MS + 1)
    assert isinstance(judge_received_record(again, control=space.control), Fork)


def test_records_from_elsewhere_or_ahead_are_not_judged() -> None:
    """A record of another space is foreign, one whose predecessor is not held is missing something."""
    space, other = built(), Space(name="other")
    assert isinstance(judge_received_record(other.controls[0], control=space.control), Foreign)
    ahead = replace(space.record(invite("ahead")), seq=40)
    verdict = judge_received_record(
        space.acceptance(sign_record(ahead, device_key(0))), control=space.control
    )
    assert isinstance(verdict, Missing)


def test_a_verdict_does_not_look_at_other_spaces() -> None:
    """A segment of another space is nobody's fault here."""
    space = built()
    header = replace(space.header(space.writer(0)), space=SpaceId(fill("elsewhere")))
    assert isinstance(judge(space, space.seal(header), closed={0: 0}), Foreign)
