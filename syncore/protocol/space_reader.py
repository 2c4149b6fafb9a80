"""A device's reading of one space's stream: no gap, no other log, and receipts that fit it.

The running hash stands for everything up to an offset (:mod:`syncore.protocol.receipts`), so a relay can
neither skip nor swap an item without contradicting a receipt that it signed. What the items mean is not
looked at.
"""

from syncore.core.errors import CryptoError, DishonestRelay, ProtocolViolation
from syncore.core.identifiers import SpaceId
from syncore.protocol.client_events import ItemsReceived, OwnUpload, ReceivedItem, SpaceOpened
from syncore.protocol.items import ControlItem, Item, SegmentItem, read_accepted, read_segment
from syncore.protocol.messages import Items, MessageType, Opened, OpenOutcome
from syncore.protocol.ports import Verify
from syncore.protocol.receipts import (
    Cursor,
    SignedReceipt,
    decode_receipt,
    extend_log,
    start_of_log,
    verify_receipt,
)
from syncore.protocol.session_states import STREAM, Stream


class SpaceReader:
    """One space on one connection of a device.

    Attributes:
        space: The space.
        state: Whether its stream was asked for, or is open.
        cursor: How far it was read on this connection; None before it is open.
        uploads: Append requests that a stub may answer: hash of the segment -> request.
    """

    def __init__(self, space: SpaceId) -> None:
        self.space = space
        self.state = Stream.ABSENT
        self.cursor: Cursor | None = None
        self.uploads: dict[bytes, int] = {}
        self._sent_cursor: Cursor | None = None
        self._shown: Cursor | None = None
        self._head: Cursor | None = None

    def ask(self, cursor: Cursor | None, *, asking: MessageType, shown: Cursor | None) -> bool:
        """Note that the stream was asked for; False if it is open or was asked for before.

        Args:
            cursor: Where reading stopped.
            asking: The request.
            shown: What the receipt that goes with it covers.
        """
        following = STREAM.get((self.state, asking))
        if following is None:
            return False
        self.state = following
        self._sent_cursor = cursor
        self._shown = shown
        return True

    def refused(self) -> None:
        """Note that the stream will not come."""
        self.state = STREAM[self.state, MessageType.REFUSAL]

    def opened(self, message: Opened) -> SpaceOpened:
        """Note where the stream begins.

        Raises:
            ProtocolViolation: the answer contradicts itself or the request.
            DishonestRelay: the relay denies, within one generation, what it signed.
        """
        self.state = STREAM[self.state, MessageType.OPENED]
        head = Cursor(
            generation=message.generation, offset=message.head_offset, running_hash=message.head_hash
        )
        start = Cursor(
            generation=message.generation,
            offset=0,
            running_hash=start_of_log(self.space, message.generation),
        )
        sent = self._sent_cursor
        if message.outcome is OpenOutcome.RESUMED:
            if sent is None or sent.generation != head.generation:
                raise ProtocolViolation("the relay resumes at a cursor that it was not sent")
            start = sent
        elif (message.outcome is OpenOutcome.FROM_START) != (sent is None):
            raise ProtocolViolation("the relay says nothing about the cursor that it was sent")
        if head.offset < start.offset or (head.offset == start.offset and head != start):
            raise ProtocolViolation("the relay's head does not fit the place where its stream begins")
        self._check_shown(head, is_head=True)
        if message.outcome is not OpenOutcome.RESUMED and sent is not None and sent == self._shown:
            self._check_shown(Cursor(generation=head.generation, offset=sent.offset, running_hash=b""))
        self.cursor, self._head = start, head
        return SpaceOpened(
            request_id=message.request_id, space=self.space, cursor=start, head=head, outcome=message.outcome
        )

    def received(self, message: Items, *, relay_key: bytes, verify: Verify) -> ItemsReceived:
        """Take in the next items.

        Raises:
            ProtocolViolation: a gap, a stub for nothing, items of another space, or a receipt that does not
                fit or hold.
            DishonestRelay: the log is not the one that it signed under this generation.
            Malformed: an item does not parse.
            UnsupportedVersion: an item of a version that this program does not know.
        """
        following = STREAM.get((self.state, MessageType.ITEMS))
        if following is None or self.cursor is None or self._head is None:
            raise ProtocolViolation("items of a space that is not open")
        if message.first_offset != self.cursor.offset + 1:
            raise ProtocolViolation(
                f"items at offset {message.first_offset}, not {self.cursor.offset + 1}: the stream has a gap"
            )
        items, running_hash = [], self.cursor.running_hash
        for offset, item in enumerate(message.items, start=message.first_offset):
            read = self._read(offset, item)
            running_hash = extend_log(running_hash, offset, read.hash)
            self._check_head(offset, running_hash)
            self._check_shown(
                Cursor(generation=self.cursor.generation, offset=offset, running_hash=running_hash)
            )
            items.append(read)
        cursor = Cursor(generation=self.cursor.generation, offset=items[-1].offset, running_hash=running_hash)
        receipt = self._receipt(message.receipt, cursor, relay_key, verify) if message.receipt else None
        self.state, self.cursor = following, cursor
        return ItemsReceived(
            space=self.space,
            items=tuple(items),
            cursor=cursor,
            receipt=receipt,
            is_caught_up=cursor.offset >= self._head.offset,
        )

    def _read(self, offset: int, item: Item) -> ReceivedItem:
        if isinstance(item, SegmentItem):
            segment = read_segment(item)
            if segment.header.space != self.space:
                raise ProtocolViolation("the stream holds a segment of another space")
            return ReceivedItem(offset=offset, hash=segment.hash, content=segment)
        if isinstance(item, ControlItem):
            record = read_accepted(item)
            if record.signed.space != self.space:
                raise ProtocolViolation("the stream holds a control record of another space")
            return ReceivedItem(offset=offset, hash=record.link, content=record)
        request_id = self.uploads.pop(item.hash, None)
        if request_id is None:
            raise ProtocolViolation("the stream holds a stub for a segment that was not uploaded here")
        return ReceivedItem(
            offset=offset, hash=item.hash, content=OwnUpload(hash=item.hash), request_id=request_id
        )

    def _check_head(self, offset: int, running_hash: bytes) -> None:
        assert self._head is not None
        if offset == self._head.offset and running_hash != self._head.running_hash:
            raise ProtocolViolation("the stream does not lead to the head that the relay named")

    def _check_shown(self, at: Cursor, *, is_head: bool = False) -> None:
        """Compare a place of the relay's log with the receipt that the relay was shown.

        An honest relay that does not bear a receipt of its own out has begun a new generation by now.
        """
        shown = self._shown
        if shown is None or shown.generation != at.generation:
            return
        if (is_head and at.offset < shown.offset) or (at.offset == shown.offset and at != shown):
            raise DishonestRelay("the relay denies what it signed, and goes on in the same generation")

    def _receipt(self, data: bytes, cursor: Cursor, relay_key: bytes, verify: Verify) -> SignedReceipt:
        signed = decode_receipt(data)
        if signed.receipt.space != self.space or signed.receipt.cursor != cursor:
            raise ProtocolViolation("the relay signs another log than the one that it sends")
        try:
            verify_receipt(signed, relay_key=relay_key, verify=verify)
        except CryptoError as error:
            raise ProtocolViolation("the relay's signature under a receipt does not hold") from error
        return signed
