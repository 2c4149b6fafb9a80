"""What hostile members put into segments: closed by everybody, or by nobody."""

from simulations.happenings.members import Attacker
from simulations.malice.bodies import CLOSING, HARMLESS
from simulations.malice.offering import Verdict
from syncore.core.identifiers import Writer
from tests.simulations.malice.attacks import ending_after


def test_each_unreadable_body_closes_its_writer_everywhere() -> None:
    """The blind relay takes it, and every device closes the writer before it; nothing else changes."""
    writers: dict[str, Writer] = {}

    async def attack(attacker: Attacker) -> None:
        for what, maker in CLOSING.items():
            forger = attacker.forger()
            writers[what] = forger.writer
            attacker.world.forged.add(forger.writer)
            segment = maker(forger, attacker.draw)
            assert await attacker.contact.offer([segment]) == [Verdict.STORED], what

    ending = ending_after(attack)
    for device in ending.devices.values():
        assert device.closed == dict.fromkeys(writers.values(), 0)


def test_a_writer_is_closed_behind_what_was_right() -> None:
    """What it wrote before the invalid segment stays, for everybody; what comes behind it is passed over."""
    writers: list[Writer] = []

    async def attack(attacker: Attacker) -> None:
        forger = attacker.forger()
        writers.append(forger.writer)
        attacker.world.forged.add(forger.writer)
        segments = [
            forger.write([forger.scribble()], [forger.scribble()]),
            CLOSING["no commits"](forger, attacker.draw),
            forger.write([forger.scribble()]),
        ]
        assert await attacker.contact.offer(segments) == [Verdict.STORED] * 3

    ending = ending_after(attack)
    for device in ending.devices.values():
        assert device.closed == {writers[0]: 2}


def test_nobody_is_closed_for_what_is_harmless() -> None:
    """Unknown entries, noise for a receipt, and reports of what nobody holds, are valid or mean nothing."""

    async def attack(attacker: Attacker) -> None:
        for what, maker in HARMLESS.items():
            segment = maker(attacker.forger(), attacker.draw)
            assert await attacker.contact.offer([segment]) == [Verdict.STORED], what

    for device in ending_after(attack).devices.values():
        assert device.closed == {}
