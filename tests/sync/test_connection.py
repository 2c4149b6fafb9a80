"""One connection to a relay: proven, in order, and with an answer or an error for everybody who asked."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import pytest

from syncore.adapters.clock import SystemClock
from syncore.adapters.entropy import SystemEntropy
from syncore.core.errors import ConnectionFailed, Malformed, Refused, WrongRelay
from syncore.core.identifiers import SpaceId
from syncore.crypto.signing import SigningKey, verify
from syncore.protocol.client_events import RequestRefused, SpaceOpened, UploadStored
from syncore.protocol.message_codec import encode_message
from syncore.protocol.messages import Fault, Opened, Refusal, SessionLimits, Stored
from syncore.protocol.refusal_codes import FaultCode, RefusalCode
from syncore.sync.connection import RelayConnection, refused_error
from syncore.sync.status import Traffic
from tests.protocol.builders import RELAY, Space, device_key
from tests.sync.memory_log import Log
from tests.sync.memory_relay import ADDRESS, MemoryRelay, message_of, relay_in_memory
from tests.sync.waiting import PATIENCE_S, until

SPACE = Space()
NOWHERE = SpaceId(bytes([9]) * 32)


@pytest.fixture
async def relay() -> AsyncIterator[MemoryRelay]:
    """A relay that holds one space."""
    async with relay_in_memory() as relay:
        relay.signer = RELAY
        log = Log(SPACE.id, relay.new_generation())
        log.take_record(SPACE.genesis)
        relay.logs[SPACE.id] = log
        yield relay


async def opened(
    relay: MemoryRelay, *, expected: bytes | None = None, traffic: Traffic | None = None
) -> RelayConnection:
    """The owner's connection."""
    return await RelayConnection.open(
        ADDRESS,
        connector=relay,
        signer=device_key(0),
        verify=verify,
        clock=SystemClock(),
        entropy=SystemEntropy(),
        expected_relay_key=expected,
        traffic=traffic or Traffic(),
    )


@asynccontextmanager
async def attended(relay: MemoryRelay) -> AsyncIterator[RelayConnection]:
    """A connection that is read in the background."""
    async with await opened(relay) as connection, connection.attended():
        yield connection


def ask(connection: RelayConnection, space: SpaceId = SPACE.id) -> int:
    """Ask for a space's stream."""
    return connection.session.open_space(space, cursor=None)


def offer(connection: RelayConnection) -> int:
    """Offer the naming of a relay."""
    return connection.session.append_record(SPACE.relay_record.signed)


async def test_a_connection_is_open_when_the_relay_has_proven_its_key(relay: MemoryRelay) -> None:
    """The relay's key is known, requests may be made, and every byte of the handshake was counted."""
    frames: list[bytes] = []

    def listen(frame: bytes) -> Sequence[bytes]:
        frames.append(frame)
        return (frame,)

    relay.tamper = listen
    traffic = Traffic()
    async with await opened(relay, expected=relay.signer.public, traffic=traffic) as connection:
        assert connection.relay_key == relay.signer.public
        assert connection.has_room
        assert traffic.received_bytes == sum(map(len, frames)) > 0
        assert traffic.sent_bytes == sum(len(encode_message(message)) for message in relay.received) > 0
    await until(lambda: not relay.open_channels)


async def test_another_relay_is_left_at_once(relay: MemoryRelay) -> None:
    """A relay with another key than the expected one is told nothing, and the channel is closed."""
    with pytest.raises(WrongRelay):
        await opened(relay, expected=SigningKey(bytes(32)).public)
    await until(lambda: not relay.open_channels)
    assert relay.received == []


async def test_a_silent_relay_is_given_up(relay: MemoryRelay, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who accepts a connection and never speaks is given up after the handshake's time, and hung up on."""
    monkeypatch.setattr("syncore.sync.connection.HANDSHAKE_TIMEOUT_MS", 20)
    relay.tamper = lambda _frame: ()
    with pytest.raises(ConnectionFailed, match="in time"):
        await opened(relay)
    await until(lambda: not relay.open_channels)


async def test_answers_find_those_who_asked(relay: MemoryRelay) -> None:
    """Requests made at one moment leave in their order, and each gets its own answer or refusal."""
    async with attended(relay) as connection, asyncio.timeout(PATIENCE_S):
        found = await asyncio.gather(
            connection.answer_to(ask(connection)),
            connection.answer_to(ask(connection, NOWHERE)),
            connection.answer_to(offer(connection)),
            return_exceptions=True,
        )
        requests = [message.request_id for message in relay.received if hasattr(message, "request_id")]
    assert requests == [1, 2, 3]
    answer, refusal, stored = found
    assert isinstance(answer, SpaceOpened)
    assert (answer.request_id, answer.space) == (1, SPACE.id)
    assert isinstance(refusal, Refused)
    assert (refusal.code, refusal.is_final) == (RefusalCode.UNKNOWN_SPACE.value, True)
    assert isinstance(stored, UploadStored)
    assert (stored.request_id, stored.offset) == (3, 2)


async def test_whoever_waits_hears_of_the_end(relay: MemoryRelay) -> None:
    """A relay that ends the connection ends all waiting with its words, and all later requests too."""
    fault = Fault(code=FaultCode.OVERLOADED, detail="come back later")
    relay.tamper = lambda frame: (
        (encode_message(fault), None)
        if isinstance(message_of(frame), Opened | Stored | Refusal)
        else (frame,)
    )
    async with attended(relay) as connection, asyncio.timeout(PATIENCE_S):
        waiting = [connection.answer_to(ask(connection)), connection.answer_to(offer(connection))]
        failures: Sequence[object] = await asyncio.gather(*waiting, return_exceptions=True)
        assert [str(failure).count("come back later") for failure in failures] == [1, 1]
        assert all(isinstance(failure, ConnectionFailed) for failure in failures)
        with pytest.raises(ConnectionFailed, match="come back later"):
            await connection.answer_to(3)


async def test_whoever_waits_hears_that_nobody_reads_any_more(relay: MemoryRelay) -> None:
    """A request that is under way when the reader is cancelled fails, and waits no longer."""
    relay.tamper = lambda frame: () if isinstance(message_of(frame), Stored) else (frame,)
    async with await opened(relay) as connection:
        async with connection.attended():
            await connection.answer_to(ask(connection))
            waiting = asyncio.ensure_future(connection.answer_to(offer(connection)))
            await asyncio.sleep(0.05)
            assert not waiting.done()
        async with asyncio.timeout(PATIENCE_S):
            with pytest.raises(ConnectionFailed, match="nobody reads"):
                await waiting


async def test_reading_ends_with_the_connection(relay: MemoryRelay) -> None:
    """Whoever reads the events gets all that was sent before the end, and then the failure."""
    async with await opened(relay) as connection:
        ask(connection)
        await connection.flush()
        seen: list[type] = []

        async def read() -> None:
            async for event in connection.events():
                seen.append(type(event))
                await relay.hang_up()

        with pytest.raises(ConnectionFailed):
            await read()
        assert seen[0] is SpaceOpened


async def test_there_is_room_until_the_relay_says_otherwise(relay: MemoryRelay) -> None:
    """As many requests as the relay allows fit; an answer makes room; after the end there is an error."""
    relay.limits = SessionLimits(requests=1)
    async with attended(relay) as connection:
        request = ask(connection)
        has_room = [connection.has_room]
        await connection.answer_to(request)
        has_room.append(connection.has_room)
        assert has_room == [False, True]
        relay.tamper = lambda _frame: (b"\xc1 garbage",)
        with pytest.raises(Malformed):
            await connection.answer_to(offer(connection))
        with pytest.raises(ConnectionFailed, match="ended"):
            bool(connection.has_room)


@pytest.mark.parametrize("code", [RefusalCode.CONFLICT, RefusalCode.NOT_MEMBER])
def test_a_refusal_as_an_error_says_why_and_whether_it_is_final(code: RefusalCode) -> None:
    """Code, finality and the relay's words come over into the exception."""
    event = RequestRefused(request_id=1, space=SPACE.id, code=code, is_final=code.is_final, detail="just so")
    error = refused_error(event)
    assert (error.code, error.is_final) == (code.value, code.is_final)
    assert "just so" in error.message
