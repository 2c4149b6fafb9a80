"""A true log of eight items, and what an honest relay says of it."""

from simulations.senses import SeededEntropy
from syncore.core.identifiers import SpaceId
from syncore.crypto.signing import SigningKey
from syncore.protocol.items import StubItem
from syncore.protocol.messages import Done, Items, Message, Opened, OpenOutcome, Stored
from syncore.protocol.receipts import Receipt, encode_receipt, extend_log, sign_receipt, start_of_log

SPACE = SpaceId(b"s" * 32)
GENERATION = b"g" * 16
KEY = SigningKey(SeededEntropy("told log").random_bytes(32))
HASHES = [bytes([number]) * 32 for number in range(1, 9)]


def running(hashes: list[bytes]) -> bytes:
    """The running hash behind items."""
    found = start_of_log(SPACE, GENERATION)
    for offset, one in enumerate(hashes, start=1):
        found = extend_log(found, offset, one)
    return found


def true_frame(first: int, count: int) -> Items:
    """What the relay says of the true log."""
    last = first + count - 1
    receipt = Receipt(
        space=SPACE,
        generation=GENERATION,
        offset=last,
        running_hash=running(HASHES[:last]),
        control_seq=1,
        control_hash=bytes(32),
        time_ms=5,
    )
    return Items(
        space=SPACE,
        first_offset=first,
        items=tuple(StubItem(hash=one) for one in HASHES[first - 1 : last]),
        receipt=encode_receipt(sign_receipt(receipt, signer=KEY)),
    )


TRUTH: list[Message] = [
    true_frame(1, 3),
    Stored(request_id=1, offset=2),
    true_frame(4, 2),
    Done(request_id=2),
]
BEGINNING = Opened(
    request_id=1,
    space=SPACE,
    generation=GENERATION,
    head_offset=8,
    head_hash=running(HASHES),
    outcome=OpenOutcome.FROM_START,
)
