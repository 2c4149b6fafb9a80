"""The state tables of a session, one for each thing that has a state; a missing key is an illegal transition.

- The *connection*: the relay speaks first, the device proves its key, the relay proves its own; then requests
  flow until a fault or the end of the connection. Nothing is allowed after that.
- A *space* on a connection: asked for, then open for as long as the connection lives, or absent again when
  refused. Asking twice is illegal, and so are items and presence of a space that is not open.
- A *request*: each kind may be answered by certain frames and by no others; every answer ends it.
"""

from enum import Enum, auto

from syncore.protocol.messages import MessageType


class Connection(Enum):
    """States of a connection, at either end."""

    GREETING = auto()
    """Device: nothing was received. Relay: the hello was sent."""
    PROVING = auto()
    """Device: it sent its proof and waits for the relay's."""
    READY = auto()
    CLOSED = auto()


DEVICE_CONNECTION: dict[tuple[Connection, MessageType], Connection] = {
    (Connection.GREETING, MessageType.HELLO): Connection.PROVING,
    (Connection.PROVING, MessageType.WELCOME): Connection.READY,
    (Connection.READY, MessageType.OPENED): Connection.READY,
    (Connection.READY, MessageType.ITEMS): Connection.READY,
    (Connection.READY, MessageType.REFUSAL): Connection.READY,
    (Connection.READY, MessageType.STORED): Connection.READY,
    (Connection.READY, MessageType.SLOT): Connection.READY,
    (Connection.READY, MessageType.DONE): Connection.READY,
    (Connection.READY, MessageType.SHOWN): Connection.READY,
    (Connection.GREETING, MessageType.FAULT): Connection.CLOSED,
    (Connection.PROVING, MessageType.FAULT): Connection.CLOSED,
    (Connection.READY, MessageType.FAULT): Connection.CLOSED,
}
"""What a device does with the frames that it receives."""

RELAY_CONNECTION: dict[tuple[Connection, MessageType], Connection] = {
    (Connection.GREETING, MessageType.IDENTIFY): Connection.READY,
    (Connection.READY, MessageType.OPEN): Connection.READY,
    (Connection.READY, MessageType.APPEND): Connection.READY,
    (Connection.READY, MessageType.CREATE): Connection.READY,
    (Connection.READY, MessageType.REDEEM): Connection.READY,
    (Connection.READY, MessageType.PUT_SLOT): Connection.READY,
    (Connection.READY, MessageType.SHOW): Connection.READY,
}
"""What a relay does with the frames that it receives."""


class Stream(Enum):
    """States of a space on a connection, the same at both ends."""

    ABSENT = auto()
    ASKED = auto()
    OPEN = auto()


STREAM: dict[tuple[Stream, MessageType], Stream] = {
    (Stream.ABSENT, MessageType.OPEN): Stream.ASKED,
    (Stream.ABSENT, MessageType.CREATE): Stream.ASKED,
    (Stream.ASKED, MessageType.OPENED): Stream.OPEN,
    (Stream.ASKED, MessageType.REFUSAL): Stream.ABSENT,
    (Stream.OPEN, MessageType.ITEMS): Stream.OPEN,
    (Stream.OPEN, MessageType.SHOW): Stream.OPEN,
    (Stream.OPEN, MessageType.SHOWN): Stream.OPEN,
}

ANSWERS: frozenset[tuple[MessageType, MessageType]] = frozenset(
    {
        (MessageType.OPEN, MessageType.OPENED),
        (MessageType.OPEN, MessageType.REFUSAL),
        (MessageType.CREATE, MessageType.OPENED),
        (MessageType.CREATE, MessageType.REFUSAL),
        (MessageType.APPEND, MessageType.ITEMS),
        (MessageType.APPEND, MessageType.STORED),
        (MessageType.APPEND, MessageType.REFUSAL),
        (MessageType.REDEEM, MessageType.SLOT),
        (MessageType.REDEEM, MessageType.REFUSAL),
        (MessageType.PUT_SLOT, MessageType.DONE),
        (MessageType.PUT_SLOT, MessageType.REFUSAL),
        (MessageType.SHOW, MessageType.DONE),
        (MessageType.SHOW, MessageType.REFUSAL),
    }
)
"""Which frames answer which requests."""
