"""Plans of a second or less, and worlds in the middle of them."""

from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

from simulations.loop import run
from simulations.plan import Fault, Happening, Plan
from simulations.work import Application
from simulations.world import World, make_world

SMALL = Plan(seed=1, scenario="calm", devices=2, hours=0.1, edits=20)
"""Two devices and some minutes in which nothing goes wrong."""


def going_wrong(fault: Fault, *, plan: Plan = SMALL, duration_s: float = 60.0, seed: int = 3) -> Plan:
    """A small plan in which one thing goes wrong at the first device, early."""
    happening = Happening(time_s=60.0, fault=fault, device=0, duration_s=duration_s, seed=seed)
    return replace(plan, happenings=(happening,))


def in_world(
    what: Callable[[World], Coroutine[Any, Any, None]],
    plan: Plan = SMALL,
    application: Application | None = None,
) -> World:
    """Do something in a world in which nothing has happened yet; the world as that has left it."""
    world = make_world(plan, application)
    try:
        run(what(world), world.around.loop)
    finally:
        world.scrap()
    assert world.around.loop.defects == []
    return world


def noted(world: World, who: str) -> list[str]:
    """What the trace says of somebody, but for details."""
    return [one.what for one in world.around.trace.events if one.who == who and not one.is_detail]
