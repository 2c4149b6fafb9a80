"""Transactions that wait for their commit, and then what became of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from syncore.core.identifiers import DocumentKey
from syncore.core.ports import Durability
from syncore.documents.projection import Projection
from syncore.replica.intents import Intent
from syncore.replica.planning import PreparedPlan


@dataclass(slots=True)
class CommitRequest:
    """A transaction that waits for its commit, and then what became of it.

    Attributes:
        space: The local number of its space.
        intents: Its writes, in order.
        durability: What the commit has to survive before the caller is told.
        prepared: Plans that were made while the transaction was open, by document.
        projections: The documents as the commit left them; None until it is made.
        failure: Why it was not made.
    """

    space: int
    intents: tuple[Intent, ...]
    durability: Durability
    prepared: Mapping[DocumentKey, PreparedPlan] = field(default_factory=dict)
    projections: dict[DocumentKey, Projection] | None = None
    failure: Exception | None = None

    @property
    def is_done(self) -> bool:
        """Whether the request was dealt with, either way."""
        return self.projections is not None or self.failure is not None
