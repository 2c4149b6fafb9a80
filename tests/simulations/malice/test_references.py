"""What names the unseen or the future: every device closes the writer, and nothing of it shows."""

from collections.abc import Mapping

import pytest

from simulations.happenings.members import Attacker
from simulations.malice.forger import Maker
from simulations.malice.offering import Verdict
from simulations.malice.references import FUTURE, UNSEEN
from syncore.core.identifiers import Writer
from tests.simulations.malice.attacks import ending_after

DRAWS = 3
"""Of each: which operation it is, and on which document, is drawn."""


@pytest.mark.parametrize("makers", [UNSEEN, FUTURE], ids=["unseen", "future"])
def test_each_wrong_reference_closes_its_writer_everywhere(makers: Mapping[str, Maker]) -> None:
    """The relay takes it, and no document of anybody changes."""
    writers: set[Writer] = set()

    async def attack(attacker: Attacker) -> None:
        for what in [*makers] * DRAWS:
            forger = attacker.forger()
            writers.add(forger.writer)
            attacker.world.forged.add(forger.writer)
            segment = makers[what](forger, attacker.draw)
            assert await attacker.contact.offer([segment]) == [Verdict.STORED], what

    ending = ending_after(attack)
    for device in ending.devices.values():
        assert device.closed == dict.fromkeys(writers, 0)
