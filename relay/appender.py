"""Group commit: one loop takes what all connections offer, judges it in order, and commits it with one sync.

The order of work is size, rate, membership, contiguity, quota, signature, disk: what is cheap refuses
first. Nothing is acknowledged, accepted or published before the commit has returned; a commit that fails
leaves memory as it was. Reading from uploaders pauses while the queue is full.
"""

import asyncio
import contextlib
import logging
from collections.abc import Sequence

from relay import logs
from relay.append_queue import AppendQueue
from relay.config import RelayConfig
from relay.fanout import Fanout
from relay.health import Health
from relay.ledger import End, Ledger
from relay.requests import OfferedSegment, Request
from relay.share import Share
from relay.spaces import Space, Spaces
from relay.store import Store
from relay.verification import SignaturePool
from syncore.core.errors import IntegrityError, StorageError
from syncore.core.identifiers import SpaceId
from syncore.core.ports import Clock, Entropy
from syncore.crypto.signing import verify
from syncore.protocol.admission import Refuse
from syncore.protocol.ports import Signer
from syncore.protocol.receipts import extend_log, make_generation, start_of_log
from syncore.protocol.refusal_codes import RefusalCode

_LOG = logging.getLogger(logs.LOGGER_NAME)
_GENERATION_RANDOM_BYTES = 8


class Appender:
    """Takes offers from all connections and makes them durable. :meth:`run` is its one loop."""

    def __init__(
        self,
        *,
        store: Store,
        spaces: Spaces,
        signer: Signer,
        clock: Clock,
        entropy: Entropy,
        config: RelayConfig,
        health: Health,
    ) -> None:
        """Nothing happens before :meth:`run`."""
        self._store = store
        self._spaces = spaces
        self._signer = signer
        self._clock = clock
        self._entropy = entropy
        self._quota_bytes = config.quota_bytes
        self._max_spaces = config.max_spaces
        self._space_count = 0
        self._is_running = False
        self._renewals: set[asyncio.Task[None]] = set()
        self._health = health
        self._signatures = SignaturePool(verify)
        self._queue = AppendQueue()
        self._fanout = Fanout()
        self._working = asyncio.Lock()

    async def submit(self, request: Request) -> None:
        """Queue an offer; waits while the queue is full. The request's ``answer`` is called later."""
        await self._queue.put(request)

    async def run(self) -> None:
        """Commit groups until cancelled; then the threads end. A commit under way is not interrupted.

        Raises:
            StorageError, IntegrityError: the store cannot be read at the start.
        """
        self._space_count = await self._store.count_spaces()
        self._is_running = True
        try:
            while True:
                await self._queue.wait()
                async with self._working:
                    await self._commit_group(await self._queue.take_group())
                await asyncio.sleep(0)  # let readers send what was just published
        finally:
            self._is_running = False
            self._signatures.close()

    async def settle(self) -> None:
        """Wait until everything that was queued is answered."""
        while self._is_running and (self._queue or self._working.locked()):
            async with self._working:
                pass
            await asyncio.sleep(0)
        await asyncio.sleep(0)  # the answers are called after the group

    async def renew(self, space: Space) -> None:
        """Begin a new generation of a space, because its log is not what this relay once signed.

        Raises:
            StorageError, IntegrityError: the store could not be changed; nothing was.
        """
        renewal = asyncio.get_running_loop().create_task(self._renew(space))
        self._renewals.add(renewal)
        renewal.add_done_callback(self._renewals.discard)
        await asyncio.shield(renewal)  # who asked may leave, but store and memory change together

    async def _renew(self, space: Space) -> None:
        async with self._working:
            if space.stream.is_over:  # somebody else's receipt came first
                return
            name = space.ledger.space
            generation = make_generation(
                self._clock.now_ms(), self._entropy.random_bytes(_GENERATION_RANDOM_BYTES)
            )
            async with self._spaces.replaced(name):
                await self._store.renew(name, generation, start_of_log(name, generation), extend_log)
            _LOG.warning("a log is not what this relay signed: it has a new generation now")

    # --- one group ---

    async def _commit_group(self, requests: Sequence[Request]) -> None:
        by_space: dict[SpaceId, list[Request]] = {}
        for request in requests:
            by_space.setdefault(request.space, []).append(request)
        with contextlib.ExitStack() as pins:
            shares = [await self._begin(space, ours, pins) for space, ours in by_space.items()]
            await self._judge(shares)
            await self._commit([share for share in shares if share.draft.items])
            for share in shares:
                self._finish(share)

    async def _begin(self, space: SpaceId, requests: list[Request], pins: contextlib.ExitStack) -> Share:
        """The space and what judging will ask the store for."""
        try:
            held = await self._spaces.get(space)
            if held is not None:
                pins.enter_context(held.pinned())
            ledger = held.ledger if held else self._fresh_ledger(space)
            return Share(ledger, held, requests, await self._look_up(held, requests))
        except (StorageError, IntegrityError) as error:
            self._note_failure(error)
            return Share(
                self._fresh_ledger(space), held=None, requests=requests, known={}, failure=_UNREADABLE
            )

    async def _look_up(self, held: Space | None, requests: list[Request]) -> dict[End, tuple[int, bytes]]:
        if held is None:
            return {}
        key = held.ledger.key
        assert key is not None
        ends = {
            end
            for request in requests
            if isinstance(request.offer, OfferedSegment)
            for end in held.ledger.lookups(request.offer.segment)
        }
        found = await self._store.segment_ends((key, *end) for end in ends)
        return {(writer, number): place for (_, writer, number), place in found.items()}

    def _fresh_ledger(self, space: SpaceId) -> Ledger:
        random_8 = self._entropy.random_bytes(_GENERATION_RANDOM_BYTES)
        return Ledger(space, make_generation(self._clock.now_ms(), random_8))

    async def _judge(self, shares: Sequence[Share]) -> None:
        """Judge all, supposing that signatures hold; verify those; judge again without what does not hold."""
        now_ms = self._clock.now_ms()
        pending = list(shares)
        while pending:
            has_room = self._space_count + len(shares) <= self._max_spaces
            for share in pending:
                share.judge(
                    now_ms=now_ms,
                    quota_bytes=self._quota_bytes,
                    may_create=has_room,
                    signer=self._signer,
                    verify=verify,
                )
            checks = [(share, check) for share in pending for check in share.unverified()]
            failed = await self._signatures.failures([(check.key, check.segment) for _, check in checks])
            for position, (share, check) in enumerate(checks):
                share.note(check, holds=position not in failed)
            pending = list({id(checks[position][0]): checks[position][0] for position in failed}.values())

    async def _commit(self, shares: Sequence[Share]) -> None:
        """One transaction for all that was accepted."""
        if not shares:
            return
        try:
            await asyncio.shield(self._store.append([share.draft.group() for share in shares]))
            for share in shares:
                if share.held is None:
                    share.ledger.key = await self._key_of(share.ledger.space)
        except (StorageError, IntegrityError) as error:
            self._note_failure(error)
            for share in shares:
                share.fail(_NOT_WRITTEN)

    async def _key_of(self, space: SpaceId) -> int:
        stored = await self._store.space(space)
        assert stored is not None, "it has just been committed"
        return stored.key

    def _finish(self, share: Share) -> None:
        """Adopt what is durable, sign its receipt, answer and publish, all without a pause."""
        draft = share.draft
        if not draft.items:
            share.answer()
            return
        share.ledger.adopt(draft)
        space = share.held
        if space is None:
            space = self._spaces.add(share.ledger, head=draft.base_head)
            self._space_count += 1
        receipt = share.ledger.receipt(
            offset=share.ledger.head,
            running=share.ledger.running,
            time_ms=self._clock.now_ms(),
            signer=self._signer,
        )
        share.answer()
        self._fanout.publish(space.stream, draft.items, receipt)

    def _note_failure(self, error: StorageError | IntegrityError) -> None:
        self._health.note_storage_failure()
        _LOG.error("the store failed", extra=logs.facts(error=str(error), kind=type(error).__name__))


_NOT_WRITTEN = Refuse(code=RefusalCode.READ_ONLY, detail="the relay cannot store anything at the moment")
_UNREADABLE = Refuse(code=RefusalCode.READ_ONLY, detail="the relay cannot read this space at the moment")
