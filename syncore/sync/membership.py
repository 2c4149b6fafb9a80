"""Making a space, inviting to it, and joining it: the conversations with a relay that change who belongs."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

from syncore.core.errors import (
    CryptoError,
    InvalidInvitation,
    InvalidRecord,
    NotPermitted,
    ProtocolViolation,
    Refused,
    WrongRelay,
)
from syncore.core.identifiers import DeviceIndex, SpaceId, device_index
from syncore.core.ports import Entropy
from syncore.crypto.invitations import (
    INVITATION_SECRET_BYTES,
    InvitationKeys,
    SlotContent,
    open_slot,
    seal_slot,
)
from syncore.crypto.keys import ContentKey, DeviceKeys
from syncore.crypto.sealing import NONCE_BYTES
from syncore.crypto.signing import verify
from syncore.protocol.client_events import ItemsReceived, RequestRefused, SlotReceived
from syncore.protocol.control_log import ControlLog
from syncore.protocol.control_payloads import (
    ANY_PRINCIPAL,
    PRINCIPAL_BYTES,
    SALT_BYTES,
    Admit,
    Genesis,
    Invite,
    NameRelay,
    Role,
)
from syncore.protocol.control_records import (
    BY_INVITATION,
    AcceptedRecord,
    ControlRecord,
    SignedRecord,
    accepted_genesis,
    sign_record,
)
from syncore.protocol.refusal_codes import RefusalCode
from syncore.replica.space_state import SpaceState
from syncore.sync.connection import RelayConnection, refused_error
from syncore.sync.unlocking import GENESIS_SPACE

FIRST_EPOCH = 1
MAX_ATTEMPTS = 5
"""Members who invite or join at the same moment race for one place in the control log."""

_SPENT = {
    RefusalCode.INVITATION_UNKNOWN: (
        "the relay does not know this invitation: it was spent, revoked, or never made there"
    ),
    RefusalCode.INVITATION_EXPIRED: "this invitation has expired",
    RefusalCode.INVITATION_USED: "this invitation was used up",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NewSpace:
    """A space that was made or joined at a relay, and what has to be kept of it.

    Attributes:
        id: The space.
        index: This device's index in it.
        content_key: The key of the first epoch.
        control: The control log as far as it was seen, verified.
    """

    id: SpaceId
    index: DeviceIndex
    content_key: ContentKey
    control: tuple[AcceptedRecord, ...]


async def create_space(
    connection: RelayConnection, *, device: DeviceKeys, address: str, entropy: Entropy
) -> NewSpace:
    """Make a space at the relay of this connection; its owner is the device.

    Raises:
        Refused: the relay does not take new spaces, or not from this device.
        ConnectionFailed: the connection broke. The relay may hold an empty space that nobody will use.
    """
    content_key = ContentKey(entropy.random_bytes(ContentKey.SIZE_BYTES))
    genesis = sign_record(
        ControlRecord(
            space=SpaceId(GENESIS_SPACE),
            seq=0,
            prev=bytes(32),
            author=0,
            payload=Genesis(
                salt=entropy.random_bytes(SALT_BYTES),
                signing_key=device.signing.public,
                box_key=device.box.public,
                principal=entropy.random_bytes(PRINCIPAL_BYTES),
                commitment=content_key.commitment(GENESIS_SPACE, FIRST_EPOCH),
            ),
        ),
        device.signing,
    )
    space = genesis.space
    relay = sign_record(
        ControlRecord(
            space=space,
            seq=1,
            prev=genesis.hash,
            author=0,
            payload=NameRelay(relay_key=connection.relay_key, addresses=(address,)),
        ),
        device.signing,
    )
    connection.session.create_space(accepted_genesis(genesis), relay)
    control = await _read_control(connection, space, records=2)
    return NewSpace(id=space, index=DeviceIndex(0), content_key=content_key, control=control)


async def invite(
    connection: RelayConnection,
    *,
    state: SpaceState,
    device: DeviceKeys,
    content_key: ContentKey,
    role: Role,
    uses: int,
    expires_ms: int,
    entropy: Entropy,
) -> InvitationKeys:
    """Open an invitation to a space; the keys hold the secret that the code shows.

    Raises:
        NotPermitted: the device's role does not allow it.
        Refused: the relay refused; with code ``conflict`` when membership changed meanwhile: try again.
    """
    control = state.control
    assert control is not None
    author = device_index(state.writer)
    own_role = control.role(author)
    if own_role is None or own_role < Role.ADMIN or role > own_role:
        raise NotPermitted("only admins and owners invite, and only to roles up to their own")
    keys = InvitationKeys(entropy.random_bytes(INVITATION_SECRET_BYTES))
    record = sign_record(
        ControlRecord(
            space=state.id,
            seq=control.head_seq + 1,
            prev=control.head_link,
            author=author,
            payload=Invite(
                id=keys.id,
                signing_key=keys.signing.public,
                box_key=keys.box.public,
                role=role,
                uses=uses,
                expires_ms=expires_ms,
                principal=ANY_PRINCIPAL,
            ),
        ),
        device.signing,
    )
    content = SlotContent(
        space=state.id,
        control_seq=control.head_seq,
        control_hash=control.head_link,
        relay_key=connection.relay_key,
        epoch=control.epoch,
        content_key=content_key,
    )
    sealed = seal_slot(keys, content, entropy.random_bytes(NONCE_BYTES))
    await _append(connection, record)
    request = connection.session.put_slot(
        state.id,
        invitation_id=keys.id,
        signing_key=keys.signing.public,
        expires_ms=expires_ms,
        sealed=sealed,
    )
    try:
        await connection.answer_to(request)
    except Refused as refusal:
        if refusal.code == RefusalCode.INVITATION_EXPIRED.value:
            raise Refused(
                "the relay says that the invitation has expired already",
                code=refusal.code,
                is_final=refusal.is_final,
                hint="this device's clock is behind the relay's by more than the invitation lasts: set it",
            ) from refusal
        raise
    return keys


async def accept(
    connection: RelayConnection,
    *,
    keys: InvitationKeys,
    device: DeviceKeys,
    entropy: Entropy,
    before_accepting: Callable[[SpaceId, ContentKey], Awaitable[None]],
) -> NewSpace:
    """Redeem an invitation: this device becomes a member.

    Args:
        connection: To the relay that the invitation names, attended.
        keys: The invitation's.
        device: The new device's.
        entropy: For the principal, if the invitation names none.
        before_accepting: Keeps durably what :func:`resume` needs: the relay may take the acceptance, spend
            the invitation, and be gone before it says so.

    Raises:
        InvalidInvitation: expired, used up, or unknown to the relay.
        WrongRelay: the invitation names another relay than the one that answers.
        ProtocolViolation: the relay shows a log that the invitation does not vouch for.
        Refused: the relay refused for another reason.
    """
    for attempt in range(1, MAX_ATTEMPTS + 1):
        slot = await _redeem(connection, keys)
        content = _open(slot, keys, connection.relay_key)
        control = _verified_log(slot, content)
        index = control.index_of(device.signing.public)
        if index is None:
            index = DeviceIndex(len(control.devices))
            await before_accepting(slot.space, content.content_key)
            try:
                await _append(connection, _admit_record(control, keys, device, entropy))
            except Refused as refusal:
                if refusal.code == RefusalCode.CONFLICT.value and attempt < MAX_ATTEMPTS:
                    continue  # somebody else was faster: look at the log again
                raise _invitation_error(refusal) from refusal
        return NewSpace(id=slot.space, index=index, content_key=content.content_key, control=slot.control)
    raise AssertionError("the last attempt returns or raises")


async def resume(
    connection: RelayConnection, *, space: SpaceId, device: DeviceKeys, content_key: ContentKey
) -> NewSpace:
    """Take up a space whose relay admitted this device without our hearing of it.

    Args:
        connection: To the space's relay, fresh and not attended.
        space: The space.
        device: This device's keys, as they were when it accepted.
        content_key: The content key from the slot.

    Raises:
        Refused: the relay does not know this device as a member.
        InvalidRecord: it shows a control log that does not hold.
        WrongRelay: the space names another relay.
        CryptoError: the content key is not the space's.
    """
    connection.session.open_space(space, cursor=None)
    log = ControlLog(space)
    found: list[AcceptedRecord] = []
    async for record in _control_records(connection):
        log.append(record, verify=verify)
        found.append(record)
        index = log.index_of(device.signing.public)
        if index is not None:
            break
    else:
        raise AssertionError("events() ends by raising")
    if log.relay_key != connection.relay_key:
        raise WrongRelay(
            "the space names another relay than the one that answers at the invitation's address"
        )
    content_key.verify_commitment(log.commitment(FIRST_EPOCH) or b"", space=GENESIS_SPACE, epoch=FIRST_EPOCH)
    return NewSpace(id=space, index=index, content_key=content_key, control=tuple(found))


async def _control_records(connection: RelayConnection) -> AsyncIterator[AcceptedRecord]:
    """The control records of the one space that was asked for, as they come."""
    await connection.flush()
    async for event in connection.events():
        if isinstance(event, RequestRefused):
            raise refused_error(event)
        if isinstance(event, ItemsReceived):
            for item in event.items:
                if isinstance(item.content, AcceptedRecord):
                    yield item.content


def _admit_record(
    control: ControlLog, keys: InvitationKeys, device: DeviceKeys, entropy: Entropy
) -> SignedRecord:
    record = ControlRecord(
        space=control.space,
        seq=control.head_seq + 1,
        prev=control.head_link,
        author=BY_INVITATION,
        payload=Admit(
            invitation_id=keys.id,
            signing_key=device.signing.public,
            box_key=device.box.public,
            principal=_principal(control, keys.id, entropy),
        ),
    )
    return sign_record(record, keys.signing, device.signing)


async def _redeem(connection: RelayConnection, keys: InvitationKeys) -> SlotReceived:
    request = connection.session.redeem(keys.signing, keys.id)
    try:
        slot = await connection.answer_to(request)
    except Refused as refusal:
        raise _invitation_error(refusal) from refusal
    assert isinstance(slot, SlotReceived)
    return slot


async def _append(connection: RelayConnection, record: SignedRecord) -> None:
    await connection.answer_to(connection.session.append_record(record))


async def _read_control(
    connection: RelayConnection, space: SpaceId, *, records: int
) -> tuple[AcceptedRecord, ...]:
    """The first records of a new space's stream, verified."""
    await connection.flush()
    log = ControlLog(space)
    found: list[AcceptedRecord] = []
    async for event in connection.events():
        if isinstance(event, ItemsReceived):
            for item in event.items:
                if not isinstance(item.content, AcceptedRecord):
                    raise ProtocolViolation(
                        "the relay's log of a new space holds more than its first records"
                    )
                log.append(item.content, verify=verify)
                found.append(item.content)
        elif isinstance(event, RequestRefused):
            raise refused_error(event)
        if len(found) >= records:
            return tuple(found)
    raise AssertionError("events() ends by raising")


def _open(slot: SlotReceived, keys: InvitationKeys, relay_key: bytes) -> SlotContent:
    try:
        content = open_slot(keys, slot.sealed)
    except CryptoError as error:
        raise InvalidInvitation("the relay's slot does not belong to this invitation") from error
    if content.relay_key != relay_key:
        raise WrongRelay("the invitation names another relay than the one that answers at its address")
    if content.space != slot.space:
        raise ProtocolViolation("the relay shows the log of another space than the invitation names")
    return content


def _verified_log(slot: SlotReceived, content: SlotContent) -> ControlLog:
    control = ControlLog(slot.space)
    try:
        for record in slot.control:
            control.append(record, verify=verify)
    except InvalidRecord as error:
        raise ProtocolViolation(
            f"the relay shows a control log that does not hold: {error.message}"
        ) from error
    if control.link_at(content.control_seq) != content.control_hash:
        raise ProtocolViolation("the relay shows another control log than the one the invitation was made in")
    commitment = control.commitment(content.epoch)
    try:
        space = GENESIS_SPACE if content.epoch == FIRST_EPOCH else slot.space
        content.content_key.verify_commitment(commitment or b"", space=space, epoch=content.epoch)
    except CryptoError as error:
        raise InvalidInvitation(
            "the invitation holds another key than the one that the space names"
        ) from error
    return control


def _principal(control: ControlLog, invitation_id: bytes, entropy: Entropy) -> bytes:
    invitation = control.invitations.get(invitation_id)
    if invitation is not None and invitation.invite.principal != ANY_PRINCIPAL:
        return invitation.invite.principal
    return entropy.random_bytes(PRINCIPAL_BYTES)


def _invitation_error(refusal: Refused) -> InvalidInvitation | Refused:
    for code, message in _SPENT.items():
        if refusal.code == code.value:
            return InvalidInvitation(message)
    return refusal
