"""Which function makes which fault happen."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from simulations.happenings import devices, liars, members, network, relay
from simulations.plan import Fault, Happening

if TYPE_CHECKING:
    from simulations.world import World

_HAPPENINGS: "dict[Fault, Callable[[World, Happening], Awaitable[None]]]" = {
    **network.HAPPENINGS,
    **devices.HAPPENINGS,
    **relay.HAPPENINGS,
    **liars.HAPPENINGS,
    **members.HAPPENINGS,
}


async def happen(world: "World", happening: Happening) -> None:
    """Let it happen, and end if it is something that lasts."""
    await _HAPPENINGS[happening.fault](world, happening)
