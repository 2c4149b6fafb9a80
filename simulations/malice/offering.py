"""Getting forged segments to the relay, over the real client session, and what the relay says to them.

Connections break and relays die while a member attacks, so an offer is made again, the same bytes each time,
until it was answered or there were too many attempts.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from enum import Enum, auto
from typing import Final

from simulations.machine import Machine
from simulations.relay_machine import ADDRESS
from syncore.core.errors import ConnectionFailed, Refused
from syncore.core.ports import Entropy
from syncore.crypto.keys import DeviceKeys
from syncore.crypto.signing import verify
from syncore.protocol.refusal_codes import RefusalCode
from syncore.protocol.segments import Segment
from syncore.sync.connection import RelayConnection
from syncore.sync.status import Traffic

MAX_ATTEMPTS: Final = 6
"""Connections that are made for one offer: enough to outlive a relay that is killed."""
PAUSE_S: Final = 40.0
WINDOW: Final = 100
"""Offers under way at once; a relay allows 256 requests."""

_MAY_PASS: Final = frozenset(
    code.value
    for code in (
        RefusalCode.OVERLOADED,
        RefusalCode.QUOTA_EXCEEDED,
        RefusalCode.SHUTTING_DOWN,
        RefusalCode.RATE_LIMITED,
        RefusalCode.READ_ONLY,
    )
)


class Verdict(Enum):
    """What a relay said to an offer."""

    STORED = auto()
    REFUSED = auto()
    """Refused, or answered with the end of the connection."""


class Contact:
    """A device's way to the relay, past its own program.

    Attributes:
        machine: The device.
    """

    def __init__(self, machine: Machine, device: DeviceKeys, entropy: Entropy) -> None:
        """Speak with the device's keys."""
        self.machine = machine
        self._device = device
        self._entropy = entropy

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[RelayConnection]:
        """A connection of its own, on which answers are read.

        Raises:
            ConnectionFailed: there is none.
        """
        async with await self.connect() as connection, connection.attended():
            yield connection

    async def connect(self) -> RelayConnection:
        """A connection of its own, which somebody has to read.

        Raises:
            ConnectionFailed: there is none.
        """
        return await RelayConnection.open(
            ADDRESS,
            connector=self.machine.connector(),
            signer=self._device.signing,
            verify=verify,
            clock=self.machine.hardware.clock,
            entropy=self._entropy,
            expected_relay_key=None,
            traffic=Traffic(),
        )

    async def offer(self, segments: Sequence[Segment]) -> list[Verdict]:
        """Offer segments one after the other, and what was said to each; fewer where the relay is away."""
        verdicts: list[Verdict] = []
        cut_off = 0
        for _ in range(MAX_ATTEMPTS):
            if len(verdicts) == len(segments):
                break
            try:
                async with self.connected() as connection:
                    while len(verdicts) < len(segments):
                        verdicts.append(await _offer_one(connection, segments[len(verdicts)]))
                        cut_off = 0
                break
            except ConnectionFailed as failure:
                cut_off += "the relay ended the connection" in failure.message
                if cut_off > 1:  # it does so whenever it is offered that
                    verdicts.append(Verdict.REFUSED)
                    cut_off = 0
            except Refused:
                pass  # it cannot now
            await asyncio.sleep(PAUSE_S)
        return verdicts

    async def offer_at_once(self, segments: Sequence[Segment]) -> None:
        """Offer segments without waiting for answers, as many at a time as a window holds.

        Raises:
            ConnectionFailed: the connection broke.
        """
        async with self.connected() as connection:
            for start in range(0, len(segments), WINDOW):
                await asyncio.gather(
                    *(_offer_one(connection, segment) for segment in segments[start : start + WINDOW])
                )


async def _offer_one(connection: RelayConnection, segment: Segment) -> Verdict:
    """What the relay says to a segment.

    Raises:
        Refused: it cannot take anything at the moment.
        ConnectionFailed: the connection broke.
    """
    try:
        await connection.answer_to(connection.session.append_segment(segment))
    except Refused as refusal:
        if refusal.code in _MAY_PASS:
            raise
        return Verdict.REFUSED
    return Verdict.STORED
