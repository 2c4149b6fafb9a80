"""Tests of syncore.protocol.relay_session_entries."""

from syncore.protocol.messages import MessageType
from syncore.protocol.relay_session_entries import OpenSpace, PendingRequest
from syncore.protocol.session_states import Stream


def test_a_space_begins_absent_at_the_first_offset() -> None:
    """Until it is asked for a space is absent, nothing was sent of it, and nothing uploaded to it."""
    one, other = OpenSpace(), OpenSpace()
    assert (one.state, one.next_offset, one.uploads) == (Stream.ABSENT, 1, {})
    one.uploads[b"hash"] = 1
    assert other.uploads == {}


def test_a_request_resumes_nothing_and_uploads_nothing_unless_it_says_so() -> None:
    """A request starts at the first offset, and no item of the stream answers it."""
    request = PendingRequest(type=MessageType.OPEN, space=None, size_bytes=9)
    assert (request.start_offset, request.upload) == (1, b"")
