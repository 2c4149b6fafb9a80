"""What was acknowledged is there: shown, a sibling, or replaced by an edit that had seen it.

Acknowledged means what the ledger still holds to be owed: the relay's acknowledgement and a FULL commit for
ever, a NORMAL commit until its machine lost power, and then without gaps.
"""

from collections.abc import Iterator, Mapping

from simulations.ending import Ending
from simulations.holding import Held, Place
from simulations.ledger import Edit, Kind, Ledger
from simulations.workload import LEFT, TALLY

NAME = "nothing lost"

_REMOVING = (Kind.REMOVE, Kind.CUT, Kind.DROP)


def check(ending: Ending) -> Iterator[str]:
    """Owed edits that are not there, as the first device shows it (others that differ are told elsewhere)."""
    for name, remains in ending.devices.items():
        yield from (f"{name}: {loss}" for loss in losses(ending.ledger, remains.held))
        return


def losses(ledger: Ledger, held: Mapping[Place, Held]) -> Iterator[str]:
    """Owed edits that a device does not have."""
    lasting = _lasting(ledger, held)
    removed = {one for edit in ledger.edits if edit.kind in _REMOVING for one in edit.saw}
    for edit in ledger.edits:
        if edit.is_owed and not _is_there(edit, held, lasting, removed):
            yield f"lost: {edit}"
    yield from _counters(ledger, held)


def _lasting(ledger: Ledger, held: Mapping[Place, Held]) -> set[str]:
    """The values of registers that are siblings, or were replaced by an edit whose value lasts."""
    lasting: set[str] = set()
    for document in held.values():
        lasting |= document.all_siblings
    for edit in reversed(ledger.edits):  # an edit saw only what had been begun before it
        if edit.kind in {Kind.SET, Kind.JOURNAL} and edit.value in lasting:
            lasting |= edit.saw
    return lasting


def _is_there(edit: Edit, held: Mapping[Place, Held], lasting: set[str], removed: set[str]) -> bool:
    match edit.kind:
        case Kind.SET | Kind.JOURNAL:
            return edit.value in lasting
        case Kind.PAIR:
            return edit.value in held[LEFT].siblings
        case Kind.ADD | Kind.INSERT:
            return edit.value in removed or edit.value in _found(edit, held)
        case Kind.WRITE:
            return not {*edit.value} - removed - _found(edit, held)
        case Kind.REMOVE | Kind.DROP | Kind.CUT:
            return not edit.saw & _found(edit, held)
        case Kind.DELETE | Kind.COUNT:
            return True


def _found(edit: Edit, held: Mapping[Place, Held]) -> frozenset[str]:
    """The elements, items or characters of the field that an edit is about."""
    content = held[edit.document].values.get(edit.field, "")
    assert isinstance(content, frozenset | list | str)
    return frozenset(map(str, content))


def _counters(ledger: Ledger, held: Mapping[Place, Held]) -> Iterator[str]:
    """Counters that hold less than what was acknowledged of them."""
    for field, value in held[TALLY].values.items():
        edits = [edit for edit in ledger.edits if edit.kind is Kind.COUNT and edit.field == field]
        owed = sum(edit.amount for edit in edits if edit.is_owed)
        if isinstance(value, int) and value < owed:
            yield f"the counter {field} holds {value}, and {owed} were acknowledged"
