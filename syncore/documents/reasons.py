"""Why a register shows the value that it shows: a verdict of its rule, in words.

Owns the words. The decision itself is that of :mod:`syncore.documents.strategies`; nothing is decided here
anew.
"""

from collections.abc import Sequence
from typing import Final

from syncore.core.hybrid_clock import HybridTime, milliseconds
from syncore.documents.record import Sibling
from syncore.documents.resolution import ResolutionContext, Verdict, rank
from syncore.documents.rules import Strategy

_SECOND_MS: Final = 1_000
_UNITS: Final = ((86_400_000, "days"), (3_600_000, "hours"), (60_000, "minutes"), (_SECOND_MS, "s"))
_BUILT_IN: Final = frozenset(strategy.value for strategy in Strategy)
_WORDS: Final = {
    Strategy.MAX.value: "the greatest of",
    Strategy.MIN.value: "the least of",
    Strategy.UNION.value: "all items of",
    Strategy.MERGE_TEXT.value: "all edits of",
}


def reason_for(verdict: Verdict, siblings: Sequence[Sibling], context: ResolutionContext) -> str:
    """Why the siblings of a register come to this verdict, as half a sentence or two."""
    if len(siblings) == 1:
        return "no other value stands beside it"
    if len({sibling.value for sibling in siblings}) == 1:
        return f"all {len(siblings)} writers wrote the same"
    reason = _reason(verdict, siblings, context)
    if verdict.stands_in_for:
        reason = f"{reason}; it stands in for {verdict.stands_in_for}"
    return f"{reason}; {verdict.problem}" if verdict.problem else reason


def _reason(verdict: Verdict, siblings: Sequence[Sibling], context: ResolutionContext) -> str:
    if verdict.rule in _WORDS:
        return f"{_WORDS[verdict.rule]} {len(siblings)} values"
    winner = next((one for one in siblings if verdict.winners == (one.dot,)), None)
    if winner is None or verdict.rule not in _BUILT_IN:
        return f"what {verdict.rule} makes of {len(siblings)} values"
    ranks = sorted(rank(one, context) for one in siblings if one is not winner)
    if verdict.rule == Strategy.FIRST_WRITE.value:
        return _compared("earlier", ranks[0][0], rank(winner, context)[0])
    return _compared("later", rank(winner, context)[0], ranks[-1][0])


def _compared(how: str, later: HybridTime, earlier: HybridTime) -> str:
    """By how much one reading is before or behind the next one."""
    if later == earlier:
        return "written at the same time as another; the writer's number decides"
    return f"{how} by {_span(milliseconds(later) - milliseconds(earlier))}"


def _span(span_ms: int) -> str:
    for unit_ms, name in _UNITS:
        if span_ms >= unit_ms:
            return f"{span_ms / unit_ms:.3g} {name}"
    return f"{span_ms} ms" if span_ms else "less than a millisecond"
