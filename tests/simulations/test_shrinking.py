"""A failing run is shortened as long as the same checker finds something."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace

from simulations.plan import Fault
from simulations.planted.faults import FAULTS
from simulations.planted.planting import planted
from simulations.shrinking import shrink
from simulations.work import Application
from syncore.engine.replica import Replica
from tests.simulations.small_plans import SMALL, going_wrong


class TwoPeople(Application):
    """An application that fails as soon as a second device has done anything."""

    async def act(self, replica: Replica, draw: random.Random, who: str) -> str | None:
        """Write it down."""
        await replica.collection("acts").insert({"by": who, "n": draw.random()})
        return None

    async def check(self, replicas: Mapping[str, Replica]) -> Sequence[str]:
        """Whether somebody else than the first did."""
        acts = [one async for one in next(iter(replicas.values())).collection("acts").find()]
        return ["a second device acts"] if {act["by"] for act in acts} - {"d0"} else []


FULL = replace(
    SMALL,
    devices=3,
    hours=0.4,
    edits=40,
    happenings=tuple(
        going_wrong(fault).happenings[0] for fault in (Fault.DELAY, Fault.CLOCK_JUMP, Fault.LOSS)
    ),
)


def test_what_passes_cannot_be_shortened() -> None:
    """There is nothing to look for."""
    assert shrink(SMALL, note=lambda _line: None) is None


def test_what_does_not_matter_is_left_out() -> None:
    """Faults, edits and devices go as long as the application complains; progress is told."""
    told: list[str] = []
    shortest = shrink(FULL, TwoPeople(), note=told.append)
    assert shortest is not None
    assert {one.checker for one in shortest.violations} == {"application"}
    assert shortest.plan.happenings == ()
    assert shortest.plan.edits <= 10
    assert shortest.plan.devices == 2
    assert told[0] == "1 runs: 3 devices, 40 edits, 0 faults still fail"


def test_a_planted_fault_is_shortened() -> None:
    """A fault of the code that shows without anything going wrong loses its happenings and some edits."""
    with planted(FAULTS["no-cipher"]):
        shortest = shrink(FULL, note=lambda _line: None)
    assert shortest is not None
    assert shortest.plan.happenings == ()
    assert shortest.plan.edits < FULL.edits
    assert shortest.violations[0].checker == "no leaks"
