"""Files that return in time: a ledger simulation of restored, cloned and twice-restored replica files.

Every edit is one transaction that puts its own mark into a shared text, a shared list and a shared set and
adds one to a shared counter. So at the end each mark must stand exactly once everywhere, and the counter must
equal their number: an edit that was lost, doubled or torn apart shows.
"""

import random
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from syncore.adapters.memory_key_files import MemoryKeyFiles
from syncore.documents.changes import Counter, List, Text, add, increment, rewrite, splice
from syncore.replica.digesting import space_digest
from tests.replica.world import Device, make_world

SHARED = ("notes", "shared")


class Ledger:
    """What was done, and what has to be there at the end."""

    def __init__(self) -> None:
        self.count = 0
        self.acknowledged: set[str] = set()

    def next_mark(self, device: Device) -> str:
        """A mark that nobody has made yet."""
        self.count += 1
        return f"<{device.index}.{self.count}>"

    def note_synced(self, device: Device) -> None:
        """Everything in a file that was synced is at the relay."""
        self.acknowledged |= device.edits


async def write(device: Device, mark: str, rng: random.Random) -> None:
    """One transaction that leaves its mark in every kind of field of two documents."""
    at = rng.random()
    async with device.transaction() as transaction:
        await transaction.update(
            SHARED,
            text=rewrite(lambda text: _insert_mark(str(text), mark, at)),
            marks=splice(0, 0, [mark]),
            set=add(mark),
            count=increment(1),
            last=mark,
        )
        await transaction.insert("edits", {"mark": mark, "by": device.index}, id=mark)
    device.edits.add(mark)
    if rng.random() < 0.3:
        await _delete_own_noise(device, rng)


def _insert_mark(text: str, mark: str, at: float) -> str:
    borders = [0, *[index + 1 for index, character in enumerate(text) if character == ">"]]
    border = borders[int(at * len(borders))]
    return text[:border] + mark + text[border:]


async def _delete_own_noise(device: Device, rng: random.Random) -> None:
    """Insert and delete a document, so that deletions are re-keyed too."""
    name = f"noise{device.index}.{rng.random()}"
    await device.collection("noise").insert({"text": Text("abc")}, id=name)
    await device.collection("noise").update(name, text=splice(1, 1))
    await device.collection("noise").delete(name)


async def found_marks(device: Device) -> tuple[list[str], list[str], list[str], int, list[str]]:
    """The marks in text, list and set, the counter, and the marks that have documents of their own."""
    shared = await device.collection("notes").get("shared")
    text = shared["text"]
    marks, elements, count = shared["marks"], shared["set"], shared["count"]
    assert isinstance(text, str)
    assert isinstance(marks, list)
    assert isinstance(elements, frozenset)
    assert isinstance(count, int)
    in_text = [f"<{part}" for part in text.replace("<", "\0<").split("\0<") if part]
    edits = [document.id async for document in device.collection("edits").find()]
    return sorted(in_text), sorted(map(str, marks)), sorted(map(str, elements)), count, sorted(edits)


async def run(folder: Path, seed: int) -> None:
    """One life of three devices, some of whose files are copied and restored, checked at the end."""
    rng = random.Random(seed)
    _, devices = make_world(folder, str(seed), 3)
    ledger = Ledger()
    for device in devices:
        await device.open()
    await (
        devices[0]
        .collection("notes")
        .insert({"text": Text(), "marks": List(), "set": set(), "count": Counter(), "last": ""}, id="shared")
    )
    for device in devices:
        await device.exchange()
    backups: dict[int, list[tuple[Path, set[str]]]] = {}
    clones: list[Device] = []
    for turn in range(rng.randrange(12, 40)):
        device = rng.choice([*devices, *clones])
        await _act(device, rng, ledger, backups, clones, folder / f"{seed}-{turn}")
    everybody = [*devices, *clones]
    for _ in range(4):
        for device in everybody:
            await device.exchange(step=rng.choice([1, 3, 1000]))
    await check(everybody, ledger)
    for device in everybody:
        await device.close()


async def _act(
    device: Device,
    rng: random.Random,
    ledger: Ledger,
    backups: dict[int, list[tuple[Path, set[str]]]],
    clones: list[Device],
    path: Path,
) -> None:
    kept = backups.setdefault(device.index, [])
    roll = rng.random()
    if roll < 0.45:
        for _ in range(rng.randrange(1, 4)):
            await write(device, ledger.next_mark(device), rng)
    elif roll < 0.6:
        await device.exchange(step=rng.choice([1, 2, 1000]))
        ledger.note_synced(device)
    elif roll < 0.7:
        await upload_and_break(device)
    elif roll < 0.8:
        kept.append(await device.snapshot(path))
    elif roll < 0.9 and kept:
        backup, edits = rng.choice(kept)
        await device.close()
        shutil.copy(backup, device.path)
        device.edits = set(edits)
        if rng.random() < 0.3:
            device.files = MemoryKeyFiles()  # the guard is missing, the keys are typed in again
            device.files.write("device", device.keys.secret_bytes())
            device.files.write(f"content-{device.relay.space.hex()}-1", device.content_key.secret_bytes())
        await device.open()
    elif len(clones) < 3:
        clones.append(await clone_machine(device, path, rng))


async def upload_and_break(device: Device) -> None:
    """Upload, and lose the connection before any acknowledgement."""
    await device.pull()
    await device.sync.push()
    device.sync.disconnect()


async def clone_machine(device: Device, path: Path, rng: random.Random) -> Device:
    """A copy of the machine: the file, and the keystore with its guard (or one keystore that both share)."""
    await device.local.flush()
    await device.close()
    shutil.copy(device.path, path)
    clone = Device(
        device.relay, path, device.keys, device.content_key, f"{device.name}-clone-{path.name}", device.index
    )
    clone.files = device.files if rng.random() < 0.3 else device.files.copy()
    clone.edits = set(device.edits)
    await device.open()
    await clone.open()
    return clone


async def check(everybody: Sequence[Device], ledger: Ledger) -> None:
    """All hold the same; every edit that had to survive stands exactly once, and none stands twice."""
    digests = {device.name: await space_digest(device.local, device.number) for device in everybody}
    assert len(set(digests.values())) == 1, digests
    in_text, in_list, in_set, count, documents = await found_marks(everybody[0])
    expected = set(ledger.acknowledged).union(*(device.edits for device in everybody))
    assert in_text == sorted(set(in_text)), "an edit stands twice in the text"
    assert in_text == in_list == in_set == documents, "a transaction was torn"
    assert count == len(in_text)
    assert expected <= set(in_text), f"lost: {sorted(expected - set(in_text))}"


@pytest.mark.parametrize("seed", range(30))
async def test_files_that_return_in_time_lose_and_double_nothing(seed: int, tmp_path: Path) -> None:
    """Copied, restored and twice-restored files keep what was acknowledged, double nothing, and converge."""
    await run(tmp_path, seed)
