"""Names, syncs, deaths, room and faults of a disk."""

import errno
from collections.abc import Callable
from random import Random

import pytest

from simulations.disk.disk import FAILED_READ, FAILED_SYNC, FLIPPED_BIT, FOLDER, FULL, LOST_NAME, Disk
from simulations.disk.power_cut import SECTOR_BYTES
from simulations.disk.stored_file import StoredFile


def written(disk: Disk, name: str, content: bytes) -> StoredFile:
    """A new file of a disk; nothing is synced."""
    file = disk.create(name)
    disk.write(file, name, 0, content)
    return file


def contents(disk: Disk) -> dict[str, bytes]:
    """All files of a disk."""
    return {name: disk.content(name) for name in disk.names}


def test_a_kill_keeps_everything_and_the_system_goes_on() -> None:
    """After a kill every file is as it was, and a power cut after it still takes what was not synced."""
    disk = Disk()
    file = written(disk, "a", b"one")
    disk.sync(file, "a")
    disk.sync_folder()
    disk.write(file, "a", 3, b"two")
    written(disk, "b", b"new")
    killed = disk.after_kill()
    assert contents(killed) == {"a": b"onetwo", "b": b"new"}
    left = [contents(killed.after_power_cut(Random(seed))) for seed in range(50)]
    assert {"a": b"one"} in left
    assert {"a": b"onetwo", "b": b"new"} in left
    assert all(found["a"] in {b"one", b"onetwo"} for found in left)


def test_a_name_needs_a_sync_of_its_folder() -> None:
    """A file whose content alone was synced may be missing after a power cut, until its name is synced."""
    disk = Disk()
    disk.sync(written(disk, "a", b"content"), "a")
    left = [disk.after_power_cut(Random(seed)) for seed in range(50)]
    assert {found.names for found in left} == {(), ("a",)}
    assert sum(found.faults[LOST_NAME] for found in left) == sum(not found.names for found in left)
    disk.sync_folder()
    assert all(contents(disk.after_power_cut(Random(seed))) == {"a": b"content"} for seed in range(50))


def test_a_deleted_file_may_come_back_as_it_was() -> None:
    """A deletion that was not synced can be undone by a power cut, also where a new file took the name."""
    disk = Disk()
    disk.put("a", b"old")
    disk.delete("a")
    disk.sync(written(disk, "a", b"new"), "a")
    assert contents(disk) == {"a": b"new"}
    left = [contents(disk.after_power_cut(Random(seed))) for seed in range(100)]
    assert {found.get("a") for found in left} == {b"old", None, b"new"}


def test_names_survive_in_their_order() -> None:
    """A later name never survives without an earlier one: the journal of the file system is in order."""
    disk = Disk()
    for name in "abc":
        disk.create(name)
    left = {disk.after_power_cut(Random(seed)).names for seed in range(100)}
    assert left == {(), ("a",), ("a", "b"), ("a", "b", "c")}


def test_every_operation_is_announced_before_it_happens() -> None:
    """Whoever wants to die is asked before each operation, while the disk is as it was."""
    disk = Disk()
    announced: list[tuple[str, str, dict[str, bytes]]] = []
    disk.before_operation = lambda kind, name: announced.append((kind, name, contents(disk)))
    file = written(disk, "a", b"1")
    disk.sync(file, "a")
    disk.sync_folder()
    disk.truncate(file, "a", 0)
    disk.replace_blob("key", b"secret")
    disk.delete("a")
    assert announced == [
        ("create", "a", {}),
        ("write", "a", {"a": b""}),
        ("sync", "a", {"a": b"1"}),
        ("sync", FOLDER, {"a": b"1"}),
        ("truncate", "a", {"a": b"1"}),
        ("replace", "key", {"a": b""}),
        ("delete", "a", {"a": b""}),
    ]
    assert disk.operations == {"create": 1, "write": 1, "sync": 2, "truncate": 1, "replace": 1, "delete": 1}
    with pytest.raises(FileNotFoundError):
        disk.delete("a")


def test_the_dead_write_to_a_disk_of_their_own() -> None:
    """What is done on a disk after its machine died is not on the disks of its successors."""
    disk = Disk()
    file = written(disk, "a", b"before")
    disk.replace_blob("key", b"before")
    heirs = [disk.after_kill(), disk.copy(), disk.after_power_cut(Random(3))]
    before = [(contents(heir), heir.blob("key")) for heir in heirs]
    disk.write(file, "a", 0, b"after!")
    disk.sync(file, "a")
    disk.replace_blob("key", b"after")
    disk.flip_bit(Random(0), "a")
    assert [(contents(heir), heir.blob("key")) for heir in heirs] == before


def test_a_copy_is_synced() -> None:
    """What a backup program has made survives a power cut whole."""
    disk = Disk()
    written(disk, "a", b"content")
    disk.replace_blob("key", b"secret")
    copy = disk.copy().after_power_cut(Random(0))
    assert contents(copy) == {"a": b"content"}
    assert copy.blob("key") == b"secret"
    copy.remove("a")
    assert copy.after_power_cut(Random(0)).names == ()


def test_writes_beyond_the_room_fail_after_the_sectors_that_fit() -> None:
    """A disk takes the whole sectors for which it has room, then says that it is full."""
    disk = Disk(capacity_bytes=3 * SECTOR_BYTES + 10)
    file = written(disk, "a", bytes(SECTOR_BYTES))
    with pytest.raises(OSError, match="no room") as caught:
        disk.write(file, "a", SECTOR_BYTES, b"x" * 4 * SECTOR_BYTES)
    assert caught.value.errno == errno.ENOSPC
    assert file.content == bytes(SECTOR_BYTES) + b"x" * 2 * SECTOR_BYTES
    disk.write(file, "a", 0, b"y" * SECTOR_BYTES)
    with pytest.raises(OSError, match="no room"):
        disk.replace_blob("key", bytes(11))
    assert disk.blob("key") is None
    disk.replace_blob("key", bytes(10))
    assert disk.faults[FULL] == 2
    assert disk.used_bytes == disk.capacity_bytes
    disk.delete("a")
    assert disk.used_bytes == 10
    assert disk.after_kill().capacity_bytes == disk.capacity_bytes


def test_reads_and_syncs_fail_when_they_are_told_to() -> None:
    """Errors are those of the operating system, for the files that were meant, and counted."""
    disk = Disk()
    good, bad = written(disk, "good", b"1"), written(disk, "bad", b"2")
    disk.replace_blob("bad key", b"3")
    disk.fail_reads = disk.fail_syncs = lambda name: name.startswith("bad")
    assert disk.read(good, "good", 0, 9) == b"1"
    disk.sync(good, "good")
    attempts: tuple[Callable[[], object], ...] = (
        lambda: disk.read(bad, "bad", 0, 9),
        lambda: disk.blob("bad key"),
        lambda: disk.sync(bad, "bad"),
    )
    for fail in attempts:
        with pytest.raises(OSError, match="the disk does not") as caught:
            fail()
        assert caught.value.errno == errno.EIO
    assert disk.faults == {FAILED_READ: 2, FAILED_SYNC: 1}
    heir = disk.after_kill()
    assert heir.blob("bad key") == b"3"
    assert heir.faults == disk.faults


def test_a_flipped_bit_is_on_the_disk() -> None:
    """A flip changes one bit of a file or blob for good, says where, and is the same for the same random."""
    disk = Disk()
    disk.put("a", bytes(100))
    disk.replace_blob("key", bytes(100))
    places = [disk.flip_bit(Random(7), "a"), disk.flip_bit(Random(7), "key")]
    assert places[0] == places[1]
    heir = disk.after_power_cut(Random(0))
    for content in (heir.content("a"), heir.blob("key")):
        assert content is not None
        assert int.from_bytes(content, "little") == 1 << places[0]
    assert disk.faults[FLIPPED_BIT] == 2
    with pytest.raises(KeyError):
        disk.flip_bit(Random(0), "none")


def test_salts_are_never_drawn_twice() -> None:
    """SQLite gets other numbers each time, also in later lives, but the same after the same past."""
    disk = Disk()
    drawn = [disk.draw(44)]
    heir = disk.after_kill()
    drawn += [heir.draw(44), heir.draw(44), heir.after_power_cut(Random(0)).draw(44)]
    assert len(set(drawn)) == len(drawn)
    assert disk.draw(44) == drawn[1]
    assert {len(salt) for salt in drawn} == {44}
