"""No edit is applied twice, and nothing is there that nobody wrote."""

from collections import Counter
from collections.abc import Iterator

from simulations.ending import Ending
from simulations.ledger import Kind
from simulations.workload import LISTING, TALLY, TEXT

NAME = "nothing twice"


def check(ending: Ending) -> Iterator[str]:
    """Characters and items that stand more than once or were never written, counters above what was added."""
    written = {one for edit in ending.ledger.edits if edit.kind is Kind.WRITE for one in edit.value}
    inserted = {edit.value for edit in ending.ledger.edits if edit.kind is Kind.INSERT}
    for name, remains in ending.devices.items():
        text = Counter(str(remains.held[TEXT].values.get("text", "")))
        items = remains.held[LISTING].values.get("items", [])
        assert isinstance(items, list)
        for one, count in (text + Counter(map(str, items))).items():
            if one not in written | inserted:
                yield f"{name}: nobody wrote {one!r}"
            elif count > 1:
                yield f"{name}: {one!r} stands {count} times"
        for field, value in remains.held[TALLY].values.items():
            edits = [edit for edit in ending.ledger.edits if edit.kind is Kind.COUNT and edit.field == field]
            possible = sum(edit.amount for edit in edits)
            if isinstance(value, int) and value > possible:
                yield f"{name}: the counter {field} holds {value}, and at most {possible} was ever added"
