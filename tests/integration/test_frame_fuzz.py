"""Damaged frames against a real relay process and against a replica: a documented answer, never a crash."""

import asyncio
import contextlib
import os
import random
import signal
from collections.abc import Callable, Sequence
from pathlib import Path

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from syncore import Space, SyncState
from syncore.adapters.entropy import SystemEntropy
from syncore.core.errors import RemoteError
from syncore.crypto.signing import verify
from syncore.protocol.client_session import ClientSession
from syncore.protocol.items import SegmentItem, control_item, segment_item
from syncore.protocol.message_codec import encode_message
from syncore.protocol.messages import (
    Append,
    Create,
    Fault,
    Identify,
    Open,
    PutSlot,
    Redeem,
    Refusal,
)
from tests.integration.test_relay_process import OWNER, relay_process
from tests.relay.device import TestSpace, connected
from tests.sync.memory_relay import ADDRESS, honest, message_of, relay_in_memory, replica_at
from tests.sync.waiting import converged, synced, until

CONNECTIONS = 250
ROUNDS = 40


def damaged(frame: bytes, chance: random.Random) -> bytes:
    """A frame with something changed, cut, doubled or inserted."""
    at, to = sorted((chance.randrange(len(frame) + 1), chance.randrange(len(frame) + 1)))
    match chance.randrange(6):
        case 0:
            return frame[:at]
        case 1:
            return frame[:at] + bytes([chance.randrange(256)]) + frame[at + 1 :]
        case 2:
            return frame[:at] + frame[to:]
        case 3:
            return frame + frame[at:to]
        case 4:
            return frame[:at] + chance.randbytes(chance.randrange(1, 9)) + frame[at:]
        case _:
            return chance.randbytes(chance.randrange(200))


def is_done(space: Space) -> bool:
    """Whether a space is live and has sent everything."""
    status = space.status()
    return status.state is SyncState.LIVE and not status.unsent


async def speak(address: str, make: Callable[[ClientSession], Sequence[bytes]]) -> list[object]:
    """Shake hands, send frames, and read what the relay says until it is silent or ends."""
    said: list[object] = []
    async with connect(address, compression=None, max_size=2**23) as websocket:
        session = ClientSession(signer=OWNER, nonce=SystemEntropy().random_bytes(32), verify=verify, now_ms=0)
        with contextlib.suppress(ConnectionClosed, RemoteError):
            while not session.is_ready:
                frame = await websocket.recv()
                assert isinstance(frame, bytes)
                session.receive_data(frame)
                for outgoing in session.data_to_send():
                    await websocket.send(outgoing)
            for outgoing in make(session):
                await websocket.send(outgoing)
            pong = await websocket.ping()
            await asyncio.wait_for(pong, 10)
            while True:
                frame = await asyncio.wait_for(websocket.recv(), 0.02)
                assert isinstance(frame, bytes)
                said.append(message_of(frame))
    return said


async def test_a_relay_answers_every_damaged_request(tmp_path: Path) -> None:
    """Whatever frame is damaged, the relay answers with a code or goes on, and logs no crash."""
    chance = random.Random(os.environ.get("FUZZ_SEED", "relay"))
    async with relay_process(tmp_path / "store") as relay:
        space = TestSpace(OWNER, relay.public_key)
        async with connected(relay.address, OWNER) as device:
            await device.create(space)
        segment = space.segment()
        requests = [
            encode_message(message)
            for message in (
                Open(request_id=1, space=space.id, cursor=None, receipt=b"", control_seq=1),
                Append(request_id=1, space=space.id, item=segment_item(segment)),
                Append(request_id=1, space=space.id, item=SegmentItem(content=b"x", signature=bytes(64))),
                Create(request_id=1, genesis=control_item(space.genesis), relay=control_item(space.relay)),
                Redeem(request_id=1, invitation_id=bytes(16), public_key=bytes(32), signature=bytes(64)),
                PutSlot(
                    request_id=1,
                    space=space.id,
                    invitation_id=bytes(16),
                    signing_key=bytes(32),
                    expires_ms=2**40,
                    sealed=bytes(173),
                ),
                Identify(device_key=bytes(32), nonce=bytes(32), token=b"", signature=bytes(64)),
            )
        ]

        async def some(number: int) -> list[object]:
            frame = damaged(chance.choice(requests), chance)
            try:
                return await speak(relay.address, lambda _session: [frame])
            except TimeoutError:
                return []
            except (ConnectionClosed, OSError) as error:
                raise AssertionError(number) from error

        ends = 0
        for start in range(0, CONNECTIONS, 10):
            for said in await asyncio.gather(*(some(start + one) for one in range(10))):
                ends += any(isinstance(message, Fault | Refusal) for message in said)
        async with connected(relay.address, OWNER) as device:
            await device.create(TestSpace(OWNER, relay.public_key, "another"))
        code, log = await relay.end(signal.SIGTERM)
        assert (code, "Traceback" in log, "Error" in log) == (0, False, False), log


async def test_a_replica_survives_every_damaged_frame(tmp_path: Path) -> None:
    """Whatever frame of its relay is damaged, a replica says what happened, merges nothing wrong, and is
    whole again with an honest relay.
    """
    chance = random.Random(os.environ.get("FUZZ_SEED", "replica"))
    async with relay_in_memory() as relay, replica_at(relay, tmp_path, "a") as writer:
        await writer.collection("notes").insert({"n": 0}, id="first")
        space = await writer.share(ADDRESS)
        await synced(space)
        async with replica_at(relay, tmp_path, "b") as other:
            await converged(space, await other.join(await space.invite()))
        for round_ in range(ROUNDS):
            hits = [chance.randrange(5)]

            def tamper(frame: bytes, hits: list[int] = hits) -> Sequence[bytes | None]:
                hits[0] -= 1
                return (damaged(frame, chance),) if hits[0] == -1 else (frame,)

            await writer.collection("notes").update("first", n=round_)
            await synced(space)
            relay.tamper = tamper
            async with replica_at(relay, tmp_path, "b") as other:
                await other.collection("notes").insert({"n": round_})
                view = other.space
                await until(lambda hits=hits, view=view: hits[0] < 0 or is_done(view))  # type: ignore[misc]
                relay.tamper = honest
                await until(lambda view=view: bool(view.status().reason) or is_done(view))  # type: ignore[misc]
                status = view.status()
                assert "defect" not in status.reason, status
                assert not status.closed_writers
        async with replica_at(relay, tmp_path, "b") as other:
            await converged(space, other.space)
            assert len([note async for note in other.collection("notes").find()]) == 1 + ROUNDS
