"""What resolving a conflict may know, and what it comes to.

Resolution is a pure function of a register's siblings, sorted by dot, and of a context that is the same on
every replica that has read as far, up to which of the application's resolvers its program has. It decides
what is shown and changes nothing: the siblings stay until somebody who has seen them writes. The strategies
themselves are in :mod:`syncore.documents.strategies`.
"""

from collections.abc import Mapping
from dataclasses import field
from enum import IntEnum

from syncore.codec.values import Value
from syncore.core.hybrid_clock import HybridTime, from_milliseconds
from syncore.core.identifiers import DeviceIndex, Dot, device_index
from syncore.core.lean import lean_dataclass
from syncore.documents.record import Sibling
from syncore.documents.resolvers import ResolveFunction
from syncore.documents.rules import NO_RULES, CollectionRules, ResolverName


@lean_dataclass(frozen=True, slots=True, kw_only=True)
class ResolutionContext:
    """What resolution may know beside the siblings.

    Attributes:
        floor_ms: When each device was admitted. A clock of a device counts as at least that.
        rules: The settings of every collection that has any.
        resolvers: The application's own resolvers that this program has.
    """

    floor_ms: Mapping[DeviceIndex, int] = field(default_factory=dict)
    rules: Mapping[str, CollectionRules] = field(default_factory=dict)
    resolvers: Mapping[ResolverName, ResolveFunction] = field(default_factory=dict)

    def rules_of(self, collection: str) -> CollectionRules:
        """The settings of a collection."""
        return self.rules.get(collection, NO_RULES)


@lean_dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a register shows, and why.

    Attributes:
        value: What it shows.
        rule: The rule that decided, as text.
        winners: The siblings that what is shown was taken from, by dot.
        is_settled: Whether the rule leaves nothing to decide; otherwise the conflict is open.
        stands_in_for: The rule of the field where it could not be carried out and another one decided.
        problem: Why it could not; empty where all is well.
        is_lacking: Whether that is for want of this program, which another version of it may make good.
    """

    value: Value
    rule: str
    winners: tuple[Dot, ...]
    is_settled: bool
    stands_in_for: str = ""
    problem: str = ""
    is_lacking: bool = False


class Contest(IntEnum):
    """How far a document is contested; the numbers are stored, and greater ones ask for more."""

    NONE = 0
    """Nothing was written to it at once that disagrees."""
    SETTLED = 1
    """Its rules settle what was."""
    OPEN = 2
    """A person may want to decide."""
    LACKING = 3
    """This program cannot carry out a rule that would decide."""


def rank(sibling: Sibling, context: ResolutionContext) -> tuple[HybridTime, Dot]:
    """Where a sibling stands among concurrent ones: later beats earlier, then the greater dot."""
    floor_ms = context.floor_ms.get(device_index(sibling.dot.writer), 0)
    return max(sibling.time, from_milliseconds(floor_ms)), sibling.dot
