"""The checker of order sees effects without their causes, and journals that go back."""

from simulations.checkers import causal_order
from simulations.holding import Held, Place
from simulations.workload import JOURNALS
from tests.simulations.endings import held, shown


def journals(**entries: tuple[int, dict[str, int]]) -> dict[Place, Held]:
    """A device that shows these journals: each author's number, and what it had read."""
    found = {(JOURNALS, who): held({"n": number, "saw": saw}) for who, (number, saw) in entries.items()}
    return shown(found)


def test_what_an_author_had_read_has_to_be_there() -> None:
    """A cause that is further back than its effect says, or missing, is found."""
    good = journals(d0=(4, {}), d1=(7, {"d0": 4}))
    assert [*causal_order.missing_causes(good)] == []
    late = journals(d0=(3, {}), d1=(7, {"d0": 4}))
    assert [*causal_order.missing_causes(late)] == ["d1 had read entry 4 of d0, which is not visible here"]
    missing = journals(d1=(7, {"d0": 4}))
    assert [*causal_order.missing_causes(missing)] == ["d1 had read entry 4 of d0, which is not visible here"]


def test_journals_do_not_go_back() -> None:
    """Further on is right, further back and away are not."""
    before = causal_order.journals(journals(d0=(4, {}), d1=(7, {})))
    assert before == {"d0": 4, "d1": 7}
    assert [*causal_order.went_back(before, {"d0": 4, "d1": 9, "d2": 1})] == []
    assert [*causal_order.went_back(before, {"d0": 3})] == [
        "the journal of d0 went back from 4 to 3",
        "the journal of d1 went back from 7 to None",
    ]


def test_a_journal_is_as_far_as_its_furthest_sibling() -> None:
    """What an author wrote before its file was set back hides nothing of what it wrote afterwards."""
    both = shown({(JOURNALS, "d0"): held({"n": 9, "saw": {}}, siblings={"n": ["9", "12"]})})
    assert causal_order.journals(both) == {"d0": 12}


def test_other_documents_are_no_journals() -> None:
    """A document of another collection says nothing, whatever its fields are called."""
    held_notes = shown({("notes", "n0"): held({"n": 9, "saw": {"d0": 9}})})
    assert causal_order.journals(held_notes) == {}
    assert [*causal_order.missing_causes(held_notes)] == []
