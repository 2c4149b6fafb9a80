"""Each flood is answered as the relay's bounds say, and everything holds afterwards."""

import pytest

from simulations.happenings.members import Attacker
from simulations.malice.floods import FLOODS
from tests.simulations.malice.attacks import ending_after


@pytest.mark.parametrize("name", FLOODS)
def test_a_flood_meets_its_bound(name: str) -> None:
    """The flood itself finds nothing wrong, and neither does any checker."""
    found: list[str] = []

    async def attack(attacker: Attacker) -> None:
        found.append(await FLOODS[name](attacker.contact, attacker.forger(), attacker.draw))
        attacker.world.gauges.read(attacker.world)

    ending = ending_after(attack)
    assert found == [""]
    assert all(device.closed == {} for device in ending.devices.values())
