"""Each lie sooner or later says something else than what is, and nothing that could not be a message."""

from random import Random

import pytest

from simulations.malice.lies import LIES, Telling, tell_truth
from simulations.malice.told_log import Receipts, ToldLog
from simulations.plan import Fault
from syncore.core.limits import MAX_FRAME_BYTES
from syncore.protocol.message_codec import decode_message, encode_message
from syncore.protocol.messages import Items, Message
from tests.simulations.malice.truths import BEGINNING, KEY, SPACE, TRUTH


def told(fault: Fault | None, seed: int) -> tuple[list[Message], ToldLog]:
    """What comes out of the truth."""
    draw = Random(seed)
    log = ToldLog(receipts=draw.choice([*Receipts]), is_renumbered=draw.random() < 0.5, signer=KEY)
    telling = Telling(draw=draw, log=log)
    lie = tell_truth if fault is None else LIES[fault]
    log.asked(None)
    log.opened(BEGINNING, SPACE)
    return [said for message in (BEGINNING, *TRUTH) for said in lie(telling, message)], log


def test_the_truth_is_told_as_it_is() -> None:
    """Whatever the draw."""
    for seed in range(20):
        said, log = told(None, seed)
        assert said == [BEGINNING, *TRUTH]
        assert not log.is_bent


@pytest.mark.parametrize("fault", LIES)
def test_a_lie_is_told_in_whole_messages(fault: Fault) -> None:
    """What is said encodes and decodes, whatever the draw, and is not the truth for most draws."""
    lies = 0
    for seed in range(60):
        said, _ = told(fault, seed)
        lies += said != [BEGINNING, *TRUTH]
        for message in said:
            assert decode_message(encode_message(message), MAX_FRAME_BYTES) == message
    assert lies > 30


def test_lies_about_the_stream_leave_the_beginning_alone() -> None:
    """And the lie about the head leaves the stream alone."""
    for seed in range(20):
        for fault in (Fault.RELAY_DROPS, Fault.RELAY_REORDERS, Fault.RELAY_REPLAYS):
            assert told(fault, seed)[0][0] == BEGINNING
        said, _ = told(Fault.RELAY_LIES, seed)
        assert [one for one in said if isinstance(one, Items)] == [
            one for one in TRUTH if isinstance(one, Items)
        ]
