"""Where a reader's stream begins."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from relay.adapters.database import StoreDatabase
from relay.ledger import Draft
from relay.resumption import Resumption, resume, running_at
from relay.schema import APPLICATION_ID, FORMAT_VERSION, SCHEMA
from relay.spaces import Space, Spaces
from relay.store import Store
from syncore.crypto.signing import SigningKey
from syncore.protocol.messages import OpenOutcome
from syncore.protocol.receipts import Cursor, Receipt, SignedReceipt, sign_receipt, start_of_log
from syncore.protocol.relay_events import OpenRequested
from tests.relay.device import TestSpace, key
from tests.relay.ledgers import GENERATION, NOW_MS, OWNER, RELAY, add_segment, founding

OTHER_GENERATION = b"o" * 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """A space with four items that are durable, and how it is opened.

    Attributes:
        running: The running hashes at offsets 0 to 4.
    """

    store: Store
    space: Space
    running: list[bytes]

    def cursor(self, offset: int) -> Cursor:
        """A place in the log."""
        return Cursor(generation=GENERATION, offset=offset, running_hash=self.running[offset])

    def receipt(self, cursor: Cursor, signer: SigningKey = RELAY) -> SignedReceipt:
        """A signed word on a place that may be none of the log's."""
        receipt = Receipt(
            space=self.space.ledger.space,
            generation=cursor.generation,
            offset=cursor.offset,
            running_hash=cursor.running_hash,
            control_seq=1,
            control_hash=bytes(32),
            time_ms=NOW_MS,
        )
        return sign_receipt(receipt, signer=signer)

    async def resume(self, cursor: Cursor | None, receipt: SignedReceipt | None = None) -> Resumption:
        """What a reader is answered."""
        request = OpenRequested(
            request_id=1, space=self.space.ledger.space, cursor=cursor, receipt=receipt, control_seq=0
        )
        return await resume(self.space, request, store=self.store, relay_key=RELAY.public)


@pytest.fixture
async def shelf(tmp_path: Path) -> AsyncIterator[Shelf]:
    """A space in a real store, loaded from it."""
    store = Store(
        await StoreDatabase.open(
            tmp_path / "relay.db", application_id=APPLICATION_ID, version=FORMAT_VERSION, schema=SCHEMA
        )
    )
    test_space = TestSpace(OWNER, RELAY.public)
    ledger, draft = founding(test_space)
    for _ in range(2):
        add_segment(draft, test_space.segment())
    await store.append([draft.group()])
    held = await Spaces(store).get(ledger.space)
    assert held is not None
    running = [start_of_log(ledger.space, GENERATION), *(item.running for item in draft.items)]
    yield Shelf(store=store, space=held, running=running)
    await store.close()


async def test_a_reader_without_a_cursor_reads_from_the_start(shelf: Shelf) -> None:
    """Nothing is resumed where nothing was read; a receipt that fits changes nothing."""
    for receipt in (None, shelf.receipt(shelf.cursor(3))):
        assert await shelf.resume(None, receipt) == Resumption(OpenOutcome.FROM_START)


@pytest.mark.parametrize("offset", range(5))
async def test_a_cursor_that_fits_is_resumed_behind(shelf: Shelf, offset: int) -> None:
    """From before the first item to the head, the stream goes on with the next one."""
    cursor = shelf.cursor(offset)
    expected = Resumption(OpenOutcome.RESUMED, next_offset=offset + 1)
    assert await shelf.resume(cursor) == expected
    if offset:
        assert await shelf.resume(cursor, shelf.receipt(cursor)) == expected


async def test_a_cursor_that_does_not_fit_proves_nothing(shelf: Shelf) -> None:
    """Anybody can write a cursor: its reader starts again and learns why, and the generation stays."""
    for cursor, outcome in (
        (replace(shelf.cursor(2), generation=OTHER_GENERATION), OpenOutcome.NEW_GENERATION),
        (replace(shelf.cursor(2), offset=5), OpenOutcome.LOST),
        (replace(shelf.cursor(2), offset=2**63 - 1), OpenOutcome.LOST),
        (replace(shelf.cursor(2), offset=3), OpenOutcome.DIVERGED),
        (replace(shelf.cursor(4), running_hash=bytes(32)), OpenOutcome.DIVERGED),
        (replace(shelf.cursor(0), running_hash=bytes(32)), OpenOutcome.DIVERGED),
    ):
        assert await shelf.resume(cursor) == Resumption(outcome)


@pytest.mark.parametrize(("offset", "outcome"), [(5, OpenOutcome.LOST), (3, OpenOutcome.DIVERGED)])
async def test_a_broken_promise_of_the_relays_own_asks_for_a_new_generation(
    shelf: Shelf, offset: int, outcome: OpenOutcome
) -> None:
    """A receipt beyond the head or over another log proves a restored copy, whatever the cursor says."""
    broken = shelf.receipt(Cursor(generation=GENERATION, offset=offset, running_hash=bytes(32)))
    for cursor in (shelf.cursor(4), replace(shelf.cursor(2), generation=OTHER_GENERATION)):
        assert await shelf.resume(cursor, broken) == Resumption(outcome, needs_new_generation=True)
    expected = Resumption(OpenOutcome.FROM_START, needs_new_generation=True)
    assert await shelf.resume(None, broken) == expected, "who sent no cursor is told of none"


async def test_a_promise_of_somebody_else_or_of_another_log_is_none(shelf: Shelf) -> None:
    """Only the relay's own signature, over this space in the generation in force, proves anything."""
    broken = Cursor(generation=GENERATION, offset=9, running_hash=bytes(32))
    signed = shelf.receipt(broken)
    for receipt in (
        shelf.receipt(broken, signer=key("forger")),
        replace(signed, signature=bytes(64)),
        shelf.receipt(replace(broken, generation=OTHER_GENERATION)),
        sign_receipt(
            replace(signed.receipt, space=TestSpace(OWNER, RELAY.public, name="x").id), signer=RELAY
        ),
    ):
        assert await shelf.resume(shelf.cursor(2), receipt) == Resumption(OpenOutcome.RESUMED, next_offset=3)


async def test_running_hashes_are_known_up_to_what_is_published(shelf: Shelf) -> None:
    """From the start to the ledger's head there is a hash; behind it there is none, though one is stored."""
    assert [await running_at(shelf.space, offset, shelf.store) for offset in range(6)] == [
        *shelf.running,
        None,
    ]
    ledger = shelf.space.ledger
    draft = Draft(ledger, {})
    following = TestSpace(OWNER, RELAY.public)
    following.links = [shelf.space.ledger.control.link_at(seq) or b"" for seq in range(2)]
    add_segment(draft, following.segment(incarnation=8))
    await shelf.store.append([draft.group()])
    assert ledger.key is not None
    assert await shelf.store.running_at(ledger.key, 5) == draft.running
    assert await running_at(shelf.space, 5, shelf.store) is None
