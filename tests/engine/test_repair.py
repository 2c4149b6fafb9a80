"""Repairing a file: what is held twice is mended, nothing is lost, and the old file stays."""

import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

import syncore
from syncore import Locked, Replica
from syncore.engine.checkup import read_header
from syncore.engine.repair import RepairReport, repair_file
from tests.replica.doctor.content import examine, make_full_file
from tests.replica.doctor.flipping import Flips
from tests.replica.world import Device, SeededEntropy

UNSENT = {
    "documents": "SELECT space, collection, id, is_deleted, contest, projection FROM documents",
    "states": "SELECT space, collection, id, state FROM documents JOIN states USING (document)",
    "pending": "SELECT space, sequence, writer, number, id, body FROM pending ORDER BY 1, 2",
    "set aside": "SELECT * FROM set_aside",
}
"""What a repair must never change where it says that the file is sound."""


def repair(device: Device, path: Path | None = None) -> RepairReport:
    """Repair a device's file, or a damaged copy of it."""
    found = device.path if path is None else path
    return repair_file(
        found, lambda _id: device.keystore, entropy=SeededEntropy("repair"), header=read_header(found)
    )


def change(path: Path, *statements: str) -> None:
    """Damage a file by SQL."""
    with closing(sqlite3.connect(path)) as connection:
        for statement in statements:
            assert connection.execute(statement).rowcount
        connection.commit()


def contents(path: Path) -> dict[str, list[object]]:
    """What must not change, read from a file."""
    with closing(sqlite3.connect(path)) as connection:
        connection.text_factory = bytes
        return {name: sorted(connection.execute(select).fetchall()) for name, select in UNSENT.items()}


def contents_of(folder: Path) -> list[str]:
    """The names of what a folder holds."""
    return [path.name for path in folder.iterdir()]


async def test_flipped_bits_are_mended_or_the_file_is_left_alone(tmp_path: Path) -> None:
    """After a flip a repaired file holds all documents and unsent commits as before, or is not touched."""
    flips = Flips(await make_full_file(tmp_path), tmp_path)
    whole = contents(flips.device.path)
    bits = random.Random("repair")
    repaired = 0
    for _ in range(25):
        flips.flip(bits.randrange(len(flips.data) * 8))
        if not flips.changed() or "header" in flips.told():
            continue
        before = flips.copy.read_bytes()
        report = repair(flips.device, flips.copy)
        if report.kept is None:
            assert report.refused
            assert flips.copy.read_bytes() == before
            continue
        repaired += 1
        assert report.kept.read_bytes() == before
        assert examine(flips.device, flips.copy) == report.after
        if report.after.is_sound:
            assert contents(flips.copy) == whole
    assert repaired
    assert not [path for path in contents_of(tmp_path) if "mended" in path]


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE states SET state = x'00' WHERE document IN (SELECT document FROM documents WHERE space = 2)",
        "UPDATE rich_updates SET update_bytes = x'00' WHERE document > 13",
        "UPDATE rich_clocks SET clock = clock + 1",
        "DELETE FROM states WHERE document IN (SELECT document FROM documents WHERE space = 2)",
        "UPDATE documents SET projection = x'00'",
        "UPDATE documents SET contest = 1 - (contest > 0), is_deleted = 1 - is_deleted",
        "UPDATE documents SET id = id || 'x' WHERE space = 2 AND id = '7'",
        "UPDATE writers SET number = 1",
        "UPDATE writers SET reach = x'00'",
        "UPDATE closed_writers SET reason = 'because'",
        "UPDATE pending SET id = zeroblob(8) WHERE sequence = (SELECT max(sequence) FROM pending)",
        "UPDATE segments SET hash = zeroblob(32)",
        "DELETE FROM pending_documents",
        "UPDATE meta SET value = x'00' WHERE name IN ('sealed', 'last_time')",
        "UPDATE spaces SET running_hash = zeroblob(32) WHERE space = 2",
        "UPDATE spaces SET receipt = x'00' WHERE space = 2",
        "UPDATE running_hashes SET running = x'00'",
        "DROP INDEX segments_twice",
    ],
)
async def test_what_is_held_twice_is_mended(tmp_path: Path, damage: str) -> None:
    """Damage to what other rows, the update log or the relay's log tell again leaves a sound file."""
    device = await make_full_file(tmp_path, has_accidents=False)
    whole = contents(device.path)
    if damage.startswith("DROP"):
        with closing(sqlite3.connect(device.path)) as connection:
            connection.execute(damage)
    else:
        change(device.path, damage)
    assert not examine(device).is_sound
    report = repair(device)
    assert report.refused == ""
    assert report.after.findings == ()
    assert report.done
    assert report.kept == Path(f"{device.path}.damaged")
    assert contents(device.path) == whole
    await device.open()
    await device.exchange()
    await device.close()
    assert examine(device).is_sound


async def test_a_pending_commit_comes_back_from_its_sealed_segment(tmp_path: Path) -> None:
    """A commit that was sealed is in the file twice."""
    device = await make_full_file(tmp_path)
    whole = contents(device.path)
    change(device.path, "UPDATE pending SET body = x'00' WHERE sequence = (SELECT sequence FROM sealed)")
    assert repair(device).after.is_sound
    assert contents(device.path) == whole


async def test_damaged_sealed_segments_are_sealed_anew_under_a_new_incarnation(tmp_path: Path) -> None:
    """Their commits are pending still, and reach the relay once; what follows has another number."""
    device = await make_full_file(tmp_path, has_accidents=False)
    change(device.path, "UPDATE sealed SET segment = x'00'")
    report = repair(device)
    assert report.after.is_sound
    assert any("new incarnation" in sentence for sentence in report.done)
    old = {segment.header.writer for segment in device.relay.segments}
    await device.open()
    assert device.state.writer not in old
    text = (await device.collection("films").get("1"))["review"]
    await device.exchange()
    assert device.state.pending_count == 0
    assert (await device.collection("films").get("1"))["review"] == text
    await device.close()
    assert examine(device).is_sound


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE segments SET segment = x'00' WHERE position % 3 = 0",
        "UPDATE control SET item = x'00' WHERE sequence = 4",
    ],
)
async def test_what_only_the_relay_has_comes_with_the_next_sync(tmp_path: Path, damage: str) -> None:
    """Segments and control records that do not read are told, read again from the relay, and whole then."""
    device = await make_full_file(tmp_path, has_accidents=False)
    pending = contents(device.path)["pending"]
    change(device.path, damage)
    report = repair(device)
    assert report.kept is not None
    assert not report.after.is_sound
    assert contents(device.path)["pending"] == pending
    await device.open()
    await device.exchange()
    assert device.state.pending_count == 0
    await device.close()
    assert [finding for finding in examine(device).findings if finding.is_damage] == []


async def test_what_nothing_holds_again_is_told_and_left(tmp_path: Path) -> None:
    """A private document's state, or a commit that was neither sent nor sealed: the file is as it was."""
    device = await make_full_file(tmp_path)
    whole = device.path.read_bytes()
    for damage in (
        "UPDATE states SET state = x'00' WHERE document IN (SELECT document FROM documents WHERE space = 1)",
        "UPDATE pending SET body = x'00' WHERE sequence = (SELECT max(sequence) FROM pending)",
    ):
        device.path.write_bytes(whole)
        change(device.path, damage)
        damaged = device.path.read_bytes()
        report = repair(device)
        assert report.refused
        assert report.kept is None
        assert device.path.read_bytes() == damaged


async def test_undo_steps_that_do_not_read_are_forgotten_and_that_is_told(tmp_path: Path) -> None:
    """Documents are whole without them; nobody undoes half of a transaction."""
    device = await make_full_file(tmp_path)
    whole = contents(device.path)
    change(device.path, "UPDATE undo_steps SET step = x'00' WHERE document = 3")
    report = repair(device)
    assert report.after.is_sound
    assert any("forgotten" in sentence for sentence in report.done)
    assert contents(device.path) == whole


async def test_a_sound_file_is_not_touched_and_an_open_one_is_refused(tmp_path: Path) -> None:
    """Repairing is for damaged files that nobody has open."""
    path = tmp_path / "a.db"
    async with Replica.open(path, keystore=tmp_path / "keys") as replica:
        await replica.collection("movies").insert({"title": "Alien"})
        with pytest.raises(Locked):
            await syncore.repair_replica(path, keystore=tmp_path / "keys")
    before = path.read_bytes()
    report = await syncore.repair_replica(path, keystore=tmp_path / "keys")
    assert report.before.is_sound
    assert report.kept is None
    assert path.read_bytes() == before
