"""A small world in which a test attacks while people write."""

import asyncio
from collections.abc import Awaitable, Callable

from simulations.ending import Ending
from simulations.happenings.members import Attacker
from simulations.judging import judge
from simulations.plan import Fault
from simulations.world import World
from tests.simulations.small_plans import SMALL, going_wrong, in_world

_BEGUN_S = 60.0

Attack = Callable[[Attacker], Awaitable[None]]


def ending_after(attack: Attack) -> Ending:
    """Play a small world with an attack from its first device, and everything has to hold at its end."""
    endings: list[Ending] = []

    async def main(world: World) -> None:
        playing = asyncio.ensure_future(world.play())
        await asyncio.sleep(_BEGUN_S)
        (happening,) = going_wrong(Fault.GARBAGE).happenings
        await attack(Attacker(world, world.people[0], happening))
        endings.append(await playing)

    in_world(main, SMALL)
    (ending,) = endings
    _, violations = judge(ending)
    assert violations == []
    return ending
