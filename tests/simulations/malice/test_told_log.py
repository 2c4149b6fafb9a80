"""What one connection was told fits together where it should, and where not that is known."""

import pytest

from simulations.malice.told_log import Receipts, ToldLog
from syncore.core.errors import ProtocolViolation
from syncore.crypto.signing import verify
from syncore.protocol.messages import Items, MessageType, Opened, OpenOutcome
from syncore.protocol.space_reader import SpaceReader
from tests.simulations.malice.truths import BEGINNING, GENERATION, HASHES, KEY, SPACE, running, true_frame


def opened_log(receipts: Receipts, *, is_renumbered: bool = True) -> tuple[ToldLog, SpaceReader]:
    """A log that is told from its start, and the device's end of it."""
    told = ToldLog(receipts=receipts, is_renumbered=is_renumbered, signer=KEY)
    told.asked(None)
    told.opened(BEGINNING, SPACE)
    reader = SpaceReader(SPACE)
    reader.ask(None, asking=MessageType.OPEN, shown=None)
    reader.uploads = {one: number for number, one in enumerate(HASHES)}
    reader.opened(BEGINNING)
    return told, reader


def hear(reader: SpaceReader, frames: list[Items]) -> None:
    """Let the device hear them."""
    for frame in frames:
        reader.received(frame, relay_key=KEY.public, verify=verify)


def test_the_truth_goes_through_as_it_is() -> None:
    """Nothing is bent until something is left out or put in."""
    told, reader = opened_log(Receipts.KEPT)
    for frame in (true_frame(1, 2), true_frame(3, 1)):
        (said,) = told.tell(frame, frame.items)
        assert said is frame
        hear(reader, [said])
    assert [told.is_bent, told.is_absurd, told.is_caught] == [False] * 3


def test_a_fork_that_the_relay_signs_is_believed() -> None:
    """Offsets without a gap, receipts over what was told: nobody can see through it alone."""
    told, reader = opened_log(Receipts.SIGNED)
    frame = true_frame(1, 3)
    hear(reader, told.tell(frame, [frame.items[0], frame.items[2]]))
    later = true_frame(4, 1)
    hear(reader, told.tell(later, later.items))
    assert told.is_caught
    assert not told.is_absurd
    assert reader.cursor is not None
    assert reader.cursor.offset == 3


def test_what_is_left_out_at_the_end_is_only_late() -> None:
    """A prefix of the log is no lie about it, if no receipt says more."""
    told, _ = opened_log(Receipts.SIGNED)
    frame = true_frame(1, 3)
    told.tell(frame, frame.items[:2])
    assert told.is_bent
    assert not told.is_caught


@pytest.mark.parametrize("is_renumbered", [True, False])
def test_true_receipts_of_another_log_are_absurd(is_renumbered: bool) -> None:  # noqa: FBT001 - a case
    """They do not fit what was told, or what was told has a gap."""
    told, reader = opened_log(Receipts.KEPT, is_renumbered=is_renumbered)
    frame = true_frame(1, 3)
    said = told.tell(frame, frame.items[1:])
    assert told.is_absurd
    with pytest.raises(ProtocolViolation):
        hear(reader, said)


def test_a_repeated_frame_is_absurd() -> None:
    """It begins where the device has been already."""
    told, reader = opened_log(Receipts.LEFT_OUT)
    frame = true_frame(1, 2)
    hear(reader, told.tell(frame, frame.items))
    said = told.repeat(frame)
    assert told.is_absurd
    with pytest.raises(ProtocolViolation):
        hear(reader, [said])


def test_a_feigned_acknowledgement_is_believed_for_a_while() -> None:
    """The relay signs that it has stored what it has swallowed; its true log will contradict that."""
    told, reader = opened_log(Receipts.SIGNED)
    assert told.acknowledge(SPACE, HASHES[7]) is None
    frame = true_frame(1, 2)
    hear(reader, told.tell(frame, frame.items))
    feigned = told.acknowledge(SPACE, HASHES[7])
    assert feigned is not None
    hear(reader, [feigned])
    assert reader.cursor is not None
    assert reader.cursor.offset == 3
    assert told.is_caught


def test_a_beginning_that_contradicts_the_cursor_is_absurd() -> None:
    """The device has been further already, or somewhere else, or in another generation."""
    told, reader = opened_log(Receipts.KEPT)
    frame = true_frame(1, 4)
    hear(reader, told.tell(frame, frame.items))
    again = ToldLog(receipts=Receipts.KEPT, is_renumbered=True, signer=KEY)
    again.asked(reader.cursor)
    true = Opened(
        request_id=1,
        space=SPACE,
        generation=GENERATION,
        head_offset=4,
        head_hash=running(HASHES[:4]),
        outcome=OpenOutcome.RESUMED,
    )
    again.opened(true, SPACE)
    assert not again.contradicts(true)
    lies: list[tuple[int, bytes, bytes]] = [
        (3, running(HASHES[:3]), GENERATION),
        (4, bytes(32), GENERATION),
        (4, running(HASHES[:4]), bytes(16)),
    ]
    for offset, digest, generation in lies:
        lie = Opened(
            request_id=1,
            space=SPACE,
            generation=generation,
            head_offset=offset,
            head_hash=digest,
            outcome=OpenOutcome.RESUMED,
        )
        assert again.contradicts(lie)
