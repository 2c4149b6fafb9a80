"""Segments whose headers lie: refused by the relay, so that no device ever sees them."""

from simulations.happenings.members import Attacker
from simulations.malice.headers import REFUSED
from simulations.malice.offering import Verdict
from tests.simulations.malice.attacks import ending_after


def test_the_relay_refuses_each_header_that_lies() -> None:
    """Whatever it lies about, and behind segments that are right."""

    async def attack(attacker: Attacker) -> None:
        for what, maker in REFUSED.items():
            forger = attacker.forger()
            right = forger.write([forger.scribble()])
            wrong = maker(forger, attacker.draw)
            found = await attacker.contact.offer([right, wrong])
            assert found == [Verdict.STORED, Verdict.REFUSED], what

    for device in ending_after(attack).devices.values():
        assert device.closed == {}
