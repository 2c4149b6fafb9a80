"""Rules: what programs may write for one, and what a program says that it lacks."""

import pytest

from syncore.core.errors import Misused
from syncore.core.limits import MAX_AUTHORITIES
from syncore.documents.rules import (
    NO_RULES,
    Authority,
    CollectionRules,
    DeletionRule,
    ResolverName,
    Rule,
    Strategy,
    Unreadable,
    parse_deletion_rule,
    parse_rule,
)

RULES: list[Rule] = [
    *Strategy,
    Authority(["chain", "user"]),
    ResolverName("cents", 12),
    ResolverName("a@b", 1),
]


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_a_rule_is_written_as_it_is_shown(rule: Rule) -> None:
    """The text of a rule stands for that rule."""
    assert parse_rule(str(rule)) == rule


@pytest.mark.parametrize(
    "text",
    [
        *("", "greatest", "MAX", "authority", "authority:", "authority:a,a", "authority:a,"),
        *("cents@", "cents@0", "cents@-1", "cents@x", "cents@1.0", "cents@²", "@1", "a\nb@1"),
        *(1, None, ["max"]),
    ],
)
def test_what_is_no_rule_is_refused(text: str) -> None:
    """A slip names the rules that there are, and is never taken for one of them."""
    with pytest.raises(Misused):
        parse_rule(text)


def test_rules_for_deletions() -> None:
    """They are known by their names alone."""
    assert [parse_deletion_rule(str(rule)) for rule in DeletionRule] == list(DeletionRule)
    with pytest.raises(Misused, match="no rule for deletions"):
        parse_deletion_rule("last_write")


@pytest.mark.parametrize(
    "order", [[], "chain", ["a", "a"], ["a", ""], ["a\n"], [1], [str(n) for n in range(MAX_AUTHORITIES + 1)]]
)
def test_an_ordering_names_labels_once_each(order: list[str]) -> None:
    """Labels are names, a few of them, and a str is not taken for a list of letters."""
    with pytest.raises(Misused):
        Authority(order)


def test_a_field_has_its_own_rule_or_the_default() -> None:
    """Without settings the last write is shown, and an update wins over a deletion."""
    rules = CollectionRules(default=Strategy.MAX, fields={"title": Strategy.ASK})
    assert (rules.rule("title"), rules.rule("gross")) == (Strategy.ASK, Strategy.MAX)
    assert (NO_RULES.rule("any"), NO_RULES.deletion) == (Strategy.LAST_WRITE, DeletionRule.UPDATE_WINS)


def test_a_program_says_what_it_lacks() -> None:
    """Rules of other versions and resolvers that are not registered are named with their place."""
    rules = CollectionRules(
        default=Unreadable("'median'"),
        fields={"a": ResolverName("cents", 1), "b": ResolverName("cents", 2), "c": Strategy.MAX},
        deletion=Unreadable("'vote'"),
    )
    lacking = rules.lacking([ResolverName("cents", 1)])
    assert [sentence.partition(":")[0] for sentence in lacking] == ["the default", "b", "deletion"]
    assert "cents@2" in lacking[1]
    assert NO_RULES.lacking([]) == []


def test_labels_with_commas_are_read_and_not_made() -> None:
    """A comma in a label is refused, but settings that hold one mean what they meant."""
    with pytest.raises(Misused, match="no comma"):
        Authority(["a,b"])
    assert Authority.stored(["a,b"]).order == ("a,b",)
    for wrong in ([], ["a", "a"], [1]):
        with pytest.raises(Misused):
            Authority.stored(wrong)  # type: ignore[arg-type]
