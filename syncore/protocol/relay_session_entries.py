"""What a relay's session remembers of its device: requests that wait for an answer, and spaces."""

from dataclasses import dataclass, field

from syncore.core.identifiers import SpaceId
from syncore.protocol.messages import MessageType
from syncore.protocol.session_states import Stream


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingRequest:
    """A request that was not answered yet.

    Attributes:
        type: What was asked.
        space: About which space; None for an invitation.
        size_bytes: The size of its frame.
        start_offset: Where the stream begins that an open request resumes.
        upload: The hash by which the stream can answer it.
    """

    type: MessageType
    space: SpaceId | None
    size_bytes: int
    start_offset: int = 1
    upload: bytes = b""


@dataclass(slots=True)
class OpenSpace:
    """A space on this connection.

    Attributes:
        state: Whether it is open.
        next_offset: The first item that was not sent yet.
        uploads: Requests by the hash of the segment that they offered.
    """

    state: Stream = Stream.ABSENT
    next_offset: int = 1
    uploads: dict[bytes, int] = field(default_factory=dict)
