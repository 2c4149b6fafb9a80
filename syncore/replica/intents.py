"""Intents: what programs ask to be written to one document."""

from collections.abc import Mapping
from dataclasses import field
from enum import Enum

from syncore.core.identifiers import DocumentKey
from syncore.core.lean import lean_dataclass
from syncore.core.vectors import Vector


class Verb(Enum):
    """What an intent does to its document."""

    INSERT = "insert"
    UPDATE = "update"
    DELETE = "delete"
    PUT = "put"
    """Insert the document, or update it if it is there."""
    KEEP = "keep"
    """Take back the deletions that were seen, beside which somebody changed the document."""
    CONFIRM_DELETION = "confirm deletion"
    """Delete the changes that were seen beside a deletion."""


@lean_dataclass(frozen=True, slots=True, kw_only=True)
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
