"""A replica that is killed again and again while it commits, seals, merges and folds."""

import asyncio
import os
import random
import signal
import subprocess
import sys
from pathlib import Path
from typing import IO

import pytest

from syncore.adapters.owner_lock import acquire_owner_lock
from syncore.replica.digesting import space_digest
from tests.integration.replica_child import SHARED, make_device, remind_relay
from tests.replica.invariants import check_device
from tests.replica.test_rebasing import found_marks

LIVES = 20
ROOT = Path(__file__).parents[2]


def live_and_die(ask: IO[str], answers: IO[str], commits: int) -> list[str]:
    """One life, ended by SIGKILL after so many acknowledged commits; all that it acknowledged."""
    ask.write("live\n")
    ask.flush()
    process = int(answers.readline())
    acknowledged: list[str] = []
    while len(acknowledged) < commits:
        line = answers.readline().strip()
        assert line.startswith("<"), f"the replica ended by itself: {line}"
        acknowledged.append(line)
    os.kill(process, signal.SIGKILL)
    while not (line := answers.readline().strip()).startswith("end"):
        assert line.startswith("<"), line
        acknowledged.append(line)
    assert line == f"end {-signal.SIGKILL}"
    return acknowledged


async def inspect(folder: Path) -> set[str]:
    """What the file holds after the crash, recomputed from scratch; the marks in it."""
    device = make_device(folder)
    device.lives = 1000
    with acquire_owner_lock(device.path):
        await device.open()
        assert not device.has_returned
        await remind_relay(device)
        await check_device(device)
        digest = await space_digest(device.local, device.number)
        in_text, in_list, in_set, count, documents = await found_marks(device)
        await device.close()
        await device.open()
        assert await space_digest(device.local, device.number) == digest
        await device.close()
    assert in_text == in_list == in_set == documents, f"a transaction on {SHARED} was torn"
    assert count == len(in_text) == len(set(in_text))
    return set(in_text)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="lives are forked")
def test_a_killed_replica_keeps_what_it_acknowledged(tmp_path: Path) -> None:
    """After any kill every acknowledged commit is there, none is torn, and the file is free to be opened."""
    rng = random.Random("kills")
    acknowledged: set[str] = set()
    command = [sys.executable, "-m", "tests.integration.replica_child", str(tmp_path)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        for _ in range(LIVES):
            acknowledged |= set(live_and_die(process.stdin, process.stdout, rng.randrange(1, 40)))
            found = asyncio.run(inspect(tmp_path))
            assert acknowledged <= found, f"lost: {sorted(acknowledged - found)}"
        process.stdin.close()
        assert process.wait() == 0
    assert len(acknowledged) > LIVES
