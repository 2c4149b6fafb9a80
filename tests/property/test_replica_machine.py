"""Real replicas as a state machine: whatever happens, equal logs show equal things, and nothing is lost.

Rules edit every kind of field, exchange in batches of any size, break connections, copy, restore and clone
files, and let the relay's log say something twice. Every edit of the ledger puts its own mark into a text, a
list, a set and a document of its own, and adds one to a counter, in one transaction.
"""

import asyncio
import contextlib
import random
import shutil
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from syncore.core.errors import LocalError
from syncore.documents.changes import Counter, List, Text
from syncore.replica.digesting import space_digest
from tests.property.test_replica_convergence import WRITES, Write, carry_out
from tests.replica.invariants import check_device
from tests.replica.test_rebasing import clone_machine, found_marks, upload_and_break, write
from tests.replica.world import Device, make_world

Result = TypeVar("Result")
MAX_REPLICAS = 4
ANY = st.integers(0, 11)
"""Whichever of what there is."""
STEPS = st.sampled_from([1, 2, 1000])


class Replicas(RuleBasedStateMachine):
    """Two devices of one space at first, and what was promised to them."""

    def __init__(self) -> None:
        """Start without files."""
        super().__init__()
        self.loop = asyncio.new_event_loop()
        self.folder = tempfile.TemporaryDirectory()
        self.relay, self.replicas = make_world(Path(self.folder.name), "machine", 2)
        self.backups: list[tuple[int, Path, set[str]]] = []
        self.marks = 0
        self.copies = 0
        self.acknowledged: dict[str, int] = {}
        self.digests: dict[int, bytes] = {}

    @initialize()
    def open(self) -> None:
        """Open the files, and let everybody have the document that is marked."""
        self.do(self._open())

    @rule(who=ANY, seed=st.integers(0, 99))
    def mark(self, who: int, seed: int) -> None:
        """A transaction that leaves its mark in every kind of field."""
        replica = self.one(who)
        self.marks += 1
        self.do(write(replica, f"<{self.marks}>", random.Random(seed)))

    @rule(who=ANY, writes=st.lists(WRITES, min_size=1, max_size=3))
    def edit(self, who: int, writes: list[Write]) -> None:
        """A transaction of anything that can be written to other documents."""
        self.do(self._edit(self.one(who), writes))

    @rule(who=ANY, step=STEPS)
    def exchange(self, who: int, step: int) -> None:
        """Catch up and upload, until everything is acknowledged."""
        self.do(self._exchange(self.one(who), step))

    @rule(who=ANY, step=STEPS)
    def pull(self, who: int, step: int) -> None:
        """Catch up alone."""
        self.do(self.one(who).pull(step=step))
        self.do(self._judge(self.one(who)))

    @rule(who=ANY)
    def lose_the_connection(self, who: int) -> None:
        """Upload, and never hear of it."""
        self.do(upload_and_break(self.one(who)))

    @rule(who=ANY)
    def reopen(self, who: int) -> None:
        """The program ends and starts again."""
        self.do(self.one(who).reopen())

    @rule(who=ANY)
    def back_up(self, who: int) -> None:
        """Somebody copies the file."""
        path, edits = self.do(self.one(who).snapshot(self.new_path()))
        self.backups.append((who % len(self.replicas), path, edits))

    @precondition(lambda self: self.backups)
    @rule(which=ANY)
    def restore(self, which: int) -> None:
        """The file is what it was when it was copied."""
        who, path, edits = self.backups[which % len(self.backups)]
        self.do(self._restore(self.replicas[who], path))
        self.replicas[who].edits = set(edits)

    @precondition(lambda self: len(self.replicas) < MAX_REPLICAS)
    @rule(who=ANY, seed=st.integers(0, 9))
    def clone(self, who: int, seed: int) -> None:
        """The whole machine is copied, and both copies go on."""
        self.replicas.append(self.do(clone_machine(self.one(who), self.new_path(), random.Random(seed))))

    @precondition(lambda self: self.relay.segments)
    @rule(which=ANY)
    def say_again(self, which: int) -> None:
        """The relay's log holds a segment once more."""
        segment = self.relay.segments[which % len(self.relay.segments)]
        self.relay.items.append((segment.hash, segment))

    def teardown(self) -> None:
        """In the end all hold the same."""
        try:
            if all(replica.lives for replica in self.replicas):
                self.do(self._settle())
        finally:
            for replica in self.replicas:
                if replica.lives:
                    self.do(replica.close())
            self.loop.close()
            self.folder.cleanup()

    def do(self, work: Coroutine[object, object, Result]) -> Result:
        """Do something to its end."""
        return self.loop.run_until_complete(work)

    def one(self, who: int) -> Device:
        """One of the replicas."""
        return self.replicas[who % len(self.replicas)]

    def new_path(self) -> Path:
        """A file name that was not there."""
        self.copies += 1
        return Path(self.folder.name) / f"copy{self.copies}.db"

    async def _open(self) -> None:
        for replica in self.replicas:
            await replica.open()
        shared = {"text": Text(), "marks": List(), "set": set(), "count": Counter(), "last": ""}
        await self.replicas[0].collection("notes").insert(shared, id="shared")
        for replica in self.replicas:
            await replica.exchange()

    async def _edit(self, replica: Device, writes: list[Write]) -> None:
        async with replica.transaction() as transaction:
            for one in writes:
                with contextlib.suppress(LocalError):
                    await carry_out(transaction, one, [])

    async def _exchange(self, replica: Device, step: int) -> None:
        await replica.exchange(step=step)
        for mark in replica.edits:
            self.acknowledged.setdefault(mark, replica.state.row.log_offset)
        await self._judge(replica)

    async def _restore(self, replica: Device, path: Path) -> None:
        await replica.close()
        shutil.copy(path, replica.path)
        await replica.open()

    async def _judge(self, replica: Device) -> None:
        """The file is what the log makes of it, the same for all, and nothing acknowledged is gone."""
        await check_device(replica)
        in_text, in_list, in_set, count, documents = await found_marks(replica)
        assert in_text == in_list == in_set == documents == sorted(set(in_text)), (
            "an edit was torn or doubled"
        )
        assert count == len(in_text)
        offset = replica.state.row.log_offset
        known = {mark for mark, since in self.acknowledged.items() if since <= offset}
        assert known <= set(in_text), "an acknowledged edit is gone"
        if not replica.state.pending_count:
            digest = await space_digest(replica.local, replica.number)
            assert self.digests.setdefault(offset, digest) == digest, "equal logs, and something else in them"

    async def _settle(self) -> None:
        for _ in range(3):
            for replica in self.replicas:
                await self._exchange(replica, 1000)
        assert len({replica.state.row.log_offset for replica in self.replicas}) == 1


TestReplicas = Replicas.TestCase
TestReplicas.settings = settings(
    max_examples=10, stateful_step_count=25, suppress_health_check=[HealthCheck.too_slow]
)
