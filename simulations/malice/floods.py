"""Floods: as many and as large segments, requests and frames as the protocol allows, and a little more.

Each says what it found wrong with the relay's answer, or nothing. They are small enough for a run to stay
fast, and over the bound that they are about.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from random import Random
from typing import Final

from simulations.malice.forger import GRAFFITI, Forger, record_entry
from simulations.malice.offering import Contact
from syncore.codec.values import encode_value
from syncore.core.errors import ConnectionFailed, Refused
from syncore.core.identifiers import DocumentKey
from syncore.core.limits import KIB, MAX_FRAME_BYTES
from syncore.crypto.signing import SigningKey
from syncore.documents.operations import SetField
from syncore.protocol.message_codec import encode_message
from syncore.protocol.messages import MAX_REQUESTS, Redeem
from syncore.protocol.refusal_codes import RefusalCode

_TINY: Final = 150
_LARGE: Final = 3
_LARGE_BYTES: Final = 300 * KIB
_CONNECTIONS: Final = 20
_REQUESTS: Final = 800
"""More than the burst that a relay allows, by more than what comes back while they are under way."""
_SOON_S: Final = 8.0
_PATIENCE_S: Final = 600.0

Flood = Callable[[Contact, Forger, Random], Awaitable[str]]


async def _many_segments(contact: Contact, forger: Forger, _draw: Random) -> str:
    await contact.offer_at_once([forger.write([forger.scribble()]) for _ in range(_TINY)])
    return ""


async def _large_segments(contact: Contact, forger: Forger, draw: Random) -> str:
    for number in range(_LARGE):
        value = encode_value(draw.randbytes(_LARGE_BYTES))
        key = DocumentKey(GRAFFITI, f"large-{number}")
        segment = forger.write([record_entry(SetField(field="by", value=value), key=key)])
        await contact.offer_at_once([segment])
    return ""


async def _many_connections(contact: Contact, _forger: Forger, _draw: Random) -> str:
    async with AsyncExitStack() as stack:
        for _ in range(_CONNECTIONS):
            await stack.enter_async_context(contact.connected())
        await asyncio.sleep(1)
    return ""


async def _many_requests(contact: Contact, _forger: Forger, draw: Random) -> str:
    """Guess at invitations until the relay has enough of it."""
    began_s = asyncio.get_running_loop().time()
    codes: set[str] = set()
    async with contact.connected() as connection:
        invitation = SigningKey(draw.randbytes(32))

        async def guess() -> None:
            try:
                await connection.answer_to(connection.session.redeem(invitation, draw.randbytes(16)))
            except Refused as refusal:
                codes.add(refusal.code)

        for _ in range(_REQUESTS // MAX_REQUESTS + 1):
            await asyncio.gather(*(guess() for _ in range(MAX_REQUESTS)))
    was_quick = asyncio.get_running_loop().time() - began_s < _SOON_S
    is_unlimited = was_quick and RefusalCode.RATE_LIMITED.value not in codes
    return f"{_REQUESTS} requests were answered at once" if is_unlimited else ""


async def _large_frame(contact: Contact, _forger: Forger, draw: Random) -> str:
    return await _ends_with(contact, [draw.randbytes(MAX_FRAME_BYTES + 1)])


async def _noise(contact: Contact, _forger: Forger, draw: Random) -> str:
    return await _ends_with(contact, [draw.randbytes(draw.randint(1, 500)) for _ in range(3)])


async def _impatient_requests(contact: Contact, _forger: Forger, draw: Random) -> str:
    """A hundred requests under one and the same id."""
    key = draw.randbytes(32)
    request = Redeem(request_id=1, invitation_id=bytes(16), public_key=key, signature=bytes(64))
    return await _ends_with(contact, [encode_message(request)] * 100)


async def _ends_with(contact: Contact, frames: list[bytes]) -> str:
    """Send frames, and see that the relay ends the connection."""
    async with await contact.connect() as connection:
        try:
            async with asyncio.timeout(_PATIENCE_S):
                for frame in frames:
                    await connection._channel.send(frame)  # noqa: SLF001 - what no session would send
                async for _event in connection.events():
                    pass
        except ConnectionFailed:
            return ""
        except TimeoutError:
            return "and the relay went on listening"
    return ""


FLOODS: Final[Mapping[str, Flood]] = {
    "many segments": _many_segments,
    "large segments": _large_segments,
    "many connections": _many_connections,
    "many requests": _many_requests,
    "a frame over the limit": _large_frame,
    "noise": _noise,
    "one request a hundred times": _impatient_requests,
}
