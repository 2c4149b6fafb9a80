"""One connection to a relay: the pure session, a channel, and answers matched with requests.

Frames leave in the order in which the session made them. Reading happens in :meth:`RelayConnection.events`
alone, so whoever iterates over it decides how fast the relay may speak.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self

from syncore.core.errors import ConnectionFailed, Refused, SyncoreError
from syncore.core.limits import HANDSHAKE_TIMEOUT_MS
from syncore.core.ports import Clock, Connector, Entropy, FrameChannel
from syncore.protocol.client_events import (
    ClientEvent,
    Connected,
    FaultReceived,
    RequestDone,
    RequestRefused,
    SlotReceived,
    SpaceOpened,
    UploadStored,
)
from syncore.protocol.client_session import ClientSession
from syncore.protocol.messages import NONCE_BYTES
from syncore.protocol.ports import Signer, Verify
from syncore.sync.status import Traffic

Answer = SpaceOpened | UploadStored | SlotReceived | RequestDone


class RelayConnection:
    """An authenticated connection. Make it with :meth:`open`, use it in ``async with``.

    Attributes:
        session: The protocol's state; call :meth:`flush` after asking it for something.
        relay_key: The key that the relay proved.
    """

    def __init__(self, channel: FrameChannel, session: ClientSession, traffic: Traffic) -> None:
        """Join an open channel and a fresh session; :meth:`open` does the rest."""
        self.session = session
        self.relay_key = b""
        self._channel = channel
        self._traffic = traffic
        self._sending = asyncio.Lock()
        self._waiting: dict[int, asyncio.Future[Answer]] = {}
        self._failure: SyncoreError | None = None

    @classmethod
    async def open(
        cls,
        address: str,
        *,
        connector: Connector,
        signer: Signer,
        verify: Verify,
        clock: Clock,
        entropy: Entropy,
        expected_relay_key: bytes | None,
        traffic: Traffic,
    ) -> Self:
        """Connect and shake hands.

        Raises:
            ConnectionFailed: no relay answers there in time.
            WrongRelay: another relay than the one with the expected key answers.
            RemoteError: what answers is no relay, or speaks another version.
        """
        channel = await connector.connect(address)
        session = ClientSession(
            signer=signer,
            nonce=entropy.random_bytes(NONCE_BYTES),
            verify=verify,
            now_ms=clock.monotonic_ms(),
            relay_key=expected_relay_key,
        )
        connection = cls(channel, session, traffic)
        try:
            async with asyncio.timeout(HANDSHAKE_TIMEOUT_MS / 1000):
                while not connection.relay_key:
                    for event in await connection._receive():
                        _check_no_fault(event)
                        if isinstance(event, Connected):
                            connection.relay_key = event.relay_key
        except TimeoutError as error:
            await channel.close()
            raise ConnectionFailed(f"{address} does not answer like a relay in time") from error
        except BaseException:
            await channel.close()
            raise
        return connection

    @property
    def has_room(self) -> bool:
        """Whether another request may be made now.

        Raises:
            ConnectionFailed: the connection has ended.
        """
        if self.session.is_closed:
            raise ConnectionFailed("the connection has ended")
        return self.session.free_requests > 0

    async def flush(self) -> None:
        """Send what the session has queued.

        Raises:
            ConnectionFailed: the connection broke.
        """
        async with self._sending:
            for frame in self.session.data_to_send():
                self._traffic.sent_bytes += len(frame)
                await self._channel.send(frame)

    async def answer_to(self, request_id: int) -> Answer:
        """Send what is queued and wait for a request's answer.

        Somebody else has to read it with :meth:`events` meanwhile.

        Raises:
            Refused: the relay refused the request.
            ConnectionFailed: the connection broke first.
        """
        if self._failure is not None:
            raise self._failure
        future: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._waiting[request_id] = future
        try:
            await self.flush()
            return await future
        finally:
            self._waiting.pop(request_id, None)
            if future.done() and not future.cancelled():
                future.exception()  # it was told of the end while it sent, and raises what sending has met

    async def events(self) -> AsyncIterator[ClientEvent]:
        """What the relay says, until the connection ends.

        Answers that somebody waits for are handed to them too.

        Raises:
            ConnectionFailed: the connection broke, or the relay ended it.
            RemoteError: the relay said something that it must not say.
        """
        try:
            while True:
                for event in await self._receive():
                    _check_no_fault(event)
                    self._hand_over(event)
                    yield event
        except BaseException as error:  # whoever waits is told, also where the reader itself was cancelled
            told = (
                error if isinstance(error, Exception) else ConnectionFailed("nobody reads the connection now")
            )
            for future in self._waiting.values():
                if not future.done():
                    future.set_exception(told)
            raise

    @asynccontextmanager
    async def attended(self) -> AsyncIterator[None]:
        """Read in the background, for a conversation of requests and answers only."""
        reading = asyncio.get_running_loop().create_task(self._read_answers())
        try:
            yield
        finally:
            reading.cancel()
            await asyncio.wait([reading])

    async def _read_answers(self) -> None:
        try:
            async for _event in self.events():
                pass
        except SyncoreError as error:
            self._failure = error  # for requests that come later; those that wait were told by events()

    async def close(self) -> None:
        """Close the channel. Idempotent."""
        await self._channel.close()

    async def __aenter__(self) -> Self:
        """The connection."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close it."""
        await self.close()

    async def _receive(self) -> list[ClientEvent]:
        frame = await self._channel.receive()
        self._traffic.received_bytes += len(frame)
        events = self.session.receive_data(frame)
        await self.flush()
        return events

    def _hand_over(self, event: ClientEvent) -> None:
        if isinstance(event, RequestRefused):
            future = self._waiting.get(event.request_id)
            if future is not None and not future.done():
                future.set_exception(refused_error(event))
        elif isinstance(event, SpaceOpened | UploadStored | SlotReceived | RequestDone):
            future = self._waiting.get(event.request_id)
            if future is not None and not future.done():
                future.set_result(event)


def refused_error(event: RequestRefused) -> Refused:
    """A refusal as an exception."""
    return Refused(f"the relay refused: {event.detail}", code=event.code.value, is_final=event.is_final)


def _check_no_fault(event: ClientEvent) -> None:
    if isinstance(event, FaultReceived):
        raise ConnectionFailed(f"the relay ended the connection: {event.detail or event.code.value}")
