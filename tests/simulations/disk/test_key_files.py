"""A keystore on a disk that fails; what it has in common with the others is in ``tests/conformance``."""

from random import Random

import pytest

from simulations.disk.disk import Disk
from simulations.disk.key_files import DiskKeyFiles
from syncore.core.errors import DiskFull, IntegrityError, NewerFormat, StorageError
from tests.simulations.disk.deaths import Death


def test_a_power_cut_takes_nothing_that_was_stored() -> None:
    """Wherever the power fails, the secret and the guard are the old or the new ones, and new once
    reported.
    """
    for operation in range(4):
        disk = Disk()
        death = Death(disk, operation, random=Random(operation))
        keys = DiskKeyFiles(disk)
        done: list[bytes] = []
        keys.write("device", b"secret")
        for content in (b"1", b"2"):
            keys.write_guard(content)
            if death.is_alive:
                done.append(content)
        left = DiskKeyFiles(death.next_disk())
        assert left.read("device") == (b"secret" if operation else None)
        assert left.read_guard() == (done[-1] if done else None)


def test_every_flipped_bit_is_found() -> None:
    """No bit of a secret or a guard changes unnoticed."""
    disk = Disk()
    keys = DiskKeyFiles(disk, "folder")
    keys.write("device", b"secret")
    keys.write_guard(b"guard")
    for seed in range(300):
        rotten = disk.copy()
        rotten.flip_bit(Random(seed), "folder/guard")
        rotten.flip_bit(Random(seed), "folder/device.key")
        damaged = DiskKeyFiles(rotten, "folder")
        with pytest.raises((IntegrityError, NewerFormat)):
            damaged.read("device")
        with pytest.raises((IntegrityError, NewerFormat)):
            damaged.read_guard()


def test_a_full_disk_and_one_that_does_not_read_say_so() -> None:
    """No room is DiskFull, and leaves the old guard; an error while reading is a StorageError."""
    disk = Disk()
    keys = DiskKeyFiles(disk)
    keys.write_guard(b"old")
    disk.capacity_bytes = disk.used_bytes
    with pytest.raises(DiskFull):
        keys.write_guard(b"new")
    with pytest.raises(DiskFull):
        keys.write("device", b"secret")
    assert keys.read_guard() == b"old"
    assert keys.read("device") is None
    disk.fail_reads = lambda name: name.endswith("guard")
    with pytest.raises(StorageError):
        keys.read_guard()


def test_keystores_of_one_disk_are_apart() -> None:
    """Two replicas on one machine have two folders of keys."""
    disk = Disk()
    DiskKeyFiles(disk, "one").write("device", b"1")
    DiskKeyFiles(disk, "two").write("device", b"2")
    assert DiskKeyFiles(disk, "one").read("device") == b"1"
