"""What a control record may do: pure questions about one record and the membership before it.

Signatures are no part of it, so that a relay can answer cheaply first and verify in another thread.
"""

from dataclasses import dataclass

from syncore.core.identifiers import DeviceIndex
from syncore.core.limits import MAX_DEVICES
from syncore.protocol.control_payloads import ANY_PRINCIPAL, Admit, Genesis, Invite, NameRelay, Role
from syncore.protocol.control_records import ControlRecord
from syncore.protocol.membership import Invitation, Membership
from syncore.protocol.refusal_codes import RefusalCode


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordProblem:
    """Why a record is not allowed."""

    code: RefusalCode
    detail: str


def record_problem(
    membership: Membership, record: ControlRecord, *, accepted_ms: int
) -> RecordProblem | None:
    """Which rule of membership the record breaks, or None.

    Place (sequence and link), space, signatures and acceptance are checked elsewhere.

    Args:
        membership: The state before the record.
        record: The record, of this space.
        accepted_ms: The acceptance's time, or the relay's clock while it decides; 0 for a genesis.
    """
    payload = record.payload
    if isinstance(payload, Genesis):
        return None if not membership.devices else _invalid("a second genesis")
    if membership.relay_key is None and not isinstance(payload, NameRelay):
        return _invalid("no relay is named yet")
    if isinstance(payload, Admit):
        return _admit_problem(membership, payload, accepted_ms)
    author = membership.devices.get(DeviceIndex(record.author))
    if author is None:
        return RecordProblem(code=RefusalCode.NOT_MEMBER, detail=f"there is no device {record.author}")
    if isinstance(payload, NameRelay):
        return None if author.role >= Role.OWNER else _not_permitted("only an owner names a relay")
    return _invite_problem(membership, payload, author.role, author.principal)


def signing_keys(membership: Membership, record: ControlRecord) -> tuple[bytes, ...]:
    """The keys that have to have signed a record in which :func:`record_problem` found nothing, in order."""
    payload = record.payload
    if isinstance(payload, Genesis):
        return (payload.signing_key,)
    if isinstance(payload, Admit):
        return (membership.invitations[payload.invitation_id].invite.signing_key, payload.signing_key)
    return (membership.devices[DeviceIndex(record.author)].signing_key,)


def _invite_problem(
    membership: Membership, invite: Invite, role: Role, principal: bytes
) -> RecordProblem | None:
    if role < Role.ADMIN:
        return _not_permitted("only owners and admins invite")
    if invite.role > role:
        return _not_permitted("an invitation gives more than its author has")
    if invite.id in membership.invitations:
        return _invalid("an invitation's id was used before")
    if _is_known_key(membership, invite.signing_key):
        return _invalid("an invitation's key was used before")
    if invite.principal not in {ANY_PRINCIPAL, principal} and invite.principal in membership.principals:
        return _invalid("an invitation is for somebody else's principal")
    return None


def _admit_problem(membership: Membership, admit: Admit, accepted_ms: int) -> RecordProblem | None:
    invitation = membership.invitations.get(admit.invitation_id)
    if invitation is None:
        return RecordProblem(code=RefusalCode.INVITATION_UNKNOWN, detail="there is no such invitation")
    if invitation.is_used_up:
        return RecordProblem(code=RefusalCode.INVITATION_USED, detail="the invitation has no use left")
    if accepted_ms >= invitation.invite.expires_ms:
        return RecordProblem(code=RefusalCode.INVITATION_EXPIRED, detail="the invitation has expired")
    inviter = membership.devices.get(invitation.author)
    if inviter is None or inviter.role < max(Role.ADMIN, invitation.invite.role):
        return _not_permitted("the inviter may not invite any more")
    if _is_known_key(membership, admit.signing_key) or admit.box_key in membership.box_keys:
        return _invalid("a device's key was used before")
    if len(membership.devices) >= MAX_DEVICES:
        return _invalid("the space has no device index left")
    return _principal_problem(membership, invitation, admit.principal)


def _principal_problem(
    membership: Membership, invitation: Invitation, principal: bytes
) -> RecordProblem | None:
    wanted = invitation.invite.principal
    if wanted == ANY_PRINCIPAL:
        return (
            None
            if principal not in membership.principals
            else _invalid("the principal belongs to somebody else")
        )
    return None if principal == wanted else _invalid("the invitation is for another principal")


def _is_known_key(membership: Membership, signing_key: bytes) -> bool:
    return (
        signing_key in membership.index_by_signing_key
        or signing_key in membership.invitation_keys
        or signing_key == membership.relay_key
    )


def _invalid(detail: str) -> RecordProblem:
    return RecordProblem(code=RefusalCode.INVALID_RECORD, detail=detail)


def _not_permitted(detail: str) -> RecordProblem:
    return RecordProblem(code=RefusalCode.NOT_PERMITTED, detail=detail)
