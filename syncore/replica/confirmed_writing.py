"""Writing the confirmed side of a document that a transaction has touched."""

from syncore.core.limits import MAX_RICH_TAIL_UPDATES
from syncore.documents.record_encoding import encode_record
from syncore.documents.rich import RichPart
from syncore.replica.space_memory import HeldDocument
from syncore.replica.space_state import SpaceState
from syncore.replica.touched import Touched
from syncore.storage.document_rows import DocumentRows


def write_confirmed(rows: DocumentRows, state: SpaceState, touched: Touched) -> None:
    """Write its record, and its texts and lists as far as they are new; fold them when they are many."""
    row = touched.row if touched.held is None else touched.held.row
    assert row is not None
    rows.write_state(row, encode_record(touched.confirmed_record))
    tail = 0
    for update in touched.rich_updates:
        tail = rows.append_rich(row, update)
    if not state.is_private:
        for writer, clocks in touched.clocks.items():
            for number, clock in clocks.items():
                rows.note_clock(row, writer, number, clock)
    if tail > MAX_RICH_TAIL_UPDATES:
        _fold(rows, state, row, touched.held)


def _fold(rows: DocumentRows, state: SpaceState, row: int, held: HeldDocument | None) -> None:
    rich = None if held is None or held.confirmed is not None else held.visible.rich
    if rich is None:
        rich = RichPart.load(rows.rich_updates(row), state.writer)
    rows.fold_rich(row, rich.state())
