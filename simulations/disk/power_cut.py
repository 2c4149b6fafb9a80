"""What a power cut leaves of changes that were not synced.

The rules are those that SQLite is built for (https://www.sqlite.org/atomiccommit.html, section 2, and
https://www.sqlite.org/psow.html), on a file system that journals its metadata in order:

- What was synced is there.
- Of the writes since then any may be missing, whatever was written after them.
- A write is not atomic. A torn one has its sectors of 512 bytes up to a boundary, or from a boundary on:
  SQLite counts on neither direction.
- Bytes beside a write are never harmed ("powersafe overwrite", what SQLite takes every disk to do by
  default).
- A file's new size may be there before its new content, which then reads as zeros; old content of other files
  never shows.
- Truncations and names are metadata: of each sequence of them a beginning survives. What was written after a
  truncation that is lost went to places which the old file does not have, so it is lost as well.

That a sync of one file brings the metadata of others to the disk, as it does on ext4, is not relied on.
"""

from collections import Counter
from collections.abc import Sequence
from random import Random

from simulations.disk.stored_file import Change, Truncation, Write, apply

SECTOR_BYTES = 512
"""What a drive writes at once at least; drives with larger sectors tear less."""

LOST_WRITE = "lost write"
TORN_WRITE = "torn write"

_TORN_ELSEWHERE = 1 / 16
"""How often a write is torn that is not the last one: many are under way at once, most are whole."""


def surviving_content(
    synced: bytes | bytearray, unsynced: Sequence[Change], random: Random, faults: Counter[str]
) -> bytearray:
    """The content of a file after a power cut.

    Args:
        synced: What was on the disk when the file was last synced.
        unsynced: What was done to it since then, in order.
        random: Draws what survives.
        faults: Counts the lost and the torn writes.
    """
    content = bytearray(synced)
    reached = _before_a_truncation(unsynced, random)
    kept = _kept(reached, random)
    faults[LOST_WRITE] += sum(isinstance(change, Write) for change in unsynced)
    for position, change in enumerate(kept):
        survivor = change
        if isinstance(change, Write):
            faults[LOST_WRITE] -= 1
            is_last = position == len(kept) - 1
            survivor = _torn(change, random, 0.5 if is_last else _TORN_ELSEWHERE)
            faults[TORN_WRITE] += survivor is not change
        apply(content, survivor)
    return content


def surviving_prefix(length: int, random: Random) -> int:
    """How many of a number of changes to the names in a folder survive."""
    return random.randint(0, length)


def _before_a_truncation(changes: Sequence[Change], random: Random) -> Sequence[Change]:
    """The changes up to the first truncation that is lost; often none is."""
    cuts = [place for place, change in enumerate(changes) if isinstance(change, Truncation)]
    return changes[: random.choice([*cuts, len(changes)])]


def _kept(changes: Sequence[Change], random: Random) -> Sequence[Change]:
    """All, none, a beginning, or any of the writes; truncations stay in the last case, being metadata."""
    kept_part = random.choice((0.0, 0.1, 0.5, 0.9, 1.0))
    if random.random() < 0.5:
        return changes[: round(kept_part * len(changes))]
    return [change for change in changes if isinstance(change, Truncation) or random.random() < kept_part]


def _torn(write: Write, random: Random, probability: float) -> Write:
    """The beginning or the end of a write, cut at a sector boundary inside it; or the write itself."""
    end = write.offset + len(write.data)
    first_boundary = (write.offset // SECTOR_BYTES + 1) * SECTOR_BYTES
    boundaries = range(first_boundary, end, SECTOR_BYTES)
    if not boundaries or random.random() >= probability:
        return write
    boundary = random.choice(boundaries)
    if random.random() < 0.5:
        return Write(write.offset, write.data[: boundary - write.offset])
    return Write(boundary, write.data[boundary - write.offset :])
