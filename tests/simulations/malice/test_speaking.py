"""A relay speaks the truth through its channels until it lies to somebody."""

import asyncio
from collections import deque
from random import Random

from simulations.loop import VirtualLoop, run
from simulations.malice.lies import LIES, Telling, tell_truth
from simulations.malice.speaking import PATIENCE_S, Liar, Speech, SpokenChannel
from simulations.plan import Fault
from syncore.core.errors import ConnectionFailed
from syncore.core.limits import MAX_FRAME_BYTES
from syncore.protocol.items import SegmentItem
from syncore.protocol.message_codec import decode_message, encode_message
from syncore.protocol.messages import Append, Message, Open, Stored
from tests.simulations.malice.truths import BEGINNING, KEY, SPACE, TRUTH

OPEN = Open(request_id=1, space=SPACE, cursor=None, receipt=b"", control_seq=0)


class HeldChannel:
    """A ``ClientChannel`` that keeps what it is sent."""

    def __init__(self, *said: Message) -> None:
        """What the client will have said."""
        self.coming = deque(encode_message(one) for one in said)
        self.sent: list[Message] = []
        self.is_over = False
        self.max_bytes = 0
        self.code = 0

    @property
    def peer(self) -> str:
        """The client."""
        return "d0"

    async def receive(self) -> bytes:
        """What the client says next."""
        if not self.coming:
            raise ConnectionFailed("it has gone")
        return self.coming.popleft()

    async def send(self, frame: bytes) -> None:
        """Keep it."""
        self.sent.append(decode_message(frame, MAX_FRAME_BYTES))

    def raise_frame_limit(self) -> None:
        """Note it."""
        self.max_bytes = MAX_FRAME_BYTES

    async def close(self, code: int) -> None:
        """Be over."""
        self.code, self.is_over = code, True

    def abort(self) -> None:
        """Be over."""
        self.is_over = True


def liar(fault: Fault | None = None, *, seed: int = 1, is_deaf: bool = False) -> Liar:
    """Somebody who lies to the first device."""
    lie = tell_truth if fault is None else LIES[fault]
    return Liar(victim="d0", lie=lie, draw=Random(seed), signer=KEY, is_deaf=is_deaf)


async def speak(channel: SpokenChannel) -> None:
    """Hear the client's first frame, and tell it everything."""
    await channel.receive()
    for message in (BEGINNING, *TRUTH):
        await channel.send(encode_message(message))


def test_who_is_not_lied_to_hears_the_truth() -> None:
    """Whoever else is lied to."""

    async def main() -> None:
        speech, held = Speech(), HeldChannel(OPEN)
        speech.liars["d1"] = liar(Fault.RELAY_DROPS)
        channel = speech.channel(held)
        await speak(channel)
        channel.raise_frame_limit()
        await channel.close(1001)
        assert held.sent == [BEGINNING, *TRUTH]
        assert (held.max_bytes, held.code, channel.peer) == (MAX_FRAME_BYTES, 1001, "d0")

    run(main(), VirtualLoop())


def test_a_victim_hears_something_else() -> None:
    """Over every connection that it makes while the lie lasts; and it is cut off when that ends."""

    async def main() -> None:
        speech = Speech()
        lying = speech.liars["d0"] = liar(Fault.RELAY_REPLAYS)
        held = [HeldChannel(OPEN) for _ in range(6)]
        for one in held:
            channel = speech.channel(one)
            speech.joined(channel)
            await speak(channel)
        assert [one.sent for one in held].count([BEGINNING, *TRUTH]) < 3
        assert len(lying.logs) == 6
        assert lying.is_caught
        speech.cut_off("d1")
        assert not any(one.is_over for one in held)
        speech.cut_off("d0")
        assert all(one.is_over for one in held)

    run(main(), VirtualLoop())


def test_a_deaf_relay_hears_no_upload() -> None:
    """Everything else it hears; and if it feigns, it says that it has stored it."""

    async def main() -> None:
        item = SegmentItem(content=b"nothing", signature=bytes(64))
        upload = Append(request_id=2, space=SPACE, item=item)
        asked = Stored(request_id=9, offset=1)  # whatever it is
        held = HeldChannel(OPEN, upload, asked)
        channel = SpokenChannel(held, liar(is_deaf=True))
        heard = [decode_message(await channel.receive(), MAX_FRAME_BYTES) for _ in range(2)]
        assert heard == [OPEN, asked]
        assert held.sent == []

    run(main(), VirtualLoop())


def test_who_goes_on_listening_to_an_absurdity_believes_it() -> None:
    """Whoever is still there some seconds after it; not whoever was told a moment ago."""

    def absurd(telling: Telling, message: Message) -> list[Message]:
        telling.log.is_absurd = True
        return [message]

    async def main() -> None:
        lying = Liar(victim="d0", lie=absurd, draw=Random(1), signer=KEY)
        channel = SpokenChannel(HeldChannel(OPEN), lying)
        await channel.receive()
        await channel.send(encode_message(BEGINNING))
        await asyncio.sleep(PATIENCE_S / 2)
        channel.note_listener()
        assert not lying.is_believed
        await asyncio.sleep(PATIENCE_S)
        channel.note_listener()
        assert lying.is_believed

    run(main(), VirtualLoop())
