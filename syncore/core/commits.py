"""A commit as every floor sees it: an id, a time, and typed entries that only their own floor can read."""

from enum import IntEnum

from syncore.core.hybrid_clock import HybridTime
from syncore.core.identifiers import CommitId
from syncore.core.lean import lean_dataclass


class EntryKind(IntEnum):
    """Kinds of entries that this version reads; entries of other kinds are kept and forwarded."""

    RECORD = 1
    RICH = 2


@lean_dataclass(frozen=True, slots=True)
class Entry:
    """One typed part of a commit.

    Attributes:
        kind: An :class:`EntryKind`, or a number that this version does not know (1 .. 255).
        body: The entry's canonical encoding (``docs/formats/entries.md``).
    """

    kind: int
    body: bytes


@lean_dataclass(frozen=True, slots=True)
class Commit:
    """Writes that become visible, durable and replicated together or not at all."""

    id: CommitId
    time: HybridTime
    entries: tuple[Entry, ...]
