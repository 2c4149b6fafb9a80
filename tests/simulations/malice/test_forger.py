"""The forger makes what an honest program could have made, until it is told otherwise."""

import asyncio

from simulations.happenings.members import Attacker
from simulations.malice.forger import GRAFFITI
from simulations.malice.offering import Verdict
from syncore.core.identifiers import device_index
from syncore.crypto.signing import verify
from syncore.protocol.segments import verify_segment
from tests.simulations.malice.attacks import ending_after


def test_what_a_forger_writes_rightly_is_taken_by_everybody() -> None:
    """Its chain, its dependencies and its signature are in order, and its document is there."""

    async def attack(attacker: Attacker) -> None:
        forger = attacker.forger()
        segments = [forger.write([forger.scribble()], depends_on=forger.others) for _ in range(3)]
        own_key = forger.loot.device.signing.public
        for segment in segments:
            verify_segment(segment, public_key=own_key, verify=verify)
        assert device_index(forger.writer) == 0
        assert [segment.header.first for segment in segments] == [1, 2, 3]
        assert segments[1].header.prev == segments[0].hash
        assert segments[0].header.dependencies
        assert await attacker.contact.offer(segments) == [Verdict.STORED] * 3
        await asyncio.sleep(5)
        for person in attacker.world.people:
            assert person.machine.replica is not None
            found = await person.machine.replica.collection(GRAFFITI).get(f"{forger.writer % 7}")
            assert found["by"] == f"{forger.writer}/3"

    ending = ending_after(attack)
    assert all(device.closed == {} for device in ending.devices.values())
