"""Resolution: one value from siblings, whatever their order of arrival."""

from syncore.codec.values import encode_value
from syncore.core.hybrid_clock import from_milliseconds
from syncore.core.identifiers import DeviceIndex, Dot
from syncore.documents.record import Sibling
from syncore.documents.resolution import ResolutionContext, last_write
from tests.documents.worlds import writer


def sibling(index: int, time_ms: int, value: object, number: int = 1) -> Sibling:
    """A sibling of a device."""
    return Sibling(Dot(writer(index), number), encode_value(value), from_milliseconds(time_ms))


def test_the_last_write_is_shown() -> None:
    """Among siblings, the greatest time wins."""
    assert last_write([sibling(1, 30, "late"), sibling(2, 20, "early")], ResolutionContext()) == "late"


def test_the_writer_decides_between_equal_times() -> None:
    """A tie goes to the greater writer, and then to its later commit."""
    siblings = [sibling(1, 20, "a"), sibling(2, 20, "b", 1), sibling(2, 20, "c", 2)]
    assert last_write(siblings, ResolutionContext()) == "c"


def test_a_clock_counts_as_at_least_the_admission_of_its_device() -> None:
    """A device whose clock is years behind does not lose against what was written before it joined."""
    siblings = [sibling(1, 2_000, "before it joined"), sibling(2, 5, "by the broken clock")]
    assert last_write(siblings, ResolutionContext()) == "before it joined"
    context = ResolutionContext(floor_ms={DeviceIndex(2): 3_000})
    assert last_write(siblings, context) == "by the broken clock"
    assert last_write([*siblings, sibling(3, 4_000, "later")], context) == "later"
