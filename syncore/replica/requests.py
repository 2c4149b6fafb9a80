"""What programs ask to be written: intents, and the transactions that hold them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from syncore.core.identifiers import DocumentKey
from syncore.core.ports import Durability
from syncore.core.vectors import Vector
from syncore.documents.projection import Projection


class Verb(Enum):
    """What an intent does to its document."""

    INSERT = "insert"
    UPDATE = "update"
    DELETE = "delete"


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """One write to one document.

    Attributes:
        verb: What to do.
        key: To which document.
        changes: New values and changes by field name.
        seen: What the writer had read; None means what is visible when the commit is made.
    """

    verb: Verb
    key: DocumentKey
    changes: Mapping[str, object] = field(default_factory=dict)
    seen: Vector | None = None


@dataclass(slots=True)
class CommitRequest:
    """A transaction that waits for its commit, and then what became of it.

    Attributes:
        space: The local number of its space.
        intents: Its writes, in order.
        durability: What the commit has to survive before the caller is told.
        projections: The documents as the commit left them; None until it is made.
        failure: Why it was not made.
    """

    space: int
    intents: tuple[Intent, ...]
    durability: Durability
    projections: dict[DocumentKey, Projection] | None = None
    failure: Exception | None = None

    @property
    def is_done(self) -> bool:
        """Whether the request was dealt with, either way."""
        return self.projections is not None or self.failure is not None
