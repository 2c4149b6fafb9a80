"""The strategies: how the siblings of a register become one value. Pure, total, and blind to arrival order.

Each strategy gets at least two siblings with different values, sorted by dot, and comes to a verdict. It
decides among concurrent values only: a value that replaced another one has won already, also a lower one
under ``max``. Where a rule cannot be carried out the last write is shown, and the verdict says so.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from syncore.codec.values import Value, decode_value, encode_value
from syncore.core.errors import InvalidValue
from syncore.core.hybrid_clock import milliseconds
from syncore.core.identifiers import device_index
from syncore.core.limits import MAX_MERGED_SIBLINGS
from syncore.documents.record import Sibling
from syncore.documents.resolution import ResolutionContext, Verdict, rank
from syncore.documents.resolvers import Candidate, ResolverFailure, run_resolver
from syncore.documents.rules import Authority, ResolverName, Rule, Strategy, Unreadable
from syncore.documents.text_merging import common_base, merge_texts
from syncore.documents.value_order import OrderKey, order_key, sort_key

Siblings = Sequence[Sibling]
PlainStrategy = Callable[[Siblings, ResolutionContext], Verdict]

_NO_BASE = "the texts share no earlier text, or it was too long for them to carry"


def resolve(siblings: Siblings, rule: Rule, context: ResolutionContext) -> Verdict:
    """What a register shows.

    Args:
        siblings: All of its siblings, at least one, sorted by dot.
        rule: The field's rule.
        context: What resolution may know beside them.
    """
    if len(siblings) == 1 or len({sibling.value for sibling in siblings}) == 1:
        latest = siblings[0] if len(siblings) == 1 else _latest(siblings, context)
        return _verdict(latest, rule, siblings, is_settled=True)
    match rule:
        case Strategy():
            return _PLAIN[rule](siblings, context)
        case Authority():
            return highest_authority(siblings, rule, context)
        case ResolverName():
            return by_resolver(siblings, rule, context)
        case Unreadable():
            problem = f"this version of syncore does not know the rule {rule}"
            return _stand_in(siblings, rule, context, problem, is_lacking=True)


def last_write(siblings: Siblings, context: ResolutionContext) -> Verdict:
    """The value written last by its writer's clock; among equal times, that of the greatest dot."""
    latest = _latest(siblings, context)
    return _verdict(latest, Strategy.LAST_WRITE, [latest], is_settled=False)


def first_write(siblings: Siblings, context: ResolutionContext) -> Verdict:
    """The value written first by its writer's clock; among equal times, that of the least dot."""
    earliest = min(siblings, key=lambda sibling: rank(sibling, context))
    return _verdict(earliest, Strategy.FIRST_WRITE, [earliest], is_settled=False)


def greatest(siblings: Siblings, context: ResolutionContext) -> Verdict:
    """The greatest value; no value at all and not-a-number never win over one that is comparable."""
    return _extreme(siblings, context, Strategy.MAX, max)


def least(siblings: Siblings, context: ResolutionContext) -> Verdict:
    """The least value; no value at all and not-a-number never win over one that is comparable."""
    return _extreme(siblings, context, Strategy.MIN, min)


def union(siblings: Siblings, context: ResolutionContext) -> Verdict:
    """All items of lists, once each and sorted; None counts as no items."""
    items: dict[bytes, Value] = {}
    for sibling in siblings:
        value = decode_value(sibling.value)
        if value is not None and not isinstance(value, list):
            return _stand_in(siblings, Strategy.UNION, context, "not all values are lists")
        items.update((encode_value(item), item) for item in value or ())
    joined: Value = sorted(items.values(), key=sort_key)
    try:
        encode_value(joined)
    except InvalidValue as error:
        return _stand_in(siblings, Strategy.UNION, context, f"the union cannot be kept: {error.message}")
    dots = tuple(sibling.dot for sibling in siblings)
    return Verdict(value=joined, rule=Strategy.UNION.value, winners=dots, is_settled=True)


def merge_text(siblings: Siblings, context: ResolutionContext) -> Verdict:
    """All edits in one text, where the texts tell what they were made of."""
    rule = Strategy.MERGE_TEXT
    if len(siblings) > MAX_MERGED_SIBLINGS:
        return _stand_in(siblings, rule, context, f"more than {MAX_MERGED_SIBLINGS} texts are not merged")
    ordered = sorted(siblings, key=lambda sibling: rank(sibling, context))
    values = [decode_value(sibling.value) for sibling in ordered]
    texts = [value for value in values if isinstance(value, str)]
    if len(texts) < len(values):
        return _stand_in(siblings, rule, context, "not all values are texts")
    base = common_base([sibling.ancestors for sibling in ordered])
    if base is None:
        return _stand_in(siblings, rule, context, _NO_BASE)
    merged = merge_texts(base, texts)
    if merged is None:
        return _stand_in(siblings, rule, context, "the texts are too long or too different")
    try:
        encode_value(merged.text)
    except InvalidValue as error:
        return _stand_in(siblings, rule, context, f"the merged text cannot be kept: {error.message}")
    return Verdict(
        value=merged.text,
        rule=rule.value,
        winners=tuple(sibling.dot for sibling in siblings),
        is_settled=merged.is_clean,
        problem="" if merged.is_clean else "the texts change the same place differently",
    )


def ask(siblings: Siblings, context: ResolutionContext) -> Verdict:
    """The last write, until somebody has chosen."""
    return replace(last_write(siblings, context), rule=Strategy.ASK.value)


def highest_authority(siblings: Siblings, rule: Authority, context: ResolutionContext) -> Verdict:
    """The value with the highest label; where several have it, the last write of them."""
    places = {label: place for place, label in enumerate(rule.order)}
    highest = min(places.get(sibling.label, len(places)) for sibling in siblings)
    holders = [sibling for sibling in siblings if places.get(sibling.label, len(places)) == highest]
    is_settled = len({sibling.value for sibling in holders}) == 1
    winner = _latest(holders, context)
    problem = "" if is_settled else "several values have the same authority"
    return replace(_verdict(winner, rule, [winner], is_settled=is_settled), problem=problem)


def by_resolver(siblings: Siblings, rule: ResolverName, context: ResolutionContext) -> Verdict:
    """What the application's own function makes of the values, in the order of their dots."""
    function = context.resolvers.get(rule)
    if function is None:
        problem = f"the resolver {rule} is not registered in this program"
        return _stand_in(siblings, rule, context, problem, is_lacking=True)
    encoded = run_resolver(function, [_candidate(sibling, context) for sibling in siblings])
    if isinstance(encoded, ResolverFailure):
        problem = f"the resolver {rule} failed: {encoded.text}"
        return _stand_in(siblings, rule, context, problem, is_lacking=True)
    winners = tuple(sibling.dot for sibling in siblings if sibling.value == encoded)
    return Verdict(value=decode_value(encoded), rule=str(rule), winners=winners, is_settled=True)


def _extreme(
    siblings: Siblings,
    context: ResolutionContext,
    rule: Strategy,
    choose: Callable[[list[OrderKey]], OrderKey],
) -> Verdict:
    keys = {sibling.dot: order_key(decode_value(sibling.value)) for sibling in siblings}
    comparable = [key for key in keys.values() if key is not None]
    best = choose(comparable) if comparable else None
    tied = [sibling for sibling in siblings if keys[sibling.dot] == best]
    return _verdict(_latest(tied, context), rule, tied, is_settled=True)


def _stand_in(
    siblings: Siblings, rule: Rule, context: ResolutionContext, problem: str, *, is_lacking: bool = False
) -> Verdict:
    """The default, where a rule cannot be carried out."""
    found = last_write(siblings, context)
    return replace(found, stands_in_for=str(rule), problem=problem, is_lacking=is_lacking)


def _latest(siblings: Siblings, context: ResolutionContext) -> Sibling:
    return max(siblings, key=lambda sibling: rank(sibling, context))


def _verdict(shown: Sibling, rule: Rule, winners: Siblings, *, is_settled: bool) -> Verdict:
    return Verdict(
        value=decode_value(shown.value),
        rule=str(rule),
        winners=tuple(sibling.dot for sibling in winners),
        is_settled=is_settled,
    )


def _candidate(sibling: Sibling, context: ResolutionContext) -> Candidate:
    time, _ = rank(sibling, context)
    return Candidate(
        value=decode_value(sibling.value),
        device=device_index(sibling.dot.writer),
        time=datetime.fromtimestamp(milliseconds(time) / 1000, UTC),
        label=sibling.label,
    )


_PLAIN: Mapping[Strategy, PlainStrategy] = {
    Strategy.LAST_WRITE: last_write,
    Strategy.FIRST_WRITE: first_write,
    Strategy.MAX: greatest,
    Strategy.MIN: least,
    Strategy.UNION: union,
    Strategy.MERGE_TEXT: merge_text,
    Strategy.ASK: ask,
}
assert set(_PLAIN) == set(Strategy)
