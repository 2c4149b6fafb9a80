"""A run of a space's log, encoded once and handed to any number of readers."""

from collections.abc import Sequence
from dataclasses import dataclass

from syncore.core.identifiers import SpaceId
from syncore.core.limits import MAX_BATCH_ITEMS
from syncore.protocol.items import StoredItem
from syncore.protocol.message_codec import encode_message
from syncore.protocol.messages import Items


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Consecutive items of a space with the frame that carries them.

    Attributes:
        space: The space.
        first_offset: The offset of the first item.
        hashes: The item hashes: of a segment its hash, of a control record its link.
        items: The items, whole.
        receipt: An encoded receipt at the last item, or empty.
        frame: The encoded items frame, no stubs in it.
    """

    space: SpaceId
    first_offset: int
    hashes: tuple[bytes, ...]
    items: tuple[StoredItem, ...]
    receipt: bytes
    frame: bytes

    @property
    def last_offset(self) -> int:
        """The offset of the last item."""
        return self.first_offset + len(self.items) - 1


def make_batch(
    space: SpaceId, *, first_offset: int, items: Sequence[tuple[bytes, StoredItem]], receipt: bytes
) -> Batch:
    """Encode a run of (hash, item), near ``MAX_BATCH_BYTES`` unless one item is larger."""
    assert 1 <= len(items) <= MAX_BATCH_ITEMS
    run = tuple(item for _, item in items)
    message = Items(space=space, first_offset=first_offset, items=run, receipt=receipt)
    return Batch(
        space=space,
        first_offset=first_offset,
        hashes=tuple(digest for digest, _ in items),
        items=run,
        receipt=receipt,
        frame=encode_message(message),
    )
