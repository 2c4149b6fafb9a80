"""What resolution may know: when devices were admitted, and the settings of each collection."""

from syncore.core.hybrid_clock import from_milliseconds
from syncore.core.identifiers import DeviceIndex, Dot
from syncore.documents.record import Sibling
from syncore.documents.resolution import Contest, ResolutionContext, rank
from syncore.documents.rules import NO_RULES, CollectionRules, Strategy
from tests.documents.worlds import writer


def test_later_beats_earlier_but_not_before_admission() -> None:
    """Among equal times the greater dot wins, and a clock counts as at least its device's admission."""
    first, second = (Sibling(Dot(writer(index), 1), b"", from_milliseconds(5)) for index in (1, 2))
    assert rank(first, ResolutionContext()) < rank(second, ResolutionContext())
    context = ResolutionContext(floor_ms={DeviceIndex(1): 9})
    assert rank(first, context) == (from_milliseconds(9), first.dot)
    assert rank(first, context) > rank(second, context)


def test_collections_without_settings_have_the_default_ones() -> None:
    """Nobody needs to configure anything."""
    rules = CollectionRules(default=Strategy.MAX)
    context = ResolutionContext(rules={"movies": rules})
    assert (context.rules_of("movies"), context.rules_of("notes")) == (rules, NO_RULES)


def test_what_asks_for_more_is_greater() -> None:
    """The numbers are stored, and indexes compare them."""
    assert [int(one) for one in (Contest.NONE, Contest.SETTLED, Contest.OPEN, Contest.LACKING)] == [
        0,
        1,
        2,
        3,
    ]
