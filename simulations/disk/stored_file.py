"""One file of a simulated disk: what a program sees of it, and what the disk would show after a power cut.

Owns the two contents and the changes that lie between them. Must not know names, folders or faults; what a
power cut makes of the changes is in :mod:`simulations.disk.power_cut`.
"""

from dataclasses import dataclass, field
from typing import NamedTuple


class Write(NamedTuple):
    """Bytes that were written at a place and not synced since."""

    offset: int
    data: bytes


class Truncation(NamedTuple):
    """A cut, or an extension with zeros, that was not synced since."""

    size_bytes: int


Change = Write | Truncation


@dataclass(slots=True, eq=False)
class StoredFile:
    """A file, which keeps its identity when it loses its name, like an inode.

    Attributes:
        content: What every program reads.
        synced: What was on the disk when it was synced last.
        unsynced: What leads from ``synced`` to ``content``, in the order in which it was done. Bounded by the
            checkpoints of the database above, each of which syncs both of its files.
        owner: Who has it locked, or None; ends with the life of the machine.
        is_safe: Whether its disk never loses power: then only ``content`` is kept.
    """

    content: bytearray = field(default_factory=bytearray)
    synced: bytearray = field(default_factory=bytearray)
    unsynced: list[Change] = field(default_factory=list)
    owner: object = None
    is_safe: bool = False

    def change(self, change: Change) -> None:
        """Change the content; the disk does not have it yet."""
        apply(self.content, change)
        if not self.is_safe:
            self.unsynced.append(change)

    def sync(self) -> None:
        """Bring every change to the disk."""
        for change in self.unsynced:
            apply(self.synced, change)
        self.unsynced.clear()

    def fail_to_sync(self) -> None:
        """Forget that there are changes to bring to the disk, as Linux does when they could not be written.

        Programs go on reading them, and a later sync succeeds without them (Rebello et al., "Can applications
        recover from fsync failures?", 2020).
        """
        self.unsynced.clear()

    def copy(self) -> "StoredFile":
        """The same file, for another life of the machine."""
        copies = bytearray(self.content), bytearray(self.synced), list(self.unsynced)
        return StoredFile(*copies, is_safe=self.is_safe)

    def flip(self, bit: int) -> None:
        """Turn one bit of the content, and of what is on the disk if it has one there."""
        flip_bit(self.content, bit)
        if bit < 8 * len(self.synced):
            flip_bit(self.synced, bit)


def stored(content: bytes | bytearray, *, is_safe: bool = False) -> StoredFile:
    """A file that is on the disk as it is."""
    return StoredFile(bytearray(content), bytearray() if is_safe else bytearray(content), is_safe=is_safe)


def apply(content: bytearray, change: Change) -> None:
    """Do a write or a truncation; what lies between the old end and a write beyond it reads as zeros."""
    if isinstance(change, Write):
        missing_bytes = change.offset - len(content)
        if missing_bytes > 0:
            content.extend(bytes(missing_bytes))
        content[change.offset : change.offset + len(change.data)] = change.data
    elif change.size_bytes < len(content):
        del content[change.size_bytes :]
    else:
        content.extend(bytes(change.size_bytes - len(content)))


def flip_bit(content: bytearray, bit: int) -> None:
    """Turn one bit, counted from the lowest one of the first byte."""
    content[bit // 8] ^= 1 << bit % 8
