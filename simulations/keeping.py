"""Keeping a world's disks as files, and beginning a world on them: how formats are held to their promise.

A kept world is a folder: ``plan.json`` says what it was, ``relay/`` and a folder for each device hold its
disk (``files/`` and ``keys/``), ``expected.json`` what every device showed.
"""

import asyncio
import json
from pathlib import Path

from simulations.disk.disk import Disk
from simulations.ending import Ending, look_back
from simulations.loop import run
from simulations.plan import Plan
from simulations.workload import SHARED_PLACES
from simulations.world import World, make_world

_FILES = "files"
_KEYS = "keys"
INDEX = "by_title"
"""The index that everybody has on the shared notes when a world is kept."""
_SCHEMA = {"type": "object", "properties": {"by": {"type": "string"}}}


def keep(plan: Plan, folder: Path) -> Ending:
    """Play a plan, and write what is on all disks at its end into a new folder."""
    world = make_world(plan)
    try:
        ending = run(_play_and_close(world), world.around.loop)
        _write_disk(world.relay.hardware.disk, folder / "relay")
        for person in world.people:
            _write_disk(person.machine.hardware.disk, folder / person.name)
        named = {"scenario": plan.scenario, "seed": plan.seed, "edits": plan.edits, "devices": plan.devices}
        (folder / "plan.json").write_text(json.dumps(named, indent=1) + "\n")
        shown = {**expected(ending), "indexes": [INDEX]}
        (folder / "expected.json").write_text(json.dumps(shown, indent=1, sort_keys=True) + "\n")
    finally:
        world.scrap()
    return ending


def expected(ending: Ending) -> dict[str, object]:
    """What every device shows, as JSON can hold it."""
    remains = next(iter(ending.devices.values()))
    shown = {
        "/".join(place): {name: _plain(value) for name, value in sorted((remains.found[place] or {}).items())}
        for place in SHARED_PLACES
    }
    return {"digest": remains.digest, "shown": shown}


def load_disk(folder: Path) -> Disk:
    """A disk that was kept."""
    disk = Disk()
    for path in sorted((folder / _FILES).iterdir()):
        disk.put(path.name, path.read_bytes())
    for path in sorted((folder / _KEYS).rglob("*")):
        if path.is_file():
            disk.replace_blob(path.relative_to(folder / _KEYS).as_posix(), path.read_bytes())
    return disk


async def _play_and_close(world: World) -> Ending:
    await world.play()
    await _furnish(world)
    ending = await look_back(world, [])
    for person in world.people:
        await person.machine.stop()
    await asyncio.sleep(1)
    world.relay.hardware.die(is_power_cut=False)
    return ending


async def _furnish(world: World) -> None:
    """What no plan makes: a rule and a schema that everybody has, and an index each."""
    for number, person in enumerate(world.people):
        replica = person.machine.replica
        assert replica is not None
        notes = replica.collection(SHARED_PLACES[0][0])
        if not number:
            await person.machine.run(notes.configure(fields={"by": "ask"}, schema=_SCHEMA))
        await person.machine.run(replica.space.synced())
        await person.machine.run(notes.create_index("title", name=INDEX))


def _write_disk(disk: Disk, folder: Path) -> None:
    for kind, contents in (
        (_FILES, {name: disk.content(name) for name in disk.names}),
        (_KEYS, disk.blobs),
    ):
        (folder / kind).mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():
            path = folder / kind / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


def _plain(value: object) -> object:
    if isinstance(value, frozenset):
        return sorted(map(str, value))
    if isinstance(value, dict):
        return {str(name): _plain(one) for name, one in value.items()}
    return value
