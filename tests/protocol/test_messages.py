"""Tests of syncore.protocol.messages."""

import re
from pathlib import Path
from typing import get_args

from syncore.core.limits import MAX_BATCH_ITEMS
from syncore.protocol.message_codec import encode_message
from syncore.protocol.messages import (
    TYPES,
    Done,
    Message,
    MessageType,
    OpenOutcome,
    Refusal,
    SessionLimits,
    message_type,
)
from syncore.protocol.refusal_codes import RefusalCode

FORMAT = (Path(__file__).parents[2] / "docs" / "formats" / "session.md").read_text()


def test_every_kind_of_message_has_a_type_of_its_own() -> None:
    """No two kinds of message share a type, and none of both is without the other."""
    assert set(get_args(Message)) == set(TYPES)
    assert sorted(TYPES.values()) == sorted(MessageType)
    assert message_type(Done(request_id=1)) is MessageType.DONE
    refusal = Refusal(request_id=1, code=RefusalCode.FORK, is_final=True, detail="")
    assert message_type(refusal) is MessageType.REFUSAL
    assert encode_message(refusal)[1] == MessageType.REFUSAL


def test_types_are_numbered_as_in_the_format() -> None:
    """The description of the session numbers the frames as they are sent."""
    described = {
        int(number): "refusal" if name == "refused" else name.replace(" ", "_")
        for number, name in re.findall(r"^\| (\d+) ([a-z ]+) \| [DR] \|", FORMAT, re.MULTILINE)
    }
    assert described == {kind.value: kind.name.lower() for kind in MessageType}


def test_outcomes_are_numbered_as_in_the_format() -> None:
    """The description of the session numbers the outcomes of opening a space as they are sent."""
    table = FORMAT[FORMAT.index("| outcome |") :]
    described = re.findall(r"^\| (\d) ([a-z ]+) \|", table, re.MULTILINE)
    assert [(int(number), name.replace(" ", "_").upper()) for number, name in described] == [
        (outcome.value, outcome.name) for outcome in OpenOutcome
    ]


def test_a_relay_allows_by_default_what_the_format_allows_at_most() -> None:
    """Frames of 4 MiB, 256 spaces, and 256 requests; a batch may hold as many uploads as may wait."""
    limits = SessionLimits()
    assert (limits.frame_bytes, limits.spaces, limits.requests) == (4_194_304, 256, 256)
    assert limits.requests <= MAX_BATCH_ITEMS
