"""The checker of doubles finds what stands twice, what nobody wrote, and counters that are too high."""

from simulations.checkers import nothing_twice
from simulations.ledger import Kind, Ledger
from simulations.workload import LISTING, TALLY, TEXT
from tests.simulations.endings import device, ending, finds, held


def begun() -> Ledger:
    """A ledger in which ab was written, x and y were inserted, and 5 was added, all of it uncertain."""
    ledger = Ledger()
    ledger.begin("d0", Kind.WRITE, TEXT, field="text", value="ab")
    ledger.begin("d0", Kind.INSERT, LISTING, field="items", value="x")
    ledger.begin("d0", Kind.INSERT, LISTING, field="items", value="y")
    ledger.begin("d0", Kind.COUNT, TALLY, field="votes", amount=5)
    return ledger


def found(text: str = "ab", items: tuple[str, ...] = ("x", "y"), votes: int = 5) -> list[str]:
    """What the checker finds where a device shows this."""
    documents = {
        TEXT: held({"text": text}, siblings={}),
        LISTING: held({"items": [*items]}),
        TALLY: held({"votes": votes, "visits": 0}),
    }
    return finds(nothing_twice, ending(device(documents), ledger=begun()))


def test_everything_once_passes() -> None:
    """In any order, and less of it."""
    assert found() == []
    assert found("ba", ("y",), 0) == []


def test_what_stands_twice_is_found() -> None:
    """A character and an item."""
    assert found(text="aba") == ["d0: 'a' stands 2 times"]
    assert found(items=("x", "y", "x", "x")) == ["d0: 'x' stands 3 times"]


def test_what_nobody_wrote_is_found() -> None:
    """A character and an item that no edit ever brought."""
    assert found(text="aq") == ["d0: nobody wrote 'q'"]
    assert found(items=("z",)) == ["d0: nobody wrote 'z'"]


def test_a_counter_that_is_too_high_is_found() -> None:
    """Above everything that anybody ever began to add."""
    assert found(votes=6) == ["d0: the counter votes holds 6, and at most 5 was ever added"]
