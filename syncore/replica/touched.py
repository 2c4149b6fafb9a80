"""What one transaction has done to one document so far."""

from dataclasses import dataclass, field

from syncore.core.identifiers import Writer
from syncore.documents.record import Record
from syncore.replica.space_memory import HeldDocument


@dataclass(slots=True)
class Touched:
    """What the transaction did to a document.

    Attributes:
        held: The document in memory; None when only its confirmed record was needed.
        row: Its row, if ``held`` is None.
        record: Its confirmed record, if ``held`` is None.
        is_visible_changed: Whether programs see it differently.
        is_confirmed_changed: Whether its state row has to be written.
        rich_updates: Rich deltas to append to its confirmed rich part.
        clocks: Where writers' rich clocks stand, by the end of the segment that brought them there.
    """

    held: HeldDocument | None
    row: int = 0
    record: Record = field(default_factory=Record)
    is_visible_changed: bool = False
    is_confirmed_changed: bool = False
    rich_updates: list[bytes] = field(default_factory=list)
    clocks: dict[Writer, dict[int, int]] = field(default_factory=dict)

    @property
    def confirmed_record(self) -> Record:
        """The confirmed record, whoever holds it."""
        return self.record if self.held is None else self.held.confirmed_record
