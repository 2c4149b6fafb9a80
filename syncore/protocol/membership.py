"""Who belongs to a space, as state: what a fold over the control log leaves behind at one place.

Changed only by :mod:`syncore.protocol.control_log`, after :mod:`syncore.protocol.control_rules` found nothing
wrong.
"""

from dataclasses import dataclass, field

from syncore.core.identifiers import DeviceIndex
from syncore.protocol.control_payloads import ANY_PRINCIPAL, Admit, Genesis, Invite, NameRelay, Payload, Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """One admitted device.

    Attributes:
        index: The order of its admission.
        signing_key: What its segments, records and handshakes are signed with.
        box_key: What content keys are sealed to.
        principal: To whom it belongs.
        role: What it may do.
        admitted_seq: The control record that admitted it.
        accepted_ms: When the relay accepted that record; 0 for the genesis.
        invited_by: Whose invitation admitted it; None for the genesis.
    """

    index: DeviceIndex
    signing_key: bytes
    box_key: bytes
    principal: bytes
    role: Role
    admitted_seq: int
    accepted_ms: int
    invited_by: DeviceIndex | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """An invitation with the uses that were taken."""

    invite: Invite
    author: DeviceIndex
    used: int

    @property
    def is_used_up(self) -> bool:
        """Whether no use is left."""
        return self.used >= self.invite.uses


@dataclass(slots=True, kw_only=True)
class Membership:
    """Devices, invitations and the relay at one place of the control log."""

    devices: dict[DeviceIndex, Device] = field(default_factory=dict)
    index_by_signing_key: dict[bytes, DeviceIndex] = field(default_factory=dict)
    box_keys: set[bytes] = field(default_factory=set)
    principals: set[bytes] = field(default_factory=set)
    invitations: dict[bytes, Invitation] = field(default_factory=dict)
    invitation_keys: set[bytes] = field(default_factory=set)
    relay_key: bytes | None = None
    relay_addresses: tuple[str, ...] = ()
    commitments: dict[int, bytes] = field(default_factory=dict)
    """By epoch."""

    def copy(self) -> "Membership":
        """An independent copy; what it holds is immutable, so only the tables are copied."""
        return Membership(
            devices=dict(self.devices),
            index_by_signing_key=dict(self.index_by_signing_key),
            box_keys=set(self.box_keys),
            principals=set(self.principals),
            invitations=dict(self.invitations),
            invitation_keys=set(self.invitation_keys),
            relay_key=self.relay_key,
            relay_addresses=self.relay_addresses,
            commitments=dict(self.commitments),
        )

    def apply(self, payload: Payload, *, author: int, seq: int, accepted_ms: int) -> None:
        """Take in a record that the rules allow."""
        match payload:
            case Genesis():
                self.commitments[1] = payload.commitment
                self._admit(payload, role=Role.OWNER, seq=seq, accepted_ms=accepted_ms)
            case NameRelay():
                self.relay_key = payload.relay_key
                self.relay_addresses = payload.addresses
            case Invite():
                self.invitations[payload.id] = Invitation(invite=payload, author=DeviceIndex(author), used=0)
                self.invitation_keys.add(payload.signing_key)
                if payload.principal != ANY_PRINCIPAL:
                    self.principals.add(payload.principal)
            case Admit():
                invitation = self.invitations[payload.invitation_id]
                self.invitations[payload.invitation_id] = Invitation(
                    invite=invitation.invite, author=invitation.author, used=invitation.used + 1
                )
                role, inviter = invitation.invite.role, invitation.author
                self._admit(payload, role=role, seq=seq, accepted_ms=accepted_ms, invited_by=inviter)

    def _admit(
        self,
        payload: Genesis | Admit,
        *,
        role: Role,
        seq: int,
        accepted_ms: int,
        invited_by: DeviceIndex | None = None,
    ) -> None:
        index = DeviceIndex(len(self.devices))
        self.devices[index] = Device(
            index=index,
            signing_key=payload.signing_key,
            box_key=payload.box_key,
            principal=payload.principal,
            role=role,
            admitted_seq=seq,
            accepted_ms=accepted_ms,
            invited_by=invited_by,
        )
        self.index_by_signing_key[payload.signing_key] = index
        self.box_keys.add(payload.box_key)
        self.principals.add(payload.principal)
