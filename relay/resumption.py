"""Where a reader's stream begins, and whether what it shows proves that this relay lost something.

A receipt of this relay's own, of the generation in force, that its log does not bear out means that the log
was restored from an older copy, or refilled after one: only a new generation tells every reader so. A
cursor alone proves nothing, since anybody can write one.
"""

from dataclasses import dataclass

from relay.spaces import Space
from relay.store import Store
from syncore.core.errors import CryptoError
from syncore.crypto.signing import verify
from syncore.protocol.messages import OpenOutcome
from syncore.protocol.receipts import SignedReceipt, start_of_log, verify_receipt
from syncore.protocol.relay_events import OpenRequested


@dataclass(frozen=True, slots=True)
class Resumption:
    """How a stream begins.

    Attributes:
        needs_new_generation: The relay's log is not what the relay once signed: renew it first.
    """

    outcome: OpenOutcome
    next_offset: int = 1
    needs_new_generation: bool = False


async def resume(space: Space, request: OpenRequested, *, store: Store, relay_key: bytes) -> Resumption:
    """Compare the reader's receipt and cursor with the log.

    Raises:
        StorageError, IntegrityError: the store cannot be read.
    """
    cursor = request.cursor
    broken = await _broken_promise(space, request.receipt, store, relay_key)
    if broken is not None:
        outcome = OpenOutcome.FROM_START if cursor is None else broken  # who has no cursor knows of the loss
        return Resumption(outcome, needs_new_generation=True)
    if cursor is None:
        return Resumption(OpenOutcome.FROM_START)
    if cursor.generation != space.ledger.generation:
        return Resumption(OpenOutcome.NEW_GENERATION)
    held = await running_at(space, cursor.offset, store)
    if held == cursor.running_hash:
        return Resumption(OpenOutcome.RESUMED, next_offset=cursor.offset + 1)
    return Resumption(OpenOutcome.LOST if held is None else OpenOutcome.DIVERGED)


async def running_at(space: Space, offset: int, store: Store) -> bytes | None:
    """The running hash at an offset that is published, or None beyond it."""
    ledger = space.ledger
    assert ledger.key is not None
    if offset == 0:
        return start_of_log(ledger.space, ledger.generation)
    if offset == ledger.head:
        return ledger.running
    if offset > ledger.head:
        return None
    return await store.running_at(ledger.key, offset)


async def _broken_promise(
    space: Space, signed: SignedReceipt | None, store: Store, relay_key: bytes
) -> OpenOutcome | None:
    """What a receipt proves against this relay, if it is its own and of this generation."""
    if signed is None or (signed.receipt.space, signed.receipt.generation) != (
        space.ledger.space,
        space.ledger.generation,
    ):
        return None
    held = await running_at(space, signed.receipt.offset, store)
    if held == signed.receipt.running_hash:
        return None
    try:
        verify_receipt(signed, relay_key=relay_key, verify=verify)
    except CryptoError:
        return None
    return OpenOutcome.LOST if held is None else OpenOutcome.DIVERGED
