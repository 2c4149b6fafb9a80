"""What an examination finds: a place in the file, what is wrong there, and what it can be mended from."""

from dataclasses import dataclass
from enum import Enum

from syncore.core.ports import SqlValue

MAX_FINDINGS = 1_000
"""A person reads a few; a file with more is damaged all over, and the rest would only say so again."""


class Mend(Enum):
    """Where the right content of a damaged place can come from; the value says it to people."""

    NOTHING_LOST = "nothing has to be mended"
    ROWS = "other rows of this file hold the same"
    STATES = "it is computed from the documents' states and the pending commits"
    LOG = "it is in the update log that this file holds"
    RELAY = "the relay holds it, and sends it again"
    FORGET = "nothing holds it again; it can be forgotten, and documents do not need it"
    NOTHING = "nothing in this file holds it again"


class Severity(Enum):
    """How a finding counts."""

    NOTE = "note"
    """Worth knowing; nothing is damaged."""
    DAMAGE = "damage"
    """The file does not hold what was written, or holds it only once where it should twice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong.

    Attributes:
        examination: Which examination found it.
        table: The table or index, or a part of the file: ``header``, ``schema``, ``pages``, ``keystore``.
        row: The row, by its key or by what a person calls it; empty where the whole table is meant.
        what: What is wrong, as a clause: "its checksum does not hold".
        mend: Where the right content can come from.
        severity: Damage, or only worth knowing.
        space: The local number of the space, where it belongs to one.
        document: The row number of the document, where it belongs to one.
    """

    examination: str
    table: str
    what: str
    mend: Mend
    row: str = ""
    severity: Severity = Severity.DAMAGE
    space: int | None = None
    document: int | None = None

    @property
    def where(self) -> str:
        """The place, in words."""
        return f"{self.table}, {self.row}" if self.row else self.table

    @property
    def means(self) -> str:
        """What it means for the data, in a sentence."""
        if self.table.startswith(("index_entries_", "text_entries_")):
            return "Queries through this index may miss documents; the documents are whole."
        return _MEANINGS.get(self.table, "SQLite cannot be relied on to find every row of the file.")

    @property
    def is_damage(self) -> bool:
        """Whether the file is to be mended."""
        return self.severity is Severity.DAMAGE


_MEANINGS = {
    "header": "SQLite may refuse the file, or read it wrongly; the pages behind it may be whole.",
    "schema": "SQLite may look for rows in the wrong place.",
    "log beside the file": "Commits behind the damage are not seen: the last ones before the program ended.",
    "keystore": "Keys are not damaged; what is compared is how far this file has come.",
    "meta": "A value of the file as a whole: its name for the keystore, its clock, or its counts.",
    "spaces": "Where this file stands in the relay's log, or under which number it writes.",
    "documents": "What programs read and find of this document may be wrong.",
    "projection_parts": "What programs read and find of this long document may be wrong.",
    "standings": "Who has a unique name, and what a reference shows, may be wrong.",
    "document_references": "What becomes of documents that name deleted ones may be wrong.",
    "claims": "Who has a unique name may be wrong.",
    "states": "What was confirmed of this document cannot be read.",
    "rich_updates": "The confirmed texts and lists of this document cannot be read.",
    "rich_clocks": "Segments of others that build on this text may be judged wrongly.",
    "pending": "A change that was made here and that nobody else has yet.",
    "pending_documents": "A change that was not sent yet may not be shown, or where it does not belong.",
    "sealed": "A segment that is about to be sent.",
    "segments": "Part of the update log: documents are whole, their history and a relay's refill are not.",
    "control": "Who is a member and may write cannot be told.",
    "writers": "What others write next may be taken for a fork, or be refused.",
    "closed_writers": "Why somebody's changes are refused cannot be told.",
    "waiting_entries": "A later version of syncore would miss what this one could not read.",
    "running_hashes": "What other members' receipts are compared with is not what was received.",
    "findings": "What was found out about the relay or other members cannot be told.",
    "missing_at_relay": "What a relay that lost data has to get back may not be sent to it.",
    "undo_steps": "One of your last changes cannot be undone; the document itself is whole.",
    "redo_steps": "Something that was undone cannot be done again; the document itself is whole.",
    "indexes": "What an index is of cannot be told; the documents are whole.",
    "invalid_documents": "Which documents do not fit their schema may be told wrongly.",
    "renamed": "An old version token may be misunderstood.",
    "set_aside": "A change that could not be sent, and was kept for you.",
}


def said(value: SqlValue) -> str:
    """A stored value in a sentence: text as it is, bytes that are no text in hexadecimal."""
    if not isinstance(value, bytes):
        return str(value)
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.hex()
