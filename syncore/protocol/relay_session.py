"""The relay's end of one connection: frames in, events and frames out; no I/O, no storage, no judgement.

The caller's duties:

- send what :meth:`RelaySession.data_to_send` gives after construction and after every call, in order;
- pass whole frames to :meth:`RelaySession.receive_data` while :attr:`RelaySession.wants_data`, and stop
  reading the connection while not;
- call :meth:`RelaySession.tick` about once a second;
- answer every event that asks for something exactly once, in any order;
- call :meth:`RelaySession.send_batch` for every open space whenever there is something at or behind
  :meth:`RelaySession.next_offset` and the connection has drained what was sent before: the session does not
  bound what waits to be sent.
- close the connection when :attr:`RelaySession.is_closed`, after sending what is left.

The session enforces the handshake and its deadline, frame sizes, numbers of spaces and requests, and which
frames are allowed when; what breaks a rule gets a fault frame and raises. Requests that cannot be parsed are
refused by the session itself and make no event.
"""

from syncore.core.errors import Malformed, ProtocolViolation, Refused, RemoteError
from syncore.core.identifiers import SpaceId
from syncore.core.limits import MAX_FRAME_BYTES, MAX_UNAUTHENTICATED_FRAME_BYTES
from syncore.protocol.batches import Batch
from syncore.protocol.handshake import Admits, RelayHandshake, check_relay_deadline
from syncore.protocol.items import ControlItem, Item, SegmentItem, StoredItem, StubItem
from syncore.protocol.message_codec import clip_detail, decode_message, encode_message
from syncore.protocol.messages import (
    Append,
    Create,
    Done,
    Fault,
    Identify,
    Items,
    Message,
    MessageType,
    Open,
    Opened,
    OpenOutcome,
    PutSlot,
    Redeem,
    Refusal,
    SessionLimits,
    Show,
    Slot,
    Stored,
    message_type,
)
from syncore.protocol.ports import Signer, Verify
from syncore.protocol.refusal_codes import FaultCode, RefusalCode
from syncore.protocol.relay_events import (
    Authenticated,
    CreateRequested,
    OpenRequested,
    PutSlotRequested,
    RecordOffered,
    RedeemRequested,
    RelayEvent,
    Request,
    SegmentOffered,
    ShowRequested,
)
from syncore.protocol.relay_session_entries import OpenSpace, PendingRequest
from syncore.protocol.request_parsing import read_request
from syncore.protocol.session_states import ANSWERS, RELAY_CONNECTION, STREAM, Connection, Stream

MAX_UNANSWERED_BYTES = 2 * MAX_FRAME_BYTES
"""Requests of one connection that wait for the relay's answer; beyond it the connection is not read."""


def serve_anyone(_device_key: bytes, _token: bytes) -> bool:
    """The policy of an open relay."""
    return True


class RelaySession:
    """One connection at a relay.

    Attributes:
        limits: What was promised to the device.
    """

    def __init__(
        self,
        *,
        signer: Signer,
        nonce: bytes,
        verify: Verify,
        now_ms: int,
        limits: SessionLimits | None = None,
        admits: Admits = serve_anyone,
    ) -> None:
        self.limits = limits or SessionLimits()
        self._handshake = RelayHandshake(
            signer=signer, nonce=nonce, limits=self.limits, verify=verify, admits=admits
        )
        self._verify = verify
        self._started_ms = now_ms
        self._state = Connection.GREETING
        self._spaces: dict[SpaceId, OpenSpace] = {}
        self._requests: dict[int, PendingRequest] = {}
        self._unanswered_bytes = 0
        self._last_request_id = 0
        self._outgoing: list[bytes] = []
        self._send(self._handshake.hello)

    # --- what the connection does -----------------------------------------------------------------

    def receive_data(self, frame: bytes) -> list[RelayEvent]:
        """Take in one frame.

        Raises:
            RemoteError: the frame is not allowed; a fault frame is queued and the session is closed.
        """
        if self._state is Connection.CLOSED:
            raise ProtocolViolation("a frame arrived after the end of the session")
        try:
            return self._receive(frame)
        except Malformed as error:
            self.fail(FaultCode.MALFORMED, error.message)
            raise
        except RemoteError as error:
            fault = error.details.get("fault")
            self.fail(fault if isinstance(fault, FaultCode) else FaultCode.VIOLATION, error.message)
            raise

    def tick(self, now_ms: int) -> None:
        """Notice that time has passed.

        Raises:
            ProtocolViolation: the device did not identify itself in time; a fault frame is queued.
        """
        if self._state is Connection.GREETING:
            try:
                check_relay_deadline(self._started_ms, now_ms)
            except ProtocolViolation as error:
                self.fail(FaultCode.TIMEOUT, error.message)
                raise

    def data_to_send(self) -> list[bytes]:
        """The frames to send now, in order; each is given once."""
        outgoing, self._outgoing = self._outgoing, []
        return outgoing

    def fail(self, code: FaultCode, detail: str = "") -> None:
        """End the session with a fault frame. Idempotent."""
        if self._state is not Connection.CLOSED:
            self._send(Fault(code=code, detail=clip_detail(detail)))
            self._state = Connection.CLOSED

    # --- asking --------------------------------------------------------------------------------

    @property
    def is_closed(self) -> bool:
        """Whether a fault was sent: close the connection once it is out."""
        return self._state is Connection.CLOSED

    @property
    def wants_data(self) -> bool:
        """Whether the connection should be read; False while too much waits for an answer, and at the end."""
        is_full = len(self._requests) >= self.limits.requests or self._unanswered_bytes > MAX_UNANSWERED_BYTES
        return not self.is_closed and not is_full

    @property
    def device_key(self) -> bytes:
        """The device's key once it proved it, else empty."""
        return self._handshake.device_key

    @property
    def open_spaces(self) -> tuple[SpaceId, ...]:
        """The spaces whose streams go out here."""
        return tuple(space for space, stream in self._spaces.items() if stream.state is Stream.OPEN)

    def next_offset(self, space: SpaceId) -> int | None:
        """Where the next batch of the space begins; None while its stream does not go out here."""
        stream = self._spaces.get(space)
        return stream.next_offset if stream and stream.state is Stream.OPEN else None

    # --- answering --------------------------------------------------------------------------------
    # After a session has closed, answers are dropped: whoever was asked need not watch for the end.

    def send_opened(
        self, request_id: int, *, generation: bytes, head_offset: int, head_hash: bytes, outcome: OpenOutcome
    ) -> None:
        """Begin a space's stream: behind the request's cursor if ``RESUMED``, else at offset 1."""
        if self.is_closed:
            return
        request = self._answer(request_id, MessageType.OPENED)
        assert request.space is not None
        stream = self._stream(request.space, MessageType.OPENED)
        stream.next_offset = request.start_offset if outcome is OpenOutcome.RESUMED else 1
        assert stream.next_offset <= head_offset + 1
        self._send(
            Opened(
                request_id=request_id,
                space=request.space,
                generation=generation,
                head_offset=head_offset,
                head_hash=head_hash,
                outcome=outcome,
            )
        )

    def send_batch(self, batch: Batch) -> None:
        """Send the next items of an open space; segments uploaded here go as stubs, which answer them."""
        if self.is_closed:
            return
        stream = self._stream(batch.space, MessageType.ITEMS)
        assert batch.first_offset == stream.next_offset
        stream.next_offset = batch.last_offset + 1
        if not stream.uploads:
            self._outgoing.append(batch.frame)
            return
        items = tuple(self._as_sent(stream, *pair) for pair in zip(batch.hashes, batch.items, strict=True))
        if items == batch.items:
            self._outgoing.append(batch.frame)
        else:
            self._send(
                Items(space=batch.space, first_offset=batch.first_offset, items=items, receipt=batch.receipt)
            )

    def send_stored(self, request_id: int, offset: int) -> None:
        """Answer an offer: the item is durably in the log at this offset, newly or as a duplicate.

        Leaves the answer to the stream where that is still to pass the offset, and does nothing where it has
        answered. Records are always answered here.
        """
        request = self._requests.get(request_id)
        if self.is_closed or request is None:
            return
        if request.upload and request.space is not None:
            next_offset = self.next_offset(request.space)
            if next_offset is not None and offset >= next_offset:
                return
        self._answer(request_id, MessageType.STORED)
        self._send(Stored(request_id=request_id, offset=offset))

    def send_refused(self, request_id: int, code: RefusalCode, detail: str = "") -> None:
        """Answer any request: no."""
        if self.is_closed:
            return
        request = self._answer(request_id, MessageType.REFUSAL)
        if request.type in {MessageType.OPEN, MessageType.CREATE}:
            assert request.space is not None
            self._stream(request.space, MessageType.REFUSAL)
            self._forget_if_idle(request.space)
        self._refuse(request_id, code, detail)

    def send_slot(
        self, request_id: int, *, space: SpaceId, sealed: bytes, control: tuple[ControlItem, ...]
    ) -> None:
        """Answer a redemption; refused as too large when the control log does not fit into one frame."""
        if self.is_closed:
            return
        message = Slot(request_id=request_id, space=space, sealed=sealed, control=control)
        size_bytes = sum(len(item.record) + len(item.acceptance) + 256 for item in control)
        if size_bytes > self.limits.frame_bytes - len(sealed) - 256:
            self.send_refused(
                request_id, RefusalCode.TOO_LARGE, "the control log does not fit into one frame"
            )
            return
        self._answer(request_id, MessageType.SLOT)
        self._send(message)

    def send_done(self, request_id: int) -> None:
        """Answer a put slot: it is kept; or a show: it was handed on."""
        if not self.is_closed:
            self._answer(request_id, MessageType.DONE)
            self._send(Done(request_id=request_id))

    def send_shown(self, space: SpaceId, frame: bytes) -> None:
        """Send another connection's presence message in an open space, as the frame of a ``Shown``."""
        if not self.is_closed:
            self._stream(space, MessageType.SHOWN)
            self._outgoing.append(frame)

    # --- inside: receiving ------------------------------------------------------------------------

    def _receive(self, frame: bytes) -> list[RelayEvent]:
        is_ready = self._state is Connection.READY
        message = decode_message(
            frame, self.limits.frame_bytes if is_ready else MAX_UNAUTHENTICATED_FRAME_BYTES
        )
        kind = message_type(message)
        following = RELAY_CONNECTION.get((self._state, kind))
        if following is None:
            raise ProtocolViolation(f"a frame of type {kind.name} is not allowed in state {self._state.name}")
        if isinstance(message, Identify):
            self._send(self._handshake.welcome(message))
            self._state = following
            return [Authenticated(device_key=self.device_key)]
        assert isinstance(message, Open | Append | Create | Redeem | PutSlot | Show)
        self._check_request(message.request_id)
        try:
            event = read_request(message, transcript=self._handshake.transcript, verify=self._verify)
        except Refused as error:
            self._refuse(message.request_id, RefusalCode(error.code), error.message)
            return []
        self._register(event, kind, len(frame))
        return [event]

    def _check_request(self, request_id: int) -> None:
        if request_id <= self._last_request_id:
            raise ProtocolViolation("request ids must rise")
        if len(self._requests) >= self.limits.requests:
            raise ProtocolViolation(f"more than {self.limits.requests} requests wait for an answer")
        self._last_request_id = request_id

    def _register(self, event: Request, kind: MessageType, size_bytes: int) -> None:
        space, start_offset, upload = None, 1, b""
        match event:
            case OpenRequested():
                space = event.space
                start_offset = event.cursor.offset + 1 if event.cursor else 1
                self._ask_for(space, kind)
            case CreateRequested():
                space = event.space
                self._ask_for(space, kind)
            case SegmentOffered():
                space, upload = event.space, self._watch_for(event)
            case RecordOffered() | PutSlotRequested():
                space = event.space
            case ShowRequested():
                space = event.space
                self._check_open(space)
            case RedeemRequested():
                pass
        self._requests[event.request_id] = PendingRequest(
            type=kind, space=space, size_bytes=size_bytes, start_offset=start_offset, upload=upload
        )
        self._unanswered_bytes += size_bytes

    def _check_open(self, space: SpaceId) -> None:
        stream = self._spaces.get(space)
        if stream is None or (stream.state, MessageType.SHOW) not in STREAM:
            raise ProtocolViolation("a presence message of a space that is not open")

    def _watch_for(self, offer: SegmentOffered) -> bytes:
        """Let a stub answer an offer, if there is a stream; the hash by which it will."""
        stream = self._spaces.get(offer.space)
        if stream is None:
            return b""
        if offer.segment.hash in stream.uploads:
            raise ProtocolViolation("a segment was uploaded again before the first was answered")
        stream.uploads[offer.segment.hash] = offer.request_id
        return offer.segment.hash

    def _ask_for(self, space: SpaceId, asking: MessageType) -> None:
        if space not in self._spaces and len(self._spaces) >= self.limits.spaces:
            raise ProtocolViolation(f"more than {self.limits.spaces} spaces on one connection")
        stream = self._spaces.setdefault(space, OpenSpace())
        following = STREAM.get((stream.state, asking))
        if following is None:
            raise ProtocolViolation("a space was asked for that is open already")
        stream.state = following

    # --- inside: answering ------------------------------------------------------------------------

    def _answer(self, request_id: int, answer: MessageType) -> PendingRequest:
        request = self._requests.pop(request_id)
        assert (request.type, answer) in ANSWERS
        self._unanswered_bytes -= request.size_bytes
        if request.upload:
            assert request.space is not None
            self._spaces[request.space].uploads.pop(request.upload)
            self._forget_if_idle(request.space)
        return request

    def _forget_if_idle(self, space: SpaceId) -> None:
        stream = self._spaces[space]
        if stream.state is Stream.ABSENT and not stream.uploads:
            del self._spaces[space]

    def _refuse(self, request_id: int, code: RefusalCode, detail: str) -> None:
        self._send(
            Refusal(request_id=request_id, code=code, is_final=code.is_final, detail=clip_detail(detail))
        )

    def _stream(self, space: SpaceId, event: MessageType) -> OpenSpace:
        stream = self._spaces[space]
        stream.state = STREAM[stream.state, event]
        return stream

    def _as_sent(self, stream: OpenSpace, digest: bytes, item: StoredItem) -> Item:
        request_id = stream.uploads.get(digest) if isinstance(item, SegmentItem) else None
        if request_id is None:
            return item
        self._answer(request_id, MessageType.ITEMS)
        return StubItem(hash=digest)

    def _send(self, message: Message) -> None:
        self._outgoing.append(encode_message(message))
