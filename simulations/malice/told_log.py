"""The log that one connection was told of, beside the one that the relay has: offsets, hashes and receipts.

Owns what makes bent items consistent again: other offsets, and receipts that the relay signs anew, since
it has the key. Must not know why items are bent.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import Enum, auto

from syncore.core.identifiers import SpaceId
from syncore.protocol.items import ControlItem, Item, SegmentItem, StubItem, read_accepted, read_segment
from syncore.protocol.messages import Items, Opened, OpenOutcome
from syncore.protocol.ports import Signer
from syncore.protocol.receipts import (
    Cursor,
    Receipt,
    decode_receipt,
    encode_receipt,
    extend_log,
    sign_receipt,
    start_of_log,
)


class Receipts(Enum):
    """What becomes of the receipts of bent frames."""

    KEPT = auto()
    """As they are: they are of the true log."""
    LEFT_OUT = auto()
    SIGNED = auto()
    """Signed anew over what was told: a relay can, it has the key."""


@dataclass(slots=True, kw_only=True)
class ToldLog:
    """One space on one connection.

    Attributes:
        receipts: What becomes of receipts.
        is_renumbered: Whether what is told gets offsets without a gap.
        signer: The relay's key.
        is_bent: Whether something else was told than what is.
        is_absurd: Whether what was told contradicts itself, so that whoever heard it knows at once.
        is_caught: Whether what was told cannot go unnoticed for ever.
    """

    receipts: Receipts
    is_renumbered: bool
    signer: Signer
    is_bent: bool = False
    is_absurd: bool = False
    is_caught: bool = False
    _sent_cursor: Cursor | None = None
    _told: Cursor | None = None
    _last_receipt: Receipt | None = None
    _true: dict[int, bytes] = field(default_factory=dict)

    def asked(self, cursor: Cursor | None) -> None:
        """The device asks for what is behind a cursor."""
        self._sent_cursor = cursor

    def opened(self, message: Opened, space: SpaceId) -> None:
        """The stream begins, wherever the relay truly begins it."""
        start = Cursor(
            generation=message.generation, offset=0, running_hash=start_of_log(space, message.generation)
        )
        if message.outcome is OpenOutcome.RESUMED and self._sent_cursor is not None:
            start = self._sent_cursor
        self._told = start
        self._true = {start.offset: start.running_hash}

    def tell(self, message: Items, items: Sequence[Item]) -> list[Items]:
        """The frame to send in the place of the true one, with other items or the same."""
        assert self._told is not None
        self._note_true(message)
        if not self.is_bent and tuple(items) == message.items:
            self._told = self._behind(self._told, items)
            return [message]
        self.is_bent = True
        if not items:
            return []
        first = self._told.offset + 1 if self.is_renumbered else message.first_offset
        self.is_absurd |= first != self._told.offset + 1
        told = self._told = self._behind(replace(self._told, offset=first - 1), items)
        receipt = self._receipt(message.receipt, told)
        self.is_absurd |= bool(receipt) and decode_receipt(receipt).receipt.cursor != told
        self.is_caught |= self.is_absurd or self._true.get(told.offset) != told.running_hash
        return [Items(space=message.space, first_offset=first, items=tuple(items), receipt=receipt)]

    def repeat(self, message: Items) -> Items:
        """The same frame, which was told before."""
        self.is_bent = self.is_absurd = self.is_caught = True
        return message

    def contradicts(self, lie: Opened) -> bool:
        """Whether a false beginning does not even fit the cursor that the device has sent."""
        told = self._told
        if told is None or lie.outcome is not OpenOutcome.RESUMED:
            return False
        ends_before = lie.head_offset < told.offset
        ends_there = lie.head_offset == told.offset and lie.head_hash != told.running_hash
        return ends_before or ends_there or lie.generation != told.generation

    def acknowledge(self, space: SpaceId, upload: bytes) -> Items | None:
        """Say that an upload is stored, which the relay was never shown; None before any true receipt."""
        if self._told is None or self._last_receipt is None:
            return None
        self.is_bent = self.is_caught = self.is_renumbered = True
        items = (StubItem(hash=upload),)
        told = self._told = self._behind(self._told, items)
        return Items(
            space=space,
            first_offset=told.offset,
            items=items,
            receipt=self._signed(self._last_receipt, told),
        )

    def _note_true(self, message: Items) -> None:
        if message.receipt:
            self._last_receipt = decode_receipt(message.receipt).receipt
        offset = message.first_offset - 1
        running = self._true[offset]
        for item in message.items:
            offset += 1
            running = self._true[offset] = extend_log(running, offset, _hash(item))

    def _behind(self, cursor: Cursor, items: Sequence[Item]) -> Cursor:
        offset, running = cursor.offset, cursor.running_hash
        for item in items:
            offset += 1
            running = extend_log(running, offset, _hash(item))
        return Cursor(generation=cursor.generation, offset=offset, running_hash=running)

    def _receipt(self, data: bytes, told: Cursor) -> bytes:
        if not data or self.receipts is Receipts.LEFT_OUT:
            return b""
        if self.receipts is Receipts.KEPT:
            return data
        return self._signed(decode_receipt(data).receipt, told)

    def _signed(self, true: Receipt, told: Cursor) -> bytes:
        false = replace(true, generation=told.generation, offset=told.offset, running_hash=told.running_hash)
        return encode_receipt(sign_receipt(false, signer=self.signer))


def _hash(item: Item) -> bytes:
    if isinstance(item, SegmentItem):
        return read_segment(item).hash
    if isinstance(item, ControlItem):
        return read_accepted(item).link
    return item.hash
