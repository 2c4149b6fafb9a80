"""The words for why a register shows what it shows agree with what it shows."""

import pytest

from syncore.codec.values import Value, encode_value
from syncore.core.hybrid_clock import HybridTime, from_milliseconds
from syncore.core.identifiers import DeviceIndex, Dot
from syncore.documents.reasons import reason_for
from syncore.documents.record import Sibling
from syncore.documents.resolution import ResolutionContext
from syncore.documents.rules import Authority, Rule, Strategy
from syncore.documents.strategies import resolve
from tests.documents.worlds import writer

NOW = from_milliseconds(1_700_000_000_000)
CONTEXT = ResolutionContext()


def sibling(device: int, value: Value, later_ms: int = 0) -> Sibling:
    """A value of a device, written so much later than the others."""
    return Sibling(Dot(writer(device), 1), encode_value(value), HybridTime(NOW + (later_ms << 16)))


def reason(*siblings: Sibling, rule: Rule = Strategy.LAST_WRITE, context: ResolutionContext = CONTEXT) -> str:
    """Why a register with these siblings shows what it shows under a rule."""
    return reason_for(resolve(siblings, rule, context), siblings, context)


@pytest.mark.parametrize(
    ("later_ms", "expected"),
    [
        (0, "written at the same time as another; the writer's number decides"),
        (4, "by 4 ms"),
        (3_000, "by 3 s"),
        (90_000, "by 1.5 minutes"),
        (7_200_000, "by 2 hours"),
        (864_000_000, "by 10 days"),
    ],
)
def test_by_how_much_a_clock_decided(later_ms: int, expected: str) -> None:
    """The reason is the difference to the next one, in the largest unit that fits."""
    siblings = sibling(1, "x"), sibling(2, "y", later_ms), sibling(3, "z", -later_ms)
    if not later_ms:
        assert reason(*siblings) == reason(*siblings, rule=Strategy.FIRST_WRITE) == expected
        return
    assert reason(*siblings) == reason(*siblings, rule=Strategy.ASK) == f"later {expected}"
    assert reason(*siblings, rule=Strategy.FIRST_WRITE) == f"earlier {expected}"


def test_one_value_and_equal_values() -> None:
    """A lone value has won over nobody, and equal ones are said to be equal."""
    assert reason(sibling(1, "x")) == "no other value stands beside it"
    assert reason(sibling(1, "x"), sibling(2, "x", 5)) == "all 2 writers wrote the same"
    counted = sibling(2, "y")._replace(time=HybridTime(NOW + 1))
    assert reason(sibling(1, "x"), counted) == "later by less than a millisecond"


def test_the_admission_counts() -> None:
    """A clock counts as at least the time of its device's admission, in the reason too."""
    context = ResolutionContext(floor_ms={DeviceIndex(1): 1_700_000_060_000})
    assert reason(sibling(1, "x"), sibling(2, "y", 5_000), context=context) == "later by 55 s"


def test_rules_that_look_at_values() -> None:
    """Rules that look at values say what they made of how many, and one that could not decide says so."""
    numbers = sibling(1, 1), sibling(2, 2)
    assert reason(*numbers, rule=Strategy.MAX) == "the greatest of 2 values"
    assert reason(*numbers, rule=Strategy.MIN) == "the least of 2 values"
    assert reason(sibling(1, [1]), sibling(2, [2]), rule=Strategy.UNION) == "all items of 2 values"
    merged = reason(*numbers, rule=Strategy.MERGE_TEXT)
    assert merged.startswith("written at the same time")
    assert "it stands in for merge_text; not all values are texts" in merged
    assert "2 values" in reason(*numbers, rule=Authority(("a", "b"))) or "stands in" in reason(
        *numbers, rule=Authority(("a", "b"))
    )
