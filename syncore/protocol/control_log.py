"""The control log of one space: a fold over accepted records, with history where segments refer to it.

A pure object. Appending either succeeds whole or changes nothing (:class:`InvalidRecord`). Whether a record
that comes again, or another one in its place, is news is for :mod:`syncore.protocol.admission` and
:mod:`syncore.protocol.reception`.
"""

from collections.abc import Mapping
from types import MappingProxyType

from syncore.core.errors import CryptoError, InvalidRecord
from syncore.core.identifiers import DeviceIndex, SpaceId
from syncore.protocol.control_payloads import Genesis, NameRelay, Role
from syncore.protocol.control_records import SIGNING_KIND, AcceptedRecord, SignedRecord, verify_acceptance
from syncore.protocol.control_rules import RecordProblem, record_problem, signing_keys
from syncore.protocol.membership import Device, Invitation, Membership
from syncore.protocol.ports import Verify
from syncore.protocol.refusal_codes import RefusalCode


class ControlLog:
    """Membership of a space as of its last record.

    Attributes:
        space: The space; its genesis must hash to it.
    """

    __slots__ = ("_hashes", "_links", "_membership", "space")

    def __init__(self, space: SpaceId) -> None:
        self.space = space
        self._membership = Membership()
        self._links: list[bytes] = []
        self._hashes: list[bytes] = []

    # --- changing --------------------------------------------------------------------------------

    def append(self, accepted: AcceptedRecord, *, verify: Verify) -> None:
        """Add the next record.

        Raises:
            InvalidRecord: it is not the next one, breaks a rule of membership, or a signature does not hold;
                ``details["code"]`` is the :class:`RefusalCode`. The log is unchanged.
        """
        self._check(accepted)
        verify_record(accepted.signed, self.signing_keys(accepted.signed), verify)
        if accepted.acceptance is not None:
            relay_key = self.accepting_relay(accepted.signed)
            assert relay_key is not None
            try:
                verify_acceptance(accepted, relay_key=relay_key, verify=verify)
            except CryptoError as error:
                raise InvalidRecord("a record's acceptance was not signed by the space's relay") from error
        self._adopt(accepted)

    def restore(self, accepted: AcceptedRecord) -> None:
        """Add the next record, unverified: it was appended before and kept with a checksum.

        Raises:
            InvalidRecord: it is not the next one, or breaks a rule of membership.
        """
        self._check(accepted)
        self._adopt(accepted)

    def copy(self) -> "ControlLog":
        """An independent copy, to try records on."""
        twin = ControlLog(self.space)
        twin._membership = self._membership.copy()
        twin._links = list(self._links)
        twin._hashes = list(self._hashes)
        return twin

    # --- judging a record that nobody accepted yet ------------------------------------------------

    def problem(self, signed: SignedRecord, *, accepted_ms: int) -> RecordProblem | None:
        """Why the record could not be the next one at that time, signatures aside; or None."""
        record = signed.record
        if signed.space != self.space:
            return RecordProblem(code=RefusalCode.MALFORMED, detail="the record belongs to another space")
        if record.seq != len(self._links):
            return RecordProblem(
                code=RefusalCode.CONFLICT, detail=f"the next record is number {len(self._links)}"
            )
        if self._links and record.prev != self._links[-1]:
            return RecordProblem(code=RefusalCode.CONFLICT, detail="the record follows another one")
        return record_problem(self._membership, record, accepted_ms=accepted_ms)

    def signing_keys(self, signed: SignedRecord) -> tuple[bytes, ...]:
        """The keys that have to have signed a record in which :meth:`problem` found nothing."""
        return signing_keys(self._membership, signed.record)

    def accepting_relay(self, signed: SignedRecord) -> bytes | None:
        """The key of the relay whose acceptance the record needs; None for a genesis, which needs none."""
        payload = signed.record.payload
        if isinstance(payload, Genesis):
            return None
        return payload.relay_key if isinstance(payload, NameRelay) else self._membership.relay_key

    # --- asking --------------------------------------------------------------------------------

    @property
    def head_seq(self) -> int:
        """The number of the last record; -1 when there is none."""
        return len(self._links) - 1

    @property
    def head_link(self) -> bytes:
        """The link of the last record; zeros when there is none."""
        return self._links[-1] if self._links else bytes(32)

    def link_at(self, seq: int) -> bytes | None:
        """The link of a record, or None beyond the head."""
        return self._links[seq] if 0 <= seq < len(self._links) else None

    def hash_at(self, seq: int) -> bytes | None:
        """The hash of a record without its acceptance, or None beyond the head."""
        return self._hashes[seq] if 0 <= seq < len(self._hashes) else None

    @property
    def devices(self) -> Mapping[DeviceIndex, Device]:
        """Every device ever admitted, by index."""
        return MappingProxyType(self._membership.devices)

    @property
    def invitations(self) -> Mapping[bytes, Invitation]:
        """Every invitation, by id."""
        return MappingProxyType(self._membership.invitations)

    def index_of(self, signing_key: bytes) -> DeviceIndex | None:
        """The index of the device that holds a key, or None."""
        return self._membership.index_by_signing_key.get(signing_key)

    def role(self, index: DeviceIndex) -> Role | None:
        """What a device may do now; None for none of this space."""
        device = self._membership.devices.get(index)
        return None if device is None else device.role

    def role_at(self, index: DeviceIndex, control_seq: int) -> Role | None:
        """What a device was allowed as of a control record; None before its admission and beyond the head."""
        device = self._membership.devices.get(index)
        if device is None or not device.admitted_seq <= control_seq <= self.head_seq:
            return None
        return device.role

    def can_write_at(self, index: DeviceIndex, control_seq: int) -> bool:
        """Whether a device had the right to write as of a control record."""
        role = self.role_at(index, control_seq)
        return role is not None and role >= Role.WRITER

    @property
    def relay_key(self) -> bytes | None:
        """The key of the relay that the log names."""
        return self._membership.relay_key

    @property
    def relay_addresses(self) -> tuple[str, ...]:
        """Where that relay is."""
        return self._membership.relay_addresses

    @property
    def epoch(self) -> int:
        """The epoch in force; 0 before the genesis."""
        return max(self._membership.commitments, default=0)

    def epoch_at(self, control_seq: int) -> int | None:
        """The epoch that was in force as of a control record; None beyond the head."""
        return self.epoch if 0 <= control_seq <= self.head_seq else None

    def commitment(self, epoch: int) -> bytes | None:
        """The commitment to an epoch's content key, or None for an epoch that never was."""
        return self._membership.commitments.get(epoch)

    # --- inside --------------------------------------------------------------------------------

    def _check(self, accepted: AcceptedRecord) -> None:
        acceptance = accepted.acceptance
        if acceptance is not None and acceptance.ended:
            raise InvalidRecord("an acceptance ends writers without a removal")
        problem = self.problem(accepted.signed, accepted_ms=acceptance.time_ms if acceptance else 0)
        if problem is not None:
            raise InvalidRecord(problem.detail, code=problem.code.value)

    def _adopt(self, accepted: AcceptedRecord) -> None:
        record = accepted.record
        self._membership.apply(
            record.payload,
            author=record.author,
            seq=record.seq,
            accepted_ms=accepted.acceptance.time_ms if accepted.acceptance else 0,
        )
        self._links.append(accepted.link)
        self._hashes.append(accepted.signed.hash)


def verify_record(signed: SignedRecord, keys: tuple[bytes, ...], verify: Verify) -> None:
    """Check a record's signatures, on any thread.

    Args:
        signed: The record.
        keys: What :meth:`ControlLog.signing_keys` said.
        verify: The verifying function.

    Raises:
        InvalidRecord: one does not hold.
    """
    assert len(keys) == len(signed.signatures)
    try:
        for key, signature in zip(keys, signed.signatures, strict=True):
            verify(key, SIGNING_KIND, signed.hash, signature)
    except CryptoError as error:
        raise InvalidRecord(
            "a control record's signature does not hold", code=RefusalCode.BAD_SIGNATURE.value
        ) from error
