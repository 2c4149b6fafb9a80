"""What people did, written down outside the code under test: every edit before its call and after it.

Owns what an acknowledgement has promised, and when a promise is off: a NORMAL commit does not survive a power
cut, and nothing that the relay never had survives the loss of its device. Edits carry values that occur
nowhere else, so that each can be found again.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

FIRST_CHARACTER = 0x4E00
MAX_CHARACTERS = 0x9FFF - FIRST_CHARACTER
"""Characters of which texts are made, each used once: the ideographs of Unicode's basic plane."""


class Kind(Enum):
    """What an edit does."""

    SET = "set"
    DELETE = "delete"
    COUNT = "count"
    ADD = "add"
    REMOVE = "remove"
    WRITE = "write"
    CUT = "cut"
    INSERT = "insert"
    DROP = "drop"
    PAIR = "pair"
    JOURNAL = "journal"


class Fate(Enum):
    """What became of an edit's call."""

    BEGUN = "begun"
    """It has not returned, or it failed: it may have happened or not."""
    ACKNOWLEDGED = "acknowledged"
    """It returned."""
    EXCUSED = "excused"
    """It returned, and then something happened that it was never promised to survive."""


@dataclass(slots=True, kw_only=True)
class Edit:
    """One edit.

    Attributes:
        number: Its place in the ledger, from 0.
        author: The device.
        kind: What it does.
        document: Collection and id of the document.
        field: The field; empty for a deletion.
        value: What it brings: a value, an element, characters. Empty for a counter and for what only removes.
        saw: What it replaces or removes.
        amount: What it adds to a counter.
        fate: What became of it.
        is_durable: Whether it was promised to survive a power cut.
        is_stored: Whether the relay has acknowledged it.
        order: Its place among all acknowledged edits, from 0; -1 before.
    """

    number: int
    author: str
    kind: Kind
    document: tuple[str, str]
    field: str = ""
    value: str = ""
    saw: frozenset[str] = frozenset()
    amount: int = 0
    fate: Fate = Fate.BEGUN
    is_durable: bool = False
    is_stored: bool = False
    order: int = -1

    @property
    def is_owed(self) -> bool:
        """Whether it has to be there at the end."""
        return self.fate is Fate.ACKNOWLEDGED

    def __str__(self) -> str:
        """The edit in one line."""
        what = self.value or (str(self.amount) if self.amount else f"-{len(self.saw)}")
        return f"{self.kind.value} {'/'.join(self.document)}.{self.field} {what} by {self.author}"


class Ledger:
    """All edits of one run.

    Attributes:
        edits: In the order in which they were begun.
        acknowledged: How many were acknowledged.
    """

    def __init__(self) -> None:
        """Nothing was done."""
        self.edits: list[Edit] = []
        self.acknowledged = 0
        self._characters = 0

    def begin(
        self,
        author: str,
        kind: Kind,
        document: tuple[str, str],
        *,
        field: str = "",
        value: str = "",
        saw: Iterable[str] = (),
        amount: int = 0,
    ) -> Edit:
        """Write an edit down before its call."""
        edit = Edit(
            number=len(self.edits),
            author=author,
            kind=kind,
            document=document,
            field=field,
            value=value,
            saw=frozenset(saw),
            amount=amount,
        )
        self.edits.append(edit)
        return edit

    def acknowledge(self, edit: Edit) -> None:
        """An edit's call has returned."""
        edit.fate = Fate.ACKNOWLEDGED
        edit.order = self.acknowledged
        self.acknowledged += 1

    def take_characters(self, count: int) -> str:
        """Characters that no other edit has; beyond what there is of them, fewer or none."""
        first = self._characters
        self._characters = min(first + count, MAX_CHARACTERS)
        return "".join(chr(FIRST_CHARACTER + number) for number in range(first, self._characters))

    def of(self, author: str) -> list[Edit]:
        """What was acknowledged to one device and is owed, in that order."""
        owed = [edit for edit in self.edits if edit.author == author and edit.is_owed]
        return sorted(owed, key=lambda edit: edit.order)

    def note_durable(self, author: str, before: int) -> None:
        """Of the first ``before`` acknowledged edits, those of this device are on its disk."""
        for edit in self.of(author):
            if edit.order < before:
                edit.is_durable = True

    def note_stored(self, author: str) -> None:
        """The relay has acknowledged all that this device has committed."""
        for edit in self.of(author):
            edit.is_durable = edit.is_stored = True

    def excuse(self, edits: Iterable[Edit]) -> None:
        """Nobody promised that these survive what has just happened."""
        for edit in edits:
            edit.fate = Fate.EXCUSED
