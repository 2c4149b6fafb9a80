"""What the relay says to an offer is told, whatever happens to connections meanwhile."""

import asyncio

from simulations.happenings.members import Attacker
from simulations.malice.headers import REFUSED
from simulations.malice.offering import MAX_ATTEMPTS, PAUSE_S, Verdict
from tests.simulations.malice.attacks import ending_after


def test_an_offer_outlives_the_relay() -> None:
    """While the relay is dead the same bytes are offered again and again."""

    async def attack(attacker: Attacker) -> None:
        forger = attacker.forger()
        segments = [forger.write([forger.scribble()]) for _ in range(2)]
        relay = attacker.world.relay
        relay.hardware.die(is_power_cut=False)
        offering = asyncio.ensure_future(attacker.contact.offer(segments))
        await asyncio.sleep(2 * PAUSE_S)
        assert not offering.done()
        await relay.start()
        assert await offering == [Verdict.STORED] * 2

    ending_after(attack)


def test_an_offer_is_given_up_in_the_end() -> None:
    """A relay that stays away is asked a bounded number of times, and nothing is claimed of it."""

    async def attack(attacker: Attacker) -> None:
        forger = attacker.forger()
        segment = forger.write([forger.scribble()])
        attacker.world.relay.hardware.die(is_power_cut=False)
        async with asyncio.timeout(MAX_ATTEMPTS * 4 * PAUSE_S):
            assert await attacker.contact.offer([segment]) == []

    ending_after(attack)


def test_what_ends_the_connection_is_refused() -> None:
    """The relay ends the connection whenever it is offered that; what comes behind it is still offered."""

    async def attack(attacker: Attacker) -> None:
        forger, other = attacker.forger(), attacker.forger()
        too_large = REFUSED["more than a segment may hold"](forger, attacker.draw)
        right = other.write([other.scribble()])
        verdicts = await attacker.contact.offer([too_large, right])
        assert verdicts == [Verdict.REFUSED, Verdict.STORED]

    ending_after(attack)
