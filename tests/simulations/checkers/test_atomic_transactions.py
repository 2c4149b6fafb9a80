"""The checker of transactions sees those that show by halves."""

from simulations.checkers import atomic_transactions
from simulations.workload import LEFT, RIGHT
from tests.simulations.endings import device, ending, finds, held, shown


def test_a_transaction_on_one_side_only_is_found() -> None:
    """On either side, with its name and its device; whole ones pass."""
    both = {LEFT: held({"x": "1", "y": "1"}), RIGHT: held({"x": "1", "y": "1"})}
    left = both | {RIGHT: held({"y": "1"})}
    right = both | {LEFT: held({"x": "1"})}
    assert finds(atomic_transactions, ending(device(both))) == []
    assert finds(atomic_transactions, ending(device(left))) == [
        "d0: the transaction x shows on one side only"
    ]
    assert finds(atomic_transactions, ending(device(right))) == [
        "d0: the transaction y shows on one side only"
    ]


def test_a_look_on_the_way_sees_halves_too() -> None:
    """What the audits use says which transaction it is."""
    assert [*atomic_transactions.halves(shown())] == []
    found = atomic_transactions.halves(shown({LEFT: held({"b": "1", "a": "1"})}))
    assert [*found] == [f"the transaction {name} shows on one side only" for name in "ab"]
