"""How the siblings of a register become one value: a pure function of the siblings and a replicated context.

A strategy sees the siblings sorted by dot, so it cannot depend on the order in which they came. It decides
what is shown and changes nothing: the siblings stay until somebody who has seen them writes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from syncore.codec.values import Value, decode_value
from syncore.core.hybrid_clock import HybridTime, from_milliseconds
from syncore.core.identifiers import DeviceIndex, Dot, device_index
from syncore.documents.record import Sibling


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolutionContext:
    """What a strategy may know beside the siblings; the same on every replica that has read as far.

    Attributes:
        floor_ms: When each device was admitted. A clock of a device counts as at least that.
    """

    floor_ms: Mapping[DeviceIndex, int] = field(default_factory=dict)


Strategy = Callable[[Sequence[Sibling], ResolutionContext], Value]
"""At least one sibling, sorted by dot, in; the value that is shown out."""


def last_write(siblings: Sequence[Sibling], context: ResolutionContext) -> Value:
    """The value written last by its writer's clock; among equal times, that of the greatest dot."""
    if len(siblings) == 1:
        return decode_value(siblings[0].value)
    return decode_value(max(siblings, key=lambda sibling: rank(sibling, context)).value)


def rank(sibling: Sibling, context: ResolutionContext) -> tuple[HybridTime, Dot]:
    """Where a sibling stands among concurrent ones: later beats earlier, then the greater dot."""
    floor_ms = context.floor_ms.get(device_index(sibling.dot.writer), 0)
    return max(sibling.time, from_milliseconds(floor_ms)), sibling.dot
