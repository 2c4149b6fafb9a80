"""What was found out about a space and must outlive the program: who contradicts whom, with the proof."""

from dataclasses import dataclass
from enum import Enum

from syncore.core.ports import SqlConnection
from syncore.storage.protection import protect, recover, text


class FindingKind(Enum):
    """What was found."""

    DISPUTE = "dispute"
    """Another member was shown another log under the generation in force; the relay is being asked."""
    DISHONEST_RELAY = "dishonest relay"
    """The relay was shown its own signature, does not bear it out, and goes on as before."""
    REJECTED_WRITER = "rejected writer"
    """Other members found a segment of ours invalid and closed its writer."""


@dataclass(frozen=True, slots=True)
class FindingRow:
    """A finding.

    Attributes:
        kind: What was found.
        reason: What to say about it, in a sentence.
        shown: The receipt that another member was given; empty where none belongs to it.
        own: The receipt that this replica was given; likewise.
    """

    kind: FindingKind
    reason: str
    shown: bytes = b""
    own: bytes = b""


class FindingRows:
    """Reads and writes the findings about one space inside one transaction."""

    def __init__(self, sql: SqlConnection, space: int) -> None:
        """Work within ``sql`` on the space with that local number."""
        self._sql = sql
        self._space = space

    def write(self, row: FindingRow) -> None:
        """Keep a finding; the first of its kind stays."""
        self._sql.execute(
            "INSERT OR IGNORE INTO findings VALUES (?, ?, ?, ?, ?)",
            (self._space, row.kind.value, row.reason, protect(row.shown), protect(row.own)),
        )

    def remove(self, kind: FindingKind) -> None:
        """Forget the finding of a kind."""
        self._sql.execute("DELETE FROM findings WHERE space = ? AND kind = ?", (self._space, kind.value))

    def all(self) -> dict[FindingKind, FindingRow]:
        """Every finding."""
        found = self._sql.rows(
            "SELECT kind, reason, shown, own FROM findings WHERE space = ?", (self._space,)
        )
        rows = [
            FindingRow(
                FindingKind(text(kind)),
                text(reason),
                recover(shown, what="the receipt of a finding"),
                recover(own, what="our receipt of a finding"),
            )
            for kind, reason, shown, own in found
        ]
        return {row.kind: row for row in rows}
