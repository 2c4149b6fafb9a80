"""The sensor logger, killed and cut off for real."""

import re

from tests.examples.conftest import Programs

FAST = ("--step", "0.002", "--batch", "5", "--every", "0.3", "--window", "10")


def number(line: str) -> int:
    """The number in a line."""
    found = re.search(r"\d+", line)
    assert found is not None
    return int(found.group())


async def test_a_killed_logger_loses_no_reading_that_it_had_counted(address: str, programs: Programs) -> None:
    """After SIGKILL every reading that was counted is in the file, and reaches another device."""
    logger = await programs.start("sensor.py", "log.db", "--share", address, *FAST)
    code = (await logger.until("invitation: ")).split()[1]
    await logger.until("sent everything")
    counted = number(await logger.until("kept "))
    for _ in range(3):
        counted = number(await logger.until("kept "))
    logger.process.kill()
    await logger.ended()
    again = await programs.start("sensor.py", "log.db", "--show")
    assert number(await again.until("here are ")) >= counted
    other = await programs.start("sensor.py", "other.db", "--join", code, "--show")
    assert number(await other.until("here are ")) >= counted


async def test_without_a_network_the_logger_goes_on(programs: Programs) -> None:
    """A logger that nobody shares keeps its readings; a relay that is not there is told."""
    logger = await programs.start("sensor.py", "log.db", *FAST)
    first = number(await logger.until("kept "))
    assert number(await logger.until("kept ")) > first
    logger.process.kill()
    await logger.ended()
    lost = await programs.start("sensor.py", "other.db", "--share", "ws://127.0.0.1:1", *FAST)
    await lost.until("sensor: ")
    assert await lost.ended() == 1
    assert "Traceback" not in lost.printed
