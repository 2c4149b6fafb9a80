"""Strategies: one value from siblings, and what they leave open."""

from decimal import Decimal

import pytest

from syncore.codec.values import Value, encode_value
from syncore.core.hybrid_clock import from_milliseconds
from syncore.core.identifiers import DeviceIndex, Dot
from syncore.core.limits import MAX_MERGED_SIBLINGS, MAX_VALUE_BYTES
from syncore.documents.descent import Ancestor
from syncore.documents.record import Sibling
from syncore.documents.resolution import ResolutionContext, Verdict
from syncore.documents.resolvers import Candidate
from syncore.documents.rules import Authority, ResolverName, Rule, Strategy, Unreadable
from syncore.documents.strategies import last_write, resolve
from tests.documents.worlds import writer

NOTHING = ResolutionContext()
NAN = float("nan")


def sibling(
    index: int, time_ms: int, value: object, number: int = 1, *, label: str = "", base: str | None = None
) -> Sibling:
    """A sibling of a device."""
    ancestors = () if base is None else (Ancestor(Dot(writer(1), 1), base),)
    return Sibling(
        Dot(writer(index), number), encode_value(value), from_milliseconds(time_ms), label, ancestors
    )


def written(*values: object) -> list[Sibling]:
    """Values that devices 1, 2, 3 ... wrote one after the other, without seeing each other."""
    return [sibling(index, index, value) for index, value in enumerate(values, start=1)]


def shown(rule: Rule, *values: object) -> Value:
    """What a rule shows of values."""
    return resolve(written(*values), rule, NOTHING).value


def test_the_last_write_is_shown() -> None:
    """Among siblings, the greatest time wins."""
    assert last_write([sibling(1, 30, "late"), sibling(2, 20, "early")], NOTHING).value == "late"


def test_the_writer_decides_between_equal_times() -> None:
    """A tie goes to the greater writer, and then to its later commit."""
    siblings = [sibling(1, 20, "a"), sibling(2, 20, "b", 1), sibling(2, 20, "c", 2)]
    assert last_write(siblings, NOTHING).value == "c"
    assert resolve(siblings, Strategy.FIRST_WRITE, NOTHING).value == "a"


def test_a_clock_counts_as_at_least_the_admission_of_its_device() -> None:
    """A device whose clock is years behind does not lose against what was written before it joined."""
    siblings = [sibling(1, 2_000, "before it joined"), sibling(2, 5, "by the broken clock")]
    assert last_write(siblings, NOTHING).value == "before it joined"
    context = ResolutionContext(floor_ms={DeviceIndex(2): 3_000})
    assert last_write(siblings, context).value == "by the broken clock"
    assert last_write([*siblings, sibling(3, 4_000, "later")], context).value == "later"


@pytest.mark.parametrize(
    "rule", [*Strategy, Authority(["a"]), ResolverName("x", 1), Unreadable("'x'")], ids=str
)
def test_what_does_not_disagree_is_settled(rule: Rule) -> None:
    """A single value, and one that several wrote alike, is shown as it is whatever the rule."""
    for siblings in (written([2, 1]), written([2, 1], [2, 1])):
        verdict = resolve(siblings, rule, NOTHING)
        assert (verdict.value, verdict.is_settled, verdict.problem) == ([2, 1], True, "")
        assert verdict.winners == tuple(one.dot for one in siblings)


@pytest.mark.parametrize(
    ("values", "greatest", "least"),
    [
        ((3, 1, 2), 3, 1),
        ((2**70, 2**70 + 1, 1.0), 2**70 + 1, 1.0),
        ((Decimal("1.5"), 1.25, 2), 2, 1.25),
        (("b", "a"), "b", "a"),
        ((None, 5), 5, 5),
        ((NAN, 5), 5, 5),
        ((5, Decimal("NaN"), None, 7), 7, 5),
        ((True, 0), 0, True),
    ],
)
def test_max_and_min(values: tuple[Value, ...], greatest: Value, least: Value) -> None:
    """Values compare exactly across types; none, and not-a-number, win over nothing that compares."""
    assert shown(Strategy.MAX, *values) == greatest
    assert shown(Strategy.MIN, *values) == least
    assert resolve(written(*values), Strategy.MAX, NOTHING).is_settled


def test_equal_amounts_show_the_last_write() -> None:
    """Where 1 and 1.00 tie, both have won and the later one is shown."""
    verdict = resolve(written(Decimal("1.00"), 1, 0), Strategy.MAX, NOTHING)
    assert (type(verdict.value), len(verdict.winners)) == (int, 2)
    assert shown(Strategy.MAX, Decimal("NaN"), None) is None


def test_union() -> None:
    """All items once each and sorted; None is none of them."""
    assert shown(Strategy.UNION, [3, 1], [2, "x", 3], None) == [1, 2, 3, "x"]
    verdict = resolve(written([3, 1], [2]), Strategy.UNION, NOTHING)
    assert (verdict.is_settled, len(verdict.winners)) == (True, 2)


def test_a_union_with_what_is_no_list_is_left_to_a_person() -> None:
    """A value that is no list was meant otherwise: the last write is shown, and the conflict is open."""
    verdict = resolve(written([1], "x"), Strategy.UNION, NOTHING)
    assert (verdict.value, verdict.is_settled, verdict.problem) == ("x", False, "not all values are lists")


def test_a_union_that_cannot_be_kept_is_not_shown() -> None:
    """Beyond the size of a value the last write is shown, and the conflict is open."""
    half = MAX_VALUE_BYTES - 1_000
    verdict = resolve(written(["x" * half], ["y" * half]), Strategy.UNION, NOTHING)
    assert (verdict.value, verdict.is_settled, verdict.stands_in_for) == (["y" * half], False, "union")
    assert (verdict.rule, verdict.is_lacking) == ("last_write", False)


def test_ask_shows_the_last_write_and_leaves_it_open() -> None:
    """Until somebody has chosen."""
    verdict = resolve(written("a", "b"), Strategy.ASK, NOTHING)
    assert (verdict.value, verdict.is_settled, verdict.rule) == ("b", False, "ask")


def test_merge_text() -> None:
    """Texts that tell of what they were made are joined; where they clash, that is left open."""
    made = [sibling(2, 20, "a b c d", base="a c d"), sibling(3, 10, "a c e", base="a c d")]
    verdict = resolve(made, Strategy.MERGE_TEXT, NOTHING)
    assert (verdict.value, verdict.is_settled, len(verdict.winners)) == ("a b c e", True, 2)
    clash = [sibling(2, 20, "x", base="a"), sibling(3, 10, "y", base="a")]
    verdict = resolve(clash, Strategy.MERGE_TEXT, NOTHING)
    assert (verdict.value, verdict.is_settled) == ("yx", False)
    assert verdict.problem


@pytest.mark.parametrize(
    "siblings",
    [
        written("a", "b"),
        [sibling(1, 1, 5, base="a"), sibling(2, 2, "b", base="a")],
        [sibling(1, 1, "c", base="a"), sibling(2, 2, "b", base="b")],
        [sibling(1, 1, "x" * 70_000, base="a"), sibling(2, 2, "b", base="a")],
        [sibling(n, n, f"v{n}", base="a") for n in range(1, MAX_MERGED_SIBLINGS + 1)]
        + [sibling(99, 99, "b", base="a")],
    ],
    ids=["no base", "no text", "other bases", "too long", "too many"],
)
def test_texts_that_cannot_be_merged(siblings: list[Sibling]) -> None:
    """The last write is shown, the conflict is open and says why."""
    verdict = resolve(siblings, Strategy.MERGE_TEXT, NOTHING)
    assert (verdict.value, verdict.is_settled, verdict.stands_in_for) == ("b", False, "merge_text")
    assert verdict.problem


def test_the_highest_authority_wins() -> None:
    """Whatever the times; what has no label, or another one, ranks below all that are named."""
    rule = Authority(["FINAL", "SAFE"])
    siblings = [sibling(1, 9, "none"), sibling(2, 5, "safe", label="SAFE"), sibling(3, 7, "x", label="other")]
    verdict = resolve(siblings, rule, NOTHING)
    assert (verdict.value, verdict.is_settled, verdict.rule) == ("safe", True, "authority:FINAL,SAFE")
    final = sibling(4, 1, "final", label="FINAL")
    assert resolve([*siblings, final], rule, NOTHING).winners == (final.dot,)


def test_equals_in_authority_are_left_open() -> None:
    """Among them the last write is shown; where they agree there is nothing to decide."""
    rule = Authority(["FINAL"])
    siblings = [sibling(n, n, n, label="FINAL") for n in (1, 2)] + [sibling(3, 9, 9)]
    verdict = resolve(siblings, rule, NOTHING)
    assert (verdict.value, verdict.is_settled) == (2, False)
    same = [sibling(n, n, 1, label="FINAL") for n in (1, 2)] + [sibling(3, 9, 9)]
    assert resolve(same, rule, NOTHING).is_settled


def test_a_resolver_of_the_application() -> None:
    """It is given values, devices, times and labels in the order of the dots, and its value is shown."""
    given: list[list[Candidate]] = []

    def keep(candidates: list[Candidate]) -> Value:
        given.append(candidates)
        return min(one.value for one in candidates)  # type: ignore[type-var]

    rule = ResolverName("least", 1)
    context = ResolutionContext(resolvers={rule: keep})  # type: ignore[dict-item]
    verdict = resolve([sibling(1, 30, 7), sibling(2, 20, 5, label="x")], rule, context)
    assert (verdict.value, verdict.is_settled, verdict.rule) == (5, True, "least@1")
    assert verdict.winners == (Dot(writer(2), 1),)
    assert [(one.value, one.device, one.time.timestamp(), one.label) for one in given[0]] == [
        (7, 1, 0.03, ""),
        (5, 2, 0.02, "x"),
    ]


@pytest.mark.parametrize(
    "rule", [ResolverName("other", 1), ResolverName("bad", 1), Unreadable("'median'")], ids=str
)
def test_a_rule_that_cannot_be_carried_out(rule: Rule) -> None:
    """The last write is shown in its stead, and the verdict says for what and why."""
    context = ResolutionContext(resolvers={ResolverName("bad", 1): lambda _: {1}})  # type: ignore[dict-item, return-value]
    verdict = resolve(written(1, 2), rule, context)
    assert isinstance(verdict, Verdict)
    assert (verdict.value, verdict.rule, verdict.stands_in_for) == (2, "last_write", str(rule))
    assert (verdict.is_settled, verdict.is_lacking) == (False, True)
    assert verdict.problem
