"""Tests of syncore.protocol.control_rules that no log of this version can show yet."""

from dataclasses import replace

import pytest

from syncore.core.identifiers import DeviceIndex
from syncore.protocol.control_payloads import Admit, Invite, Role
from syncore.protocol.control_rules import RecordProblem, record_problem
from syncore.protocol.membership import Membership
from syncore.protocol.refusal_codes import RefusalCode
from tests.protocol.builders import NOW_MS, Space, fill, invite


def problem_after(role: Role | None, invitation: Invite) -> RecordProblem | None:
    """What an accept record meets when its inviter, an admin, has another role by now, or is gone."""
    space = Space()
    space.admit(1, Role.ADMIN)
    membership = Membership()
    for accepted in space.controls:
        membership.apply(accepted.record.payload, author=0, seq=accepted.record.seq, accepted_ms=NOW_MS)
    membership.apply(invitation, author=1, seq=4, accepted_ms=NOW_MS)
    inviter = membership.devices.pop(DeviceIndex(1))
    if role is not None:
        membership.devices[DeviceIndex(1)] = replace(inviter, role=role)
    admit = Admit(
        invitation_id=invitation.id,
        signing_key=fill("new"),
        box_key=fill("new box"),
        principal=fill("new principal", 16),
    )
    return record_problem(membership, space.record(admit, seq=5), accepted_ms=NOW_MS)


@pytest.mark.parametrize("role", [Role.WRITER, Role.READER, None], ids=["writer", "reader", "removed"])
def test_an_invitation_falls_with_its_inviter(role: Role | None) -> None:
    """An inviter that lost the right to invite, or its membership, admits nobody any more."""
    problem = problem_after(role, invite("fallen"))
    assert problem is not None
    assert problem.code is RefusalCode.NOT_PERMITTED


def test_an_invitation_gives_no_more_than_its_inviter_still_has() -> None:
    """An inviter that was an owner and is an admin cannot bring in owners any more."""
    assert problem_after(Role.OWNER, invite("great", role=Role.OWNER)) is None
    assert problem_after(Role.ADMIN, invite("great", role=Role.OWNER)) is not None
    assert problem_after(Role.ADMIN, invite("small", role=Role.ADMIN)) is None
