"""One client's connection: the asyncio shell around the session of :mod:`syncore.protocol.relay_session`.

Owns the two loops of a connection, receiving and sending, and when each pauses. Must not know what requests
mean (that is :mod:`relay.desk`) or how items are committed. Reading pauses while the session, the appender,
or answers that the client does not read say so. Sending takes one frame at a time: answers before streams,
streams in turn.
"""

import asyncio
import logging
from collections import deque

from relay import config as bounds
from relay import logs
from relay.channel import ClientChannel
from relay.desk import Desk
from relay.fanout import Reader
from relay.rates import TokenBucket
from relay.services import Services
from syncore.core.errors import ConnectionFailed, IntegrityError, RemoteError, StorageError
from syncore.crypto.signing import verify
from syncore.protocol.messages import NONCE_BYTES
from syncore.protocol.refusal_codes import FaultCode
from syncore.protocol.relay_events import Authenticated, RecordOffered, RelayEvent, SegmentOffered
from syncore.protocol.relay_session import RelaySession

_LOG = logging.getLogger(logs.LOGGER_NAME)

CLOSE_NORMAL = 1000
CLOSE_CODES = {
    FaultCode.SHUTTING_DOWN: 1001,
    FaultCode.INTERNAL: 1011,
    FaultCode.NEW_GENERATION: 1012,
    FaultCode.OVERLOADED: 1013,
    FaultCode.RATE_LIMITED: 1013,
}
CLOSE_VIOLATION = 1008


class Connection:
    """One client, from its channel's opening to its end. :meth:`run` is its life."""

    def __init__(self, channel: ClientChannel, services: Services) -> None:
        """Begin the session; nothing is sent yet."""
        now_ms = services.clock.monotonic_ms()
        self._channel = channel
        self._services = services
        self._session = RelaySession(
            signer=services.signer,
            nonce=services.entropy.random_bytes(NONCE_BYTES),
            verify=verify,
            now_ms=now_ms,
        )
        self._desk = Desk(self._session, services, changed=self._collect, wake=self._wake_reader)
        self._append_bytes = TokenBucket(services.config.append_bytes, now_ms)
        self._deadline = asyncio.get_running_loop().time() + services.config.timeouts.handshake
        self._close_code = CLOSE_NORMAL
        self._waiting: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._ready: dict[Reader, None] = {}
        self._work = asyncio.Event()
        self._may_read = asyncio.Event()
        self._receiving: asyncio.Task[None] | None = None
        self._is_reading = False
        self._is_draining = False
        self._is_settled = False
        self._is_gone = False
        self._over = asyncio.Event()

    async def run(self) -> None:
        """Serve the client until it leaves, breaks a rule, or the relay stops."""
        try:
            async with asyncio.TaskGroup() as tasks:
                self._receiving = tasks.create_task(self._receive())
                self._collect()
                await self._send()
                self._receiving.cancel()
        finally:
            self._desk.close()
            self._over.set()
        await self._channel.close(self._close_code)

    async def drain(self) -> None:
        """Read nothing more, tell the client what was committed for it, and close with 1001."""
        self._is_draining = True
        self._may_read.set()
        if self._receiving is not None:
            if self._is_reading:
                self._receiving.cancel()
            await asyncio.wait({self._receiving})
        await self._services.appender.settle()
        self._is_settled = True
        self._work.set()
        await self._over.wait()

    # --- receiving ---

    async def _receive(self) -> None:
        try:
            while await self._until_may_read():
                frame = await self._read_frame()
                events = self._session.receive_data(frame)
                self._collect()
                for event in events:
                    await self._handle(event, len(frame))
        except ConnectionFailed:
            self._is_gone = True
        except TimeoutError:
            self._fail(FaultCode.TIMEOUT, "the handshake took too long")
        except RemoteError as error:
            self._close_code = CLOSE_VIOLATION
            _LOG.info("a client broke the protocol", extra=self._facts(error=error.message))
        except (StorageError, IntegrityError) as error:
            self._fail_storage(error)
        self._collect()

    async def _until_may_read(self) -> bool:
        """Wait while too much is unanswered or unread; False when nothing more is to be read."""
        while not (self._is_draining or self._session.is_closed):
            has_room = (
                len(self._waiting) < bounds.MAX_WAITING_REPLIES
                and self._waiting_bytes < bounds.MAX_WAITING_BYTES
            )
            if has_room and self._session.wants_data:
                return True
            self._may_read.clear()
            await self._may_read.wait()
        return False

    async def _read_frame(self) -> bytes:
        self._is_reading = True
        try:
            async with asyncio.timeout_at(None if self._session.device_key else self._deadline):
                return await self._channel.receive()
        finally:
            self._is_reading = False

    async def _handle(self, event: RelayEvent, size_bytes: int) -> None:
        if isinstance(event, Authenticated):
            self._channel.raise_frame_limit()
            return
        if isinstance(event, SegmentOffered | RecordOffered):
            await self._keep_rate(size_bytes)
        await self._desk.handle(event)
        self._collect()

    async def _keep_rate(self, size_bytes: int) -> None:
        """Pause until what this connection appends is within its rate."""
        cost = max(size_bytes, bounds.MIN_APPEND_COST_BYTES)
        pause_ms = self._append_bytes.spend(cost, self._services.clock.monotonic_ms())
        if pause_ms:
            await asyncio.sleep(pause_ms / 1000)

    # --- sending ---

    async def _send(self) -> None:
        """Send answers and streams until the connection is over."""
        try:
            while True:
                await self._work.wait()
                self._work.clear()
                while await self._send_next():
                    pass
                if self._is_gone or self._session.is_closed:
                    return
        except ConnectionFailed:
            return
        except TimeoutError:
            _LOG.info("a client stopped reading", extra=self._facts())
            self._channel.abort()

    async def _send_next(self) -> bool:
        """Send one frame; False when there is nothing to send now."""
        if self._is_gone:
            return False
        if self._waiting:
            frame = self._waiting.popleft()
            self._waiting_bytes -= len(frame)
            async with asyncio.timeout(self._services.config.timeouts.send):
                await self._channel.send(frame)
            self._may_read.set()
            return True
        if self._session.is_closed:
            return False
        if self._is_settled and not self._desk.is_owed:
            self._fail(FaultCode.SHUTTING_DOWN, "the relay is about to stop")
            return True
        is_fed = await self._feed_next()
        return self._pass_presence() or is_fed

    def _pass_presence(self) -> bool:
        """Queue one presence message, if one waits: between batches, so neither holds up the other."""
        is_passed = self._desk.pass_presence()
        if is_passed:
            self._collect()
        return is_passed

    async def _feed_next(self) -> bool:
        """Give the session the next batch of a reader that is behind, in turn."""
        if not self._ready:
            return False
        reader = next(iter(self._ready))
        del self._ready[reader]
        if reader.stream.is_over:
            self._fail(FaultCode.NEW_GENERATION, "the space has a new generation; open it again")
            return True
        try:
            batch = await reader.next_batch(self._services.store, self._desk.receipt_for(reader))
        except (StorageError, IntegrityError) as error:
            self._fail_storage(error)
            return True
        if batch is not None:
            self._session.send_batch(batch)
            self._collect()
        if reader.is_behind:
            self._ready[reader] = None
        return True

    # --- both ---

    def _wake_reader(self, reader: Reader) -> None:
        self._ready[reader] = None
        self._work.set()

    def _collect(self) -> None:
        """Queue what the session wants sent, and look anew whether to read on."""
        for frame in self._session.data_to_send():
            self._waiting.append(frame)
            self._waiting_bytes += len(frame)
        self._work.set()
        self._may_read.set()

    def _fail(self, code: FaultCode, detail: str) -> None:
        if not self._session.is_closed:
            self._close_code = CLOSE_CODES.get(code, CLOSE_VIOLATION)
        self._session.fail(code, detail)
        self._collect()

    def _fail_storage(self, error: StorageError | IntegrityError) -> None:
        _LOG.error("the store failed", extra=self._facts(error=str(error), kind=type(error).__name__))
        self._fail(FaultCode.INTERNAL, "the relay cannot read its store")

    def _facts(self, **more: object) -> dict[str, object]:
        return logs.facts(peer=self._channel.peer, **more)
