"""How far the documents of a space were looked at since something else is asked of them together.

Pure. While a build goes on every document has facts: those that were taken when it was looked at or written
last, be it by the settings before; and one that was never taken is there or not, names nobody and claims
nothing. So at every moment the standings are what evaluation finds in facts, and none goes back.
"""

from dataclasses import dataclass
from enum import IntEnum

from syncore.codec.fields import as_array, as_integer, as_text
from syncore.codec.packing import Packed, Unpacked, pack, unpack
from syncore.core.errors import IntegrityError, Malformed
from syncore.core.identifiers import DocumentKey

_WHAT = "how far constraints are built"
_MAX_BYTES = 1_000_000_000
"""What SQLite can hold in one value: one name for each collection that is looked at."""
_MAX_NAME_BYTES = 65_536


class BuildStage(IntEnum):
    """What is done with documents."""

    LOOKING = 0
    """They get the facts that the settings ask for."""
    SWEEPING = 1
    """Those of which nothing is asked any more, and whom nobody names by now, are forgotten."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConstraintBuild:
    """How far it is.

    Attributes:
        collections: Whose documents are looked at, sorted.
        until: The last row that there was when it began; later documents were looked at when they came.
        stage: What is done.
        place: The last document that it was done with; None for none.
        looked_at: How many documents were looked at.
        total: How many there were when it began.
    """

    collections: tuple[str, ...]
    until: int
    total: int
    stage: BuildStage = BuildStage.LOOKING
    place: DocumentKey | None = None
    looked_at: int = 0

    def is_waiting(self, key: DocumentKey, row: int) -> bool:
        """Whether a document is still to be looked at."""
        is_ahead = self.place is None or key > self.place
        return (
            self.stage is BuildStage.LOOKING
            and is_ahead
            and row <= self.until
            and key.collection in self.collections
        )


def encode_build(build: ConstraintBuild) -> bytes:
    """A build as it is stored (``docs/formats/replica-file.md``)."""
    place: Packed = None if build.place is None else list(build.place)
    return pack([list(build.collections), build.until, build.total, int(build.stage), place, build.looked_at])


def decode_build(data: bytes) -> ConstraintBuild:
    """The build that ``data`` encodes.

    Raises:
        IntegrityError: it encodes none, or one of a later version.
    """
    try:
        parts = as_array(unpack(data, what=_WHAT, max_bytes=_MAX_BYTES), what=_WHAT, length=6)
        collections, until, total, stage, place, looked_at = parts
        return ConstraintBuild(
            collections=tuple(_name(one) for one in as_array(collections, what=_WHAT)),
            until=as_integer(until, what=_WHAT),
            total=as_integer(total, what=_WHAT),
            stage=BuildStage(as_integer(stage, what=_WHAT, high=len(BuildStage) - 1)),
            place=None if place is None else _place(as_array(place, what=_WHAT, length=3)),
            looked_at=as_integer(looked_at, what=_WHAT),
        )
    except Malformed as error:
        raise IntegrityError(f"{_WHAT} is damaged, or of a later version", what=_WHAT) from error


def _place(parts: tuple[Unpacked, ...]) -> DocumentKey:
    collection, id_, edition = parts
    return DocumentKey(_name(collection), _name(id_), as_integer(edition, what=_WHAT))


def _name(structure: Unpacked) -> str:
    return as_text(structure, what=_WHAT, max_bytes=_MAX_NAME_BYTES)
