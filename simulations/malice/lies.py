"""Lies of a relay to one device: what becomes of each message to it.

Each lie gives the messages to send in the place of one. A lie that is consistent in itself, with other
offsets and receipts signed anew, is a fork of the log; one that is not, the device has to see through.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from random import Random
from typing import Final

from simulations.malice.told_log import ToldLog
from simulations.plan import Fault
from syncore.core.identifiers import HASH_BYTES
from syncore.protocol.items import Item, StubItem
from syncore.protocol.messages import Done, Items, Message, Opened, OpenOutcome, Refusal, Stored

_MAX_REMEMBERED: Final = 20

Lie = Callable[["Telling", Message], list[Message]]


@dataclass(slots=True, kw_only=True)
class Telling:
    """What is told over one connection.

    Attributes:
        draw: Decides what becomes of each message.
        log: The log that was told of.
        last: Items that were told last, to tell them again.
        waiting: A frame that is held back, to come behind the next one.
    """

    draw: Random
    log: ToldLog
    last: list[Item] = field(default_factory=list)
    waiting: Items | None = None


def tell_truth(telling: Telling, message: Message) -> list[Message]:
    """The message itself; behind something bent, as it has to look there."""
    return [*telling.log.tell(message, message.items)] if isinstance(message, Items) else [message]


def drop(telling: Telling, message: Message) -> list[Message]:
    """Leave out answers, or some items of a frame, or all of them."""
    if isinstance(message, Stored | Refusal | Done):
        return [] if telling.draw.random() < 0.3 else [message]
    if not isinstance(message, Items) or telling.draw.random() < 0.5:
        return tell_truth(telling, message)
    kept = [item for item in message.items if telling.draw.random() < 0.5]
    return [*telling.log.tell(message, kept)]


def reorder(telling: Telling, message: Message) -> list[Message]:
    """Tell the items of a frame in another order, or a frame behind the next one."""
    if not isinstance(message, Items):
        return [message]
    if telling.waiting is not None:
        before, telling.waiting = telling.waiting, None
        items = [*message.items, *before.items]
        return [*telling.log.tell(before, []), *telling.log.tell(message, items)]
    if len(message.items) > 1:
        items = [*message.items]
        telling.draw.shuffle(items)
        return [*telling.log.tell(message, items)]
    if telling.draw.random() < 0.5:
        telling.waiting = message
        return []
    return tell_truth(telling, message)


def replay(telling: Telling, message: Message) -> list[Message]:
    """Tell a frame twice, or answer twice, or tell an old item again as if it were new."""
    if isinstance(message, Stored | Done):
        return [message, message] if telling.draw.random() < 0.5 else [message]
    if not isinstance(message, Items):
        return [message]
    kind = telling.draw.random()
    items = [*message.items]
    if telling.last and kind < 0.4:
        items.insert(telling.draw.randrange(len(items) + 1), telling.draw.choice(telling.last))
    telling.last = [
        *telling.last,
        *(item for item in message.items if not isinstance(item, StubItem)),
    ][-_MAX_REMEMBERED:]
    told: list[Message] = [*telling.log.tell(message, items)]
    if kind > 0.8:
        told.append(telling.log.repeat(message))
    return told


def lie_about_head(telling: Telling, message: Message) -> list[Message]:
    """Say that the log ends elsewhere, or with something else, or that it is another one."""
    if not isinstance(message, Opened):
        return tell_truth(telling, message)
    lie = _false_head(telling.draw, message)
    telling.log.is_absurd |= telling.log.contradicts(lie)
    telling.log.is_caught |= telling.log.is_absurd
    return [lie]


def _false_head(draw: Random, true: Opened) -> Opened:
    offset, wrong = true.head_offset, draw.randbytes(HASH_BYTES)
    match draw.choice(("too high", "too low", "another", "outcome", "generation")):
        case "too high":
            return replace(true, head_offset=offset + draw.randint(1, 20), head_hash=wrong)
        case "too low":
            return replace(true, head_offset=max(0, offset - draw.randint(1, 20)), head_hash=wrong)
        case "another":
            return replace(true, head_hash=wrong)
        case "outcome":
            return replace(true, outcome=draw.choice([*OpenOutcome]))
        case _:
            return replace(true, generation=draw.randbytes(len(true.generation)))


LIES: Final[Mapping[Fault, Lie]] = {
    Fault.RELAY_DROPS: drop,
    Fault.RELAY_REORDERS: reorder,
    Fault.RELAY_REPLAYS: replay,
    Fault.RELAY_LIES: lie_about_head,
}
