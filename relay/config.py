"""How a relay is run, and every bound that is its own, each with its reason (``docs/relay.md``, "Limits").

Bounds that both ends must know are in :mod:`syncore.core.limits`. Nothing here decides whether a segment is
valid.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from syncore.core.limits import (
    HANDSHAKE_TIMEOUT_MS,
    KIB,
    MAX_BATCH_BYTES,
    MAX_BATCH_ITEMS,
    MAX_FRAME_BYTES,
    MAX_SEGMENT_BYTES,
    MIB,
)

MAX_OPENING_CONNECTIONS: Final = 128
"""Connections that have not finished their HTTP request, beside the open ones: room for health checks."""
MAX_QUEUED_APPENDS: Final = 1_024
"""Appends that wait for the next commit group. Beyond it reading from uploaders pauses."""
MAX_QUEUED_BYTES: Final = 16 * MIB
"""What those may weigh: seven of the largest segments, or all of the small ones."""
MAX_GROUP_ITEMS: Final = 256
"""Appends that share one commit: at 100 us of judging each, about what a slow disk's sync takes."""
MAX_GROUP_BYTES: Final = 4 * MIB
"""Bytes that share one commit. Of one space it takes what fits into a reader's batch, or one item."""
MAX_RECENT_BYTES: Final = 8 * MIB
"""The last commit groups of all spaces together, which readers at the head are still to be handed."""
MAX_WAITING_REPLIES: Final = 512
"""Answers that wait for one connection to read them. Beyond it reading from that connection pauses."""
MAX_WAITING_BYTES: Final = 256 * KIB
"""What those may weigh, but for the last one of them (a slot with its control log is up to 4 MB)."""
MAX_WAITING_PRESENCE: Final = 64
"""Sessions whose newest presence message waits for one connection to read it, of up to 5 KB; those who are
here say it again anyway."""
MAX_IDLE_SPACES: Final = 256
"""Spaces that nobody has open but whose control log is kept in memory, a few KB each."""
WRITE_BUFFER_BYTES: Final = 64 * KIB
"""What a connection may leave unread in this process beside the one frame that is being sent."""
RECEIVE_QUEUE_FRAMES: Final = 1
"""Frames that were read from a socket and not yet looked at, of up to 4 MB; reading pauses there."""
SIGNATURE_THREADS: Final = 2
"""libsodium and BLAKE2b let go of the interpreter's lock; a relay runs on a small machine."""
PARALLEL_FROM_SIGNATURES: Final = 8
"""Fewer are verified where they are: at 60 us each, a hop to the threads would cost as much."""
READINESS_KEPT_MS: Final = 1_000
"""An answer to a readiness check holds this long: strangers may ask, and finding out costs a disk sync."""
SLOT_SWEEP_SECONDS: Final = 600.0
"""How often expired invitation slots are looked for."""
MAX_SWEPT_SLOTS: Final = 1_000
"""Slots forgotten in one sweep."""
PROBE_BYTES: Final = 256 * KIB
"""What a readiness check writes after a commit failed: a nearly full disk still takes small writes."""
MIN_APPEND_COST_BYTES: Final = 512
"""What an append counts at least: judging it costs as much however small it is."""
MAX_SLOT_LIFE_MS: Final = 400 * 24 * 60 * 60 * 1000
"""How long a slot is kept at most; whoever wants a longer invitation puts its slot again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A token bucket: ``burst`` at once, refilled at ``per_second``."""

    per_second: int
    burst: int

    def __post_init__(self) -> None:
        assert self.per_second > 0
        assert self.burst > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """How long a relay waits, in seconds.

    Attributes:
        handshake: From connecting to authenticated.
        send: For one frame to leave: a reader that stopped reading is dropped after it.
        ping_interval: Between pings.
        ping_timeout: For a pong, which waits behind what is being sent: 2.3 MB at half a megabit take 40 s.
        close: For the closing handshake of someone who may not answer.
        drain: From SIGTERM to exit at the latest; service managers kill after 90 s, orchestrators after 30 s.
    """

    handshake: float = HANDSHAKE_TIMEOUT_MS / 1000
    send: float = 90.0
    ping_interval: float = 30.0
    ping_timeout: float = 60.0
    close: float = 5.0
    drain: float = 15.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayConfig:
    """How one relay process is run.

    Attributes:
        store: The folder of its key and its file; made when missing.
        host: Address or name to listen on.
        port: 0 takes a free one.
        certificate: PEM file of the certificate chain, for ``wss://``.
        key: PEM file of the certificate's key.
        allow_plaintext: Listen without TLS on other than loopback addresses, for a proxy that does TLS.
        max_connections: Open websocket connections; the next one is answered 503.
        max_spaces: Spaces kept; the next one that would be created is refused.
        quota_bytes: Bytes of items kept for one space.
        append_bytes: Bytes that one connection may append; beyond it, reading from it pauses.
        requests: Other requests of one connection; beyond it they are refused.
        presence: Presence messages of one connection; beyond it they are refused.
        timeouts: How long to wait for what.
    """

    store: Path
    host: str = "127.0.0.1"
    port: int = 8787
    certificate: Path | None = None
    key: Path | None = None
    allow_plaintext: bool = False
    max_connections: int = 1_000
    max_spaces: int = 100_000
    quota_bytes: int = 1024 * MIB
    append_bytes: Rate = field(default=Rate(per_second=8 * MIB, burst=32 * MIB))
    requests: Rate = field(default=Rate(per_second=20, burst=600))
    presence: Rate = field(default=Rate(per_second=16, burst=256))
    timeouts: Timeouts = field(default=Timeouts())


assert MAX_GROUP_BYTES >= MAX_SEGMENT_BYTES
assert MAX_QUEUED_BYTES >= 2 * MAX_GROUP_BYTES
assert MAX_BATCH_ITEMS >= MAX_GROUP_ITEMS
assert MAX_BATCH_BYTES < MAX_FRAME_BYTES
