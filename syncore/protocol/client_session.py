"""A device's end of one connection: frames in, events and frames out; no I/O, no storage, no judgement.

The caller's duties:

- send what :meth:`ClientSession.data_to_send` gives after every call, in order;
- pass whole frames to :meth:`ClientSession.receive_data`, and act on its events in order;
- call :meth:`ClientSession.tick` about once a second;
- make requests only after ``Connected``, at most :attr:`ClientSession.free_requests` at a time, and upload
  segments to a space only when its stream was read to the head that ``SpaceOpened`` named;
- close the connection after an exception or ``FaultReceived``: nothing else can follow.

The session verifies what concerns the relay: its key, and that its stream has no gap and is the log that it
signs (:mod:`syncore.protocol.space_reader`). It does not verify authors' signatures or acceptances, and knows
nothing of roles.
"""

from syncore.core.errors import ConnectionFailed, Misused, ProtocolViolation, RemoteError
from syncore.core.identifiers import SpaceId
from syncore.core.limits import MAX_UNAUTHENTICATED_FRAME_BYTES
from syncore.protocol.client_answers import SentRequest, answer_event
from syncore.protocol.client_events import (
    ClientEvent,
    Connected,
    FaultReceived,
    ItemsReceived,
    PresenceReceived,
)
from syncore.protocol.control_records import AcceptedRecord, SignedRecord
from syncore.protocol.handshake import REDEEM_KIND, DeviceHandshake, check_device_deadline, redeem_hash
from syncore.protocol.items import control_item, segment_item
from syncore.protocol.message_codec import decode_message, encode_message
from syncore.protocol.messages import (
    MAX_REQUEST_ID,
    Append,
    Create,
    Done,
    Fault,
    Hello,
    Items,
    Message,
    MessageType,
    Open,
    Opened,
    PutSlot,
    Redeem,
    Refusal,
    SessionLimits,
    Show,
    Shown,
    Slot,
    Stored,
    Welcome,
    message_type,
)
from syncore.protocol.ports import Signer, Verify
from syncore.protocol.presence import PresenceMessage
from syncore.protocol.receipts import Cursor, decode_receipt
from syncore.protocol.request_parsing import signed_part
from syncore.protocol.segments import Segment
from syncore.protocol.session_states import ANSWERS, DEVICE_CONNECTION, STREAM, Connection, Stream
from syncore.protocol.space_reader import SpaceReader


class ClientSession:
    """One connection at a device."""

    def __init__(
        self,
        *,
        signer: Signer,
        nonce: bytes,
        verify: Verify,
        now_ms: int,
        token: bytes = b"",
        relay_key: bytes | None = None,
    ) -> None:
        """Begin a session.

        Args:
            signer: The device's key.
            nonce: 32 fresh random bytes.
            verify: The verifying function.
            now_ms: A monotonic clock; only differences count.
            token: What the relay's operator asks for, if anything.
            relay_key: The only key to talk to; None accepts any (first contact) and shows it.
        """
        self._handshake = DeviceHandshake(
            signer=signer, nonce=nonce, token=token, expected_relay_key=relay_key, verify=verify
        )
        self._verify = verify
        self._started_ms = now_ms
        self._state = Connection.GREETING
        self._readers: dict[SpaceId, SpaceReader] = {}
        self._requests: dict[int, SentRequest] = {}
        self._last_request_id = 0
        self._outgoing: list[bytes] = []

    # --- what the connection does ---

    def receive_data(self, frame: bytes) -> list[ClientEvent]:
        """Take in one frame.

        Raises:
            RemoteError: the relay broke the protocol, is not the expected one, or lost data; the session is
                closed.
        """
        if self._state is Connection.CLOSED:
            raise ProtocolViolation("a frame arrived after the end of the session")
        try:
            return self._receive(frame)
        except RemoteError:
            self._state = Connection.CLOSED
            raise

    def tick(self, now_ms: int) -> None:
        """Notice that time has passed.

        Raises:
            ConnectionFailed: the relay did not finish the handshake in time; the session is closed.
        """
        if self._state in {Connection.GREETING, Connection.PROVING}:
            try:
                check_device_deadline(self._started_ms, now_ms)
            except ConnectionFailed:
                self._state = Connection.CLOSED
                raise

    def data_to_send(self) -> list[bytes]:
        """The frames to send now, in order; each is given once."""
        outgoing, self._outgoing = self._outgoing, []
        return outgoing

    # --- asking ---

    @property
    def is_ready(self) -> bool:
        """Whether requests can be made."""
        return self._state is Connection.READY

    @property
    def is_closed(self) -> bool:
        """Whether the session is over."""
        return self._state is Connection.CLOSED

    @property
    def relay_key(self) -> bytes | None:
        """The relay's key; proven once the session is ready."""
        return self._handshake.relay_key

    @property
    def limits(self) -> SessionLimits:
        """What the relay allows; known once the session is ready."""
        return self._handshake.limits

    @property
    def free_requests(self) -> int:
        """How many more requests may be made now."""
        return self.limits.requests - len(self._requests) if self.is_ready else 0

    def is_open(self, space: SpaceId) -> bool:
        """Whether the space's stream comes in."""
        reader = self._readers.get(space)
        return reader is not None and reader.state is Stream.OPEN

    # --- requests ---
    # Each returns the id by which its answer is known, and raises Misused when it may not be made now.

    def open_space(
        self, space: SpaceId, *, cursor: Cursor | None, receipt: bytes = b"", control_seq: int = 0
    ) -> int:
        """Read a space from a cursor on; answered by ``SpaceOpened`` or ``RequestRefused``.

        Args:
            space: The space.
            cursor: Where reading stopped, None to read from the start.
            receipt: The last receipt of this relay for the space, or one that another member was given,
                encoded and verified before.
            control_seq: The last control record that is held.
        """
        request_id = self._next_request_id()
        shown = decode_receipt(receipt).receipt.cursor if receipt else None
        self._ask_for(space, cursor, asking=MessageType.OPEN, shown=shown)
        self._request(
            Open(request_id=request_id, space=space, cursor=cursor, receipt=receipt, control_seq=control_seq),
            SentRequest(type=MessageType.OPEN, space=space),
        )
        return request_id

    def create_space(self, genesis: AcceptedRecord, relay: SignedRecord | AcceptedRecord) -> int:
        """Begin a space's log at the relay and read it from the start; answered as :meth:`open_space`."""
        space = genesis.signed.space
        request_id = self._next_request_id()
        self._ask_for(space, None, asking=MessageType.CREATE, shown=None)
        self._request(
            Create(request_id=request_id, genesis=control_item(genesis), relay=control_item(relay)),
            SentRequest(type=MessageType.CREATE, space=space),
        )
        return request_id

    def append_segment(self, segment: Segment) -> int:
        """Upload a segment that is durably stored here.

        Answered by ``ItemsReceived`` with this request's id in an ``OwnUpload``, by ``UploadStored`` (it was
        there before and the stream has passed it, or the space is not open here), or by ``RequestRefused``.
        """
        space, upload = segment.header.space, b""
        request_id = self._next_request_id()
        reader = self._readers.get(space)
        if reader is not None:
            if segment.hash in reader.uploads:
                raise Misused("the segment was uploaded already and waits for its answer")
            upload = segment.hash
            reader.uploads[upload] = request_id
        self._request(
            Append(request_id=request_id, space=space, item=segment_item(segment)),
            SentRequest(type=MessageType.APPEND, space=space, upload=upload),
        )
        return request_id

    def append_record(self, record: SignedRecord | AcceptedRecord) -> int:
        """Offer a control record, with its acceptance if the relay lost it.

        Answered by ``UploadStored`` or ``RequestRefused``; the record also comes in the stream, accepted.
        """
        request_id = self._next_request_id()
        space = signed_part(record).space
        self._request(
            Append(request_id=request_id, space=space, item=control_item(record)),
            SentRequest(type=MessageType.APPEND, space=space),
        )
        return request_id

    def redeem(self, invitation_signer: Signer, invitation_id: bytes) -> int:
        """Fetch an invitation's slot; answered by ``SlotReceived`` or ``RequestRefused``."""
        request_id = self._next_request_id()
        digest = redeem_hash(self._handshake.transcript, invitation_id)
        self._request(
            Redeem(
                request_id=request_id,
                invitation_id=invitation_id,
                public_key=invitation_signer.public,
                signature=invitation_signer.sign(REDEEM_KIND, digest),
            ),
            SentRequest(type=MessageType.REDEEM),
        )
        return request_id

    def put_slot(
        self, space: SpaceId, *, invitation_id: bytes, signing_key: bytes, expires_ms: int, sealed: bytes
    ) -> int:
        """Leave an invitation's slot with the relay; answered by ``RequestDone`` or ``RequestRefused``."""
        request_id = self._next_request_id()
        self._request(
            PutSlot(
                request_id=request_id,
                space=space,
                invitation_id=invitation_id,
                signing_key=signing_key,
                expires_ms=expires_ms,
                sealed=sealed,
            ),
            SentRequest(type=MessageType.PUT_SLOT, space=space),
        )
        return request_id

    def show(self, message: PresenceMessage) -> int:
        """Show a presence message in an open space; answered by ``RequestDone`` or ``RequestRefused``."""
        request_id = self._next_request_id()
        space = message.header.space
        if not self.is_open(space):
            raise Misused("the space is not open")
        self._request(
            Show(request_id=request_id, space=space, content=message.content, signature=message.signature),
            SentRequest(type=MessageType.SHOW, space=space),
        )
        return request_id

    # --- inside: requests ---

    def _next_request_id(self) -> int:
        if not self.is_ready:
            raise Misused("the session is not ready for requests")
        if self.free_requests == 0 or self._last_request_id == MAX_REQUEST_ID:
            raise Misused("too many requests wait for an answer")
        return self._last_request_id + 1

    def _request(self, message: Message, request: SentRequest) -> None:
        self._last_request_id += 1
        self._requests[self._last_request_id] = request
        self._send(message)

    def _ask_for(
        self, space: SpaceId, cursor: Cursor | None, *, asking: MessageType, shown: Cursor | None
    ) -> None:
        if space not in self._readers and len(self._readers) >= self.limits.spaces:
            raise Misused("the relay allows no more spaces on one connection")
        reader = self._readers.setdefault(space, SpaceReader(space))
        if not reader.ask(cursor, asking=asking, shown=shown):
            raise Misused("the space is open already")

    # --- inside: answers ---

    def _receive(self, frame: bytes) -> list[ClientEvent]:
        max_bytes = self.limits.frame_bytes if self.is_ready else MAX_UNAUTHENTICATED_FRAME_BYTES
        message = decode_message(frame, max_bytes)
        kind = message_type(message)
        following = DEVICE_CONNECTION.get((self._state, kind))
        if following is None:
            raise ProtocolViolation(f"a frame of type {kind.name} is not allowed in state {self._state.name}")
        events = self._handle(message)
        self._state = following
        return events

    def _handle(self, message: Message) -> list[ClientEvent]:
        match message:
            case Hello():
                self._send(self._handshake.identify(message))
                return []
            case Welcome():
                self._handshake.finish(message)
                assert self.relay_key is not None
                return [Connected(relay_key=self.relay_key, limits=self.limits)]
            case Items():
                return [self._items(message)]
            case Shown():
                return [self._shown(message)]
            case Fault():
                return [FaultReceived(code=message.code, detail=message.detail)]
            case Opened() | Refusal() | Stored() | Slot() | Done():
                return [self._answer(message)]
            case _:
                raise AssertionError(message_type(message))  # the table let it through

    def _items(self, message: Items) -> ItemsReceived:
        reader = self._readers.get(message.space)
        if reader is None:
            raise ProtocolViolation("items of a space that is not open")
        assert self.relay_key is not None
        received = reader.received(message, relay_key=self.relay_key, verify=self._verify)
        for item in received.items:
            if item.request_id is not None:
                del self._requests[item.request_id]
        return received

    def _shown(self, message: Shown) -> PresenceReceived:
        reader = self._readers.get(message.space)
        if reader is None or (reader.state, MessageType.SHOWN) not in STREAM:
            raise ProtocolViolation("a presence message of a space that is not open")
        return PresenceReceived(space=message.space, content=message.content, signature=message.signature)

    def _answer(self, message: Opened | Refusal | Stored | Slot | Done) -> ClientEvent:
        request = self._requests.get(message.request_id)
        if request is None or (request.type, message_type(message)) not in ANSWERS:
            raise ProtocolViolation("the relay answers something that was not asked")
        del self._requests[message.request_id]
        if request.upload and request.space is not None:
            self._readers[request.space].uploads.pop(request.upload, None)
        event = self._answer_event(message, request)
        if request.space is not None:
            self._forget_if_idle(request.space)
        return event

    def _answer_event(
        self, message: Opened | Refusal | Stored | Slot | Done, request: SentRequest
    ) -> ClientEvent:
        if isinstance(message, Opened):
            if request.space != message.space:
                raise ProtocolViolation("the relay opens another space than the one asked for")
            return self._readers[message.space].opened(message)
        if isinstance(message, Refusal) and request.type in {MessageType.OPEN, MessageType.CREATE}:
            assert request.space is not None
            self._readers[request.space].refused()
        return answer_event(message, request)

    def _forget_if_idle(self, space: SpaceId) -> None:
        reader = self._readers.get(space)
        if reader is not None and reader.state is Stream.ABSENT and not reader.uploads:
            del self._readers[space]

    def _send(self, message: Message) -> None:
        self._outgoing.append(encode_message(message))
