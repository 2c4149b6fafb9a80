"""What a program can show about a space's syncing."""

from dataclasses import dataclass, field
from enum import Enum

from syncore.core.errors import SyncoreError


class SyncState(Enum):
    """Where a space stands with its relay."""

    PRIVATE = "private"
    """Nobody else has this space; there is nothing to sync."""
    OFFLINE = "offline"
    """Not connected; trying again after a pause."""
    CONNECTING = "connecting"
    CATCHING_UP = "catching up"
    """Reading what others wrote meanwhile."""
    HEALING = "healing"
    """The relay lost data: it is given back what this replica holds; nothing new is sent meanwhile."""
    LIVE = "live"
    """Everything that the relay had is in; changes flow both ways."""
    STOPPED = "stopped"
    """Something that trying again does not mend; ``reason`` says what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpaceStatus:
    """A space's syncing at one moment.

    Attributes:
        state: Where it stands.
        progress_percent: How much of the relay's log is in, 0 .. 100, while catching up; while healing, how
            much of what is held here the relay holds again.
        unsent: Own transactions that the relay has not acknowledged.
        reason: Why it is not live, or why transactions wait; empty when all is well.
        last_receipt_ms: When the relay last vouched for its log, by its clock, in milliseconds since 1970.
        sent_bytes: Sent since the program started, for all spaces at the same relay.
        received_bytes: Received since the program started, likewise.
        returns_in_time: How often the file was found to be a copy or an older state, and pending work
            re-keyed.
        closed_writers: Writers that sent something invalid; nothing more of them is accepted.
        set_aside: Own transactions that could not be sent; see ``syncore status``.
        presence_dropped: Presence messages of others that were not taken: old ones, from too many sessions,
            or not from a member.
        presence_refused: Own presence messages that the relay did not hand on.
        lacking_rules: Rules, schemas and validators that this program cannot carry out, and functions of its
            own that failed, a sentence each: where a rule would decide, the last write is shown, and nothing
            is judged by the others.
        relay_losses: How often the relay was found to have lost what it had acknowledged, ever since the
            space came into this file.
        contradictions: Receipts of members, since the program started, that do not fit what the relay had
            shown here before it lost data.
    """

    state: SyncState
    progress_percent: int = 100
    unsent: int = 0
    reason: str = ""
    last_receipt_ms: int | None = None
    sent_bytes: int = 0
    received_bytes: int = 0
    returns_in_time: int = 0
    closed_writers: int = 0
    set_aside: int = 0
    presence_dropped: int = 0
    presence_refused: int = 0
    lacking_rules: tuple[str, ...] = ()
    relay_losses: int = 0
    contradictions: int = 0

    def __str__(self) -> str:
        """One line for people."""
        line = self.state.value
        if self.state in {SyncState.CATCHING_UP, SyncState.HEALING}:
            line += f" {self.progress_percent} %"
        if self.unsent:
            line += f", {self.unsent} not yet sent"
        if self.reason:
            line += f" ({self.reason})"
        return line


@dataclass(slots=True)
class Progress:
    """The changing part of a space's status.

    Attributes:
        state: Where it stands.
        failure: What stopped it, or what the last connection failed with.
        offset: How much of the relay's log is in.
        head: How much the relay had when the space was opened.
        last_receipt_ms: When the relay last vouched for its log.
        returns_in_time: How often pending work was re-keyed.
        closed_writers: Writers that were closed since the program started.
        set_aside: Own transactions that could not be sent.
        contradictions: Receipts that do not fit what the relay had shown before it lost data.
    """

    state: SyncState = SyncState.OFFLINE
    failure: SyncoreError | None = None
    offset: int = 0
    head: int = 0
    last_receipt_ms: int | None = None
    returns_in_time: int = 0
    closed_writers: int = 0
    set_aside: int = 0
    contradictions: int = 0

    @property
    def percent(self) -> int:
        """How much of the relay's log is in."""
        return 100 if not self.head else min(100, self.offset * 100 // self.head)


@dataclass(slots=True)
class Traffic:
    """Bytes of messages that went over the network."""

    sent_bytes: int = field(default=0)
    received_bytes: int = field(default=0)
