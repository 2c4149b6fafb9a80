"""Tests of syncore.protocol.admission."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from syncore.core.identifiers import DeviceIndex, SpaceId
from syncore.protocol.admission import (
    CODES,
    Accept,
    Duplicate,
    Judgement,
    Refuse,
    judge_control,
    judge_segment,
)
from syncore.protocol.control_log import ControlLog
from syncore.protocol.control_payloads import Role
from syncore.protocol.control_records import sign_record
from syncore.protocol.refusal_codes import RefusalCode
from syncore.protocol.segment_rules import Finding, author_key
from syncore.protocol.segments import Segment, parse_segment
from tests.protocol.builders import NOW_MS, Space, device_key, fill, invite


def built() -> Space:
    """Device 0 wrote commits 1 to 3 in two segments, device 1 wrote one commit, and device 2 may read."""
    space = Space(devices=2)
    space.admit(2, Role.READER)
    space.write(0, count=2)
    space.write(0)
    space.write(1)
    return space


def judge(space: Space, segment: Segment) -> Judgement:
    """Judge a segment at the relay's head."""
    return judge_segment(segment, control=space.control, index=space.index)


def changed(space: Space, device: int, /, **changes: object) -> Segment:
    """A device's next segment with changes in its header."""
    return space.seal(replace(space.header(space.writer(device)), **changes))  # type: ignore[arg-type]


def with_dependency(space: Space, writer_of: int, number: int, digest: bytes | None = None) -> Segment:
    """Device 1's next segment, which builds on a commit of another device."""
    header = space.header(space.writer(1), dependencies=[(space.writer(writer_of), number)])
    return space.seal(replace(header, dependencies_hash=digest) if digest else header)


def test_the_next_segment_of_a_writer_is_accepted() -> None:
    """A first segment, a following one and one with dependencies may be appended under their author's key."""
    space = built()
    for segment in (
        space.segment(0),
        space.segment(1, dependencies=[(space.writer(0), 2)]),
        space.segment(1, dependencies=[(space.writer(0), 3)]),
        space.segment(1, incarnation=7),
    ):
        key = author_key(segment, space.control)
        assert key is not None
        assert judge(space, segment) == Accept(keys=(key,))
    assert judge(space, space.segment(0)) == Accept(keys=(device_key(0).public,))


REFUSED: dict[str, tuple[Callable[[Space], Segment], RefusalCode]] = {
    "another space": (
        lambda space: changed(space, 0, space=SpaceId(fill("elsewhere"))),
        RefusalCode.MALFORMED,
    ),
    "a control record that is not there": (
        lambda space: changed(space, 0, control_seq=99),
        RefusalCode.STALE_CONTROL,
    ),
    "another control record": (
        lambda space: changed(space, 0, control_hash=bytes(32)),
        RefusalCode.UNKNOWN_CONTROL,
    ),
    "no device": (lambda space: space.segment(9), RefusalCode.NOT_MEMBER),
    "a reader": (lambda space: space.segment(2), RefusalCode.NOT_PERMITTED),
    "another epoch": (lambda space: changed(space, 0, epoch=2), RefusalCode.EPOCH_MISMATCH),
    "a gap": (lambda space: changed(space, 0, first=5), RefusalCode.NOT_CONTIGUOUS),
    "other commits of the same numbers": (
        lambda space: changed(space, 0, first=3, prev=bytes(32)),
        RefusalCode.FORK,
    ),
    "a commit that is not there": (
        lambda space: with_dependency(space, 0, 4),
        RefusalCode.MISSING_DEPENDENCY,
    ),
    "other segments": (
        lambda space: with_dependency(space, 0, 2, fill("other")),
        RefusalCode.DEPENDENCY_MISMATCH,
    ),
}


@pytest.mark.parametrize(("make", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_a_segment_that_does_not_fit_is_refused(make: Callable[[Space], Segment], code: RefusalCode) -> None:
    """Each finding has its code; the refusal says in words what is wrong."""
    space = built()
    judgement = judge(space, make(space))
    assert isinstance(judgement, Refuse)
    assert judgement.code is code
    assert judgement.is_final is code.is_final
    assert judgement.detail


def test_every_finding_has_a_code() -> None:
    """No finding but the two that are no refusals is without a code."""
    assert set(Finding) - set(CODES) == {Finding.FITS, Finding.DUPLICATE}


def test_a_segment_that_is_held_is_a_duplicate() -> None:
    """Any held segment may come again, also from the middle and under another signature."""
    space = built()
    held = [space.segment(0)]
    space.take_segment(held[0])
    held.append(space.write(0))
    for segment in held:
        assert judge(space, segment) == Duplicate()
        assert judge(space, parse_segment(segment.content, bytes(64))) == Duplicate()


def test_a_segment_sealed_at_an_older_control_head_is_accepted() -> None:
    """A member that was offline while others joined does not seal again."""
    space = Space(devices=2)
    segment = space.segment(1)
    space.admit(2)
    assert isinstance(judge(space, segment), Accept)


class Demoting(ControlLog):
    """A control log whose last record took the right to write from everybody."""

    def can_write_at(self, index: DeviceIndex, control_seq: int) -> bool:
        """Everybody could write before the last record."""
        return control_seq < self.head_seq and super().can_write_at(index, control_seq)


def test_who_lost_the_right_to_write_uploads_nothing_new() -> None:
    """Only who can write now gets a new segment in, whenever it was sealed; a held one stays held."""
    space = Space(devices=2)
    held = space.write(1)
    segment = space.segment(1)
    space.admit(2)
    control = Demoting(space.id)
    for accepted in space.controls:
        control.restore(accepted)
    refused = judge_segment(segment, control=control, index=space.index)
    assert isinstance(refused, Refuse)
    assert refused.code is RefusalCode.NOT_PERMITTED
    assert judge_segment(held, control=control, index=space.index) == Duplicate()


def test_the_next_record_is_accepted_under_its_authors_keys() -> None:
    """A record is judged by the relay's clock; an accept record needs the invitation's key too."""
    space = built()
    invitation = invite("next")
    signed = sign_record(space.record(invitation), device_key(0))
    assert judge_control(signed, control=space.control, now_ms=NOW_MS) == Accept(keys=(device_key(0).public,))
    space.accept(invitation)
    joining = space.admission(3, invitation)
    assert judge_control(joining, control=space.control, now_ms=NOW_MS) == Accept(
        keys=(invitation.signing_key, device_key(3).public)
    )
    late = judge_control(joining, control=space.control, now_ms=invitation.expires_ms)
    assert isinstance(late, Refuse)
    assert late.code is RefusalCode.INVITATION_EXPIRED


def test_a_record_that_comes_back_is_judged_at_its_own_acceptance() -> None:
    """A restored relay takes back what it accepted, also after the invitation expired."""
    space = Space()
    invitation = invite("lost")
    space.accept(invitation)
    accepted = space.acceptance(space.admission(1, invitation))
    late = judge_control(accepted, control=space.control, now_ms=invitation.expires_ms)
    assert isinstance(late, Accept)


def test_records_out_of_place_are_refused() -> None:
    """A duplicate is known by its hash; another in its place is a conflict, one too far ahead is early."""
    space = built()
    for accepted in space.controls:
        for offered in (accepted, accepted.signed):
            assert judge_control(offered, control=space.control, now_ms=NOW_MS) == Duplicate()
    record = space.record(invite("out of place"))
    for moved, code in (
        (replace(record, seq=record.seq + 1), RefusalCode.STALE_CONTROL),
        (replace(record, seq=1), RefusalCode.CONFLICT),
        (replace(record, prev=bytes(32)), RefusalCode.CONFLICT),
        (replace(record, space=SpaceId(fill("elsewhere"))), RefusalCode.MALFORMED),
    ):
        judgement = judge_control(sign_record(moved, device_key(0)), control=space.control, now_ms=NOW_MS)
        assert isinstance(judgement, Refuse)
        assert judgement.code is code
