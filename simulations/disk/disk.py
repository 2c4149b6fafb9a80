"""A machine's disk: named files, what of them and of their names was synced, and faults on demand.

Owns files, names, room and faults. Must not know SQLite or the event loop. Errors are ``OSError``, as from an
operating system. What the machine's death leaves is asked for *before* the machine goes on: a disk that was
asked belongs to the dead, whose code may go on writing to it; nobody reads it any more.
"""

import errno
import hashlib
from collections import Counter
from collections.abc import Callable
from random import Random

from simulations.disk.power_cut import SECTOR_BYTES, surviving_content, surviving_prefix
from simulations.disk.stored_file import StoredFile, Truncation, Write, flip_bit, stored

FOLDER = "."
"""The name under which a sync of the folder itself is announced."""

FULL = "full"
FAILED_READ = "failed read"
FAILED_SYNC = "failed sync"
FLIPPED_BIT = "flipped bit"
LOST_NAME = "lost name"


class Disk:
    """One disk with one folder.

    Files are written in place and are safe when they are synced. Blobs, which stand for small files that are
    replaced by renaming, are replaced whole and durably in one operation.

    Attributes:
        capacity_bytes: Room for files and blobs; None: without end. May be changed at any time.
        before_operation: Called with (kind, name) before each ``write``, ``truncate``, ``sync``, ``create``,
            ``delete`` and ``replace`` (of a blob), while the disk is as it was: where a machine dies. Must
            not raise. Not inherited by the disks of later lives.
        fail_reads: Called with a file's name at each read; True makes it an input/output error. Not
            inherited.
        fail_syncs: The same for syncs. What was to be synced is then never written. Not inherited.
        operations: How often each kind of operation was begun. Inherited, so they are those of all lives.
        faults: How often each kind of fault has happened; the names are constants of this module and of
            :mod:`simulations.disk.power_cut`. Inherited too.
        is_safe: Whether its power never fails: then a third of the memory holds it. Inherited.
    """

    def __init__(self, *, capacity_bytes: int | None = None, is_safe: bool = False) -> None:
        self.capacity_bytes = capacity_bytes
        self.is_safe = is_safe
        self.before_operation: Callable[[str, str], None] | None = None
        self.fail_reads: Callable[[str], bool] | None = None
        self.fail_syncs: Callable[[str], bool] | None = None
        self.operations: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self._files: dict[str, StoredFile] = {}
        self._synced_files: dict[str, StoredFile] = {}
        self._unsynced_names: list[tuple[str, StoredFile | None]] = []
        self._blobs: dict[str, bytearray] = {}
        self._drawn = 0

    # --- what a program does ----------------------------------------------------------------------

    def find(self, name: str) -> StoredFile | None:
        """The file of a name, or None."""
        return self._files.get(name)

    def create(self, name: str) -> StoredFile:
        """A new empty file under a name that is free."""
        self._begin("create", name)
        assert name not in self._files
        file = self._files[name] = StoredFile(is_safe=self.is_safe)
        self._unsynced_names.append((name, file))
        return file

    def delete(self, name: str) -> None:
        """Take a file's name away; who has it open can go on using it.

        Raises:
            FileNotFoundError: there is no such file.
        """
        self._begin("delete", name)
        if self._files.pop(name, None) is None:
            raise FileNotFoundError(errno.ENOENT, "there is no such file", name)
        self._unsynced_names.append((name, None))

    def read(self, file: StoredFile, name: str, offset: int, size_bytes: int) -> bytes:
        """The bytes at a place, fewer at the end of the file.

        Raises:
            OSError: an input/output error.
        """
        if self.fail_reads is not None and self.fail_reads(name):
            self.faults[FAILED_READ] += 1
            raise OSError(errno.EIO, "the disk does not read", name)
        return bytes(file.content[offset : offset + size_bytes])

    def write(self, file: StoredFile, name: str, offset: int, data: bytes) -> None:
        """Write in place or behind the end.

        Raises:
            OSError: the disk is full; the sectors for which there was room were written.
        """
        self._begin("write", name)
        growth_bytes = offset + len(data) - len(file.content)
        if self.capacity_bytes is not None and growth_bytes > 0:
            excess_bytes = self.used_bytes + growth_bytes - self.capacity_bytes
            if excess_bytes > 0:
                self._fill(file, offset, data, excess_bytes)
                raise self._full(name)
        file.change(Write(offset, data))

    def truncate(self, file: StoredFile, name: str, size_bytes: int) -> None:
        """Set the size of a file; what is added reads as zeros."""
        self._begin("truncate", name)
        file.change(Truncation(size_bytes))

    def sync(self, file: StoredFile, name: str) -> None:
        """Bring the content of a file to the disk; its name needs :meth:`sync_folder`.

        Raises:
            OSError: the disk failed; what was to be synced will not be there after a power cut.
        """
        self._begin("sync", name)
        if self.fail_syncs is not None and self.fail_syncs(name):
            self.faults[FAILED_SYNC] += 1
            file.fail_to_sync()
            raise OSError(errno.EIO, "the disk does not write", name)
        file.sync()

    def sync_folder(self) -> None:
        """Bring the names of the files to the disk."""
        self._begin("sync", FOLDER)
        self._synced_files = dict(self._files)
        self._unsynced_names.clear()

    def blob(self, name: str) -> bytes | None:
        """The blob of a name, or None.

        Raises:
            OSError: an input/output error.
        """
        if self.fail_reads is not None and self.fail_reads(name):
            self.faults[FAILED_READ] += 1
            raise OSError(errno.EIO, "the disk does not read", name)
        found = self._blobs.get(name)
        return None if found is None else bytes(found)

    def replace_blob(self, name: str, content: bytes) -> None:
        """Put a blob in the place of another one, or of none, atomically and durably.

        Raises:
            OSError: the disk is full; the old blob is still there.
        """
        self._begin("replace", name)
        # Both are there for a moment, as when a file is written anew and then renamed.
        if self.capacity_bytes is not None and self.used_bytes + len(content) > self.capacity_bytes:
            raise self._full(name)
        self._blobs[name] = bytearray(content)

    def draw(self, size_bytes: int) -> bytes:
        """Numbers for SQLite to salt its logs with: other ones each time, also in later lives of the disk."""
        self._drawn += 1
        return hashlib.shake_128(self._drawn.to_bytes(8, "big")).digest(size_bytes)

    # --- what the world does ----------------------------------------------------------------------

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the files, not of the blobs."""
        return tuple(self._files)

    @property
    def blobs(self) -> dict[str, bytes]:
        """What every blob holds."""
        return {name: bytes(content) for name, content in self._blobs.items()}

    @property
    def used_bytes(self) -> int:
        """The sizes of all files and blobs."""
        return sum(len(file.content) for file in self._files.values()) + sum(map(len, self._blobs.values()))

    def content(self, name: str) -> bytes:
        """What a program would read in a file."""
        return bytes(self._files[name].content)

    def put(self, name: str, content: bytes | bytearray) -> None:
        """Place a file from outside, name and content synced: how a backup is restored."""
        self._files[name] = stored(content, is_safe=self.is_safe)
        self._synced_files = dict(self._files)
        self._unsynced_names.clear()

    def remove(self, name: str) -> None:
        """Take a file away from outside, durably."""
        del self._files[name]
        self._synced_files = dict(self._files)
        self._unsynced_names.clear()

    def copy(self) -> "Disk":
        """Another disk with the same files and blobs, all synced, and with room: what a backup program makes.

        While somebody writes, a copy may hold the half of it, like that of a real backup program which reads
        one file after the other; whoever wants a good one copies when nothing is being written.
        """
        twin = self._heir()
        twin.capacity_bytes = None
        for name, file in self._files.items():
            twin.put(name, bytes(file.content))
        return twin

    def after_kill(self) -> "Disk":
        """The disk after the death of every program on it: all that they wrote is there, synced or not."""
        twin = self._heir()
        copies = {id(file): file.copy() for file in self._all_files()}
        twin._files = {name: copies[id(file)] for name, file in self._files.items()}  # noqa: SLF001 - its own class
        twin._synced_files = {name: copies[id(file)] for name, file in self._synced_files.items()}  # noqa: SLF001
        twin._unsynced_names = [  # noqa: SLF001
            (name, None if file is None else copies[id(file)]) for name, file in self._unsynced_names
        ]
        return twin

    def after_power_cut(self, random: Random) -> "Disk":
        """The disk after a power cut: see :mod:`simulations.disk.power_cut` for what survives."""
        assert not self.is_safe, "what was synced was not kept"
        twin = self._heir()
        survivors = dict(self._synced_files)
        kept = surviving_prefix(len(self._unsynced_names), random)
        twin.faults[LOST_NAME] += len(self._unsynced_names) - kept
        for name, file in self._unsynced_names[:kept]:
            if file is None:
                survivors.pop(name, None)
            else:
                survivors[name] = file
        for name, file in survivors.items():
            twin.put(name, surviving_content(file.synced, file.unsynced, random, twin.faults))
        return twin

    def flip_bit(self, random: Random, name: str) -> int:
        """Turn one bit of a file or blob, wherever it is stored; its place, counted in bits.

        Raises:
            KeyError: there is nothing of this name.
            ValueError: it is empty.
        """
        file = self._files.get(name)
        content = self._blobs[name] if file is None else file.content
        bit = random.randrange(8 * len(content))
        if file is None:
            flip_bit(content, bit)
        else:
            file.flip(bit)
        self.faults[FLIPPED_BIT] += 1
        return bit

    # --- inside -----------------------------------------------------------------------------------

    def _begin(self, kind: str, name: str) -> None:
        self.operations[kind] += 1
        if self.before_operation is not None:
            self.before_operation(kind, name)

    def _fill(self, file: StoredFile, offset: int, data: bytes, excess_bytes: int) -> None:
        """Write as many whole sectors as there is room for."""
        fitting_bytes = max(len(data) - excess_bytes, 0)
        fitting_bytes -= (offset + fitting_bytes) % SECTOR_BYTES
        if fitting_bytes > 0:
            file.change(Write(offset, data[:fitting_bytes]))

    def _full(self, name: str) -> OSError:
        self.faults[FULL] += 1
        return OSError(errno.ENOSPC, "there is no room on the disk", name)

    def _all_files(self) -> list[StoredFile]:
        """Every file that has a name, had one, or may have one after a power cut; some occur repeatedly."""
        changed = [file for _, file in self._unsynced_names if file is not None]
        return [*self._files.values(), *self._synced_files.values(), *changed]

    def _heir(self) -> "Disk":
        """A disk of the same make with the blobs, which are always synced, and no files yet."""
        twin = Disk(capacity_bytes=self.capacity_bytes, is_safe=self.is_safe)
        twin._blobs = {name: bytearray(blob) for name, blob in self._blobs.items()}
        twin.operations = self.operations.copy()
        twin.faults = self.faults.copy()
        twin._drawn = self._drawn
        return twin
