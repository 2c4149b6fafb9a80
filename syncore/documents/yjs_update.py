"""Yjs updates (format v1), as far as text and lists of byte strings need it: bytes to data and back, exactly.

Owns: the part of the format that is accepted, and its one canonical order
(``docs/formats/rich-update.md``). Must not know: which update is allowed when
(:mod:`syncore.documents.rich_validity`), or pycrdt. Format: a list of sections, one per client, with the
structs that it made from one clock on, then the clocks that are deleted, by client.
https://github.com/yjs/yjs/blob/main/INTERNALS.md describes the whole.

The parts are named tuples and not dataclasses: decoding runs for every delta that arrives.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, NamedTuple

from syncore.core.errors import Malformed
from syncore.core.identifiers import Writer
from syncore.core.limits import MAX_COMMIT_BYTES, MAX_NAME_BYTES, MAX_STRUCT_CLOCK, MAX_STRUCTS_PER_UPDATE
from syncore.documents.yjs_primitives import UpdateReader, utf16_length, write_bytes, write_number

MAX_CLOCK: Final = MAX_STRUCT_CLOCK - 1
"""The greatest clock, and the greatest clock that a run of structs or a deleted range may end before."""

TEXT_ROOT: Final = "t:"
LIST_ROOT: Final = "l:"
"""What a root's name begins with: the field's name follows."""

DELETED, STRING, ANY = 1, 4, 8
"""The kinds of content that text and lists of byte strings are made of."""

_HAS_ORIGIN: Final = 0x80
_HAS_RIGHT_ORIGIN: Final = 0x40
_HAS_ORIGINS: Final = _HAS_ORIGIN | _HAS_RIGHT_ORIGIN
_KIND_BITS: Final = 0x3F  # with the flag for map keys (0x20), which no text or list has
_NAMED_ROOT: Final = 1
_BUFFER: Final = 116
_MAX_ROOT_BYTES: Final = MAX_NAME_BYTES + len(TEXT_ROOT)
_OTHER_KINDS: Final = {
    0: "a collected struct",
    2: "JSON",
    3: "binary",
    5: "an embed",
    6: "a format",
    7: "a nested type",
}
_OTHER_KINDS.update({9: "a document", 10: "a gap", 11: "a move"})


class StructId(NamedTuple):
    """The name of one unit of content (a UTF-16 code unit, a list item): who made it, and at which clock."""

    client: int
    clock: int


class Place(NamedTuple):
    """A place between two units that follow each other, deleted ones too; the last one has none behind it."""

    after: StructId
    before: StructId | None


class Struct(NamedTuple):
    """A run of content that one client made in one go.

    Attributes:
        clock: The clock of its first unit.
        length: How many clocks it takes.
        content: Text, list items, or None for content that was deleted before it was sent.
        origin: The unit that was to its left when it was made.
        right_origin: The unit that was to its right.
        root: The name of its root, where neither origin tells it; otherwise None.
    """

    clock: int
    length: int
    content: str | tuple[bytes, ...] | None
    origin: StructId | None
    right_origin: StructId | None
    root: str | None


class Section(NamedTuple):
    """The structs of one client, without a gap, from ``before`` to below ``after``."""

    client: int
    before: int
    after: int
    structs: tuple[Struct, ...]


class Deletions(NamedTuple):
    """The deleted clocks of one client, as (start, end) with the end excluded, rising, with room between."""

    client: int
    ranges: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Update:
    """A decoded update: sections with falling clients, deletions with rising ones, as pycrdt writes them."""

    sections: tuple[Section, ...]
    deletions: tuple[Deletions, ...]


def decode_update(data: bytes) -> Update:
    """Read the canonical encoding of an update.

    Raises:
        Malformed: anything else, and whatever text and lists of byte strings do not need.
    """
    if len(data) > MAX_COMMIT_BYTES:
        raise Malformed(f"a rich update is {len(data)} bytes long; {MAX_COMMIT_BYTES} are allowed")
    return _decode(data, MAX_STRUCTS_PER_UPDATE)


def decode_state(data: bytes) -> Update:
    """Read the update that holds a whole document: our own bytes, so only their length bounds them.

    Raises:
        Malformed: as :func:`decode_update`.
    """
    return _decode(data, len(data))


def decode_first_struct(data: bytes) -> Struct | None:
    """Read no further than the first struct of an update that pycrdt made; None where it has none.

    Raises:
        Malformed: as :func:`decode_update`, as far as it was read.
    """
    reader = UpdateReader(data)
    if reader.read_number(len(data)) == 0:
        return None
    reader.read_number(len(data))
    reader.read_client()
    return _read_struct(reader, reader.read_number(MAX_CLOCK))


def encode_update(update: Update) -> bytes:
    """The canonical bytes of an update; its parts must be in the order that :class:`Update` names."""
    out = bytearray()
    write_number(out, len(update.sections))
    for section in update.sections:
        write_number(out, len(section.structs))
        write_number(out, section.client)
        write_number(out, section.before)
        for struct in section.structs:
            _write_struct(out, struct)
    write_number(out, len(update.deletions))
    for client, ranges in update.deletions:
        write_number(out, client)
        write_number(out, len(ranges))
        for start, end in ranges:
            write_number(out, start)
            write_number(out, end - start)
    return bytes(out)


def encode_clocks(clocks: Mapping[Writer, int]) -> bytes:
    """A state vector: how far each client is held."""
    out = bytearray()
    write_number(out, len(clocks))
    for client, clock in clocks.items():
        write_number(out, client)
        write_number(out, clock)
    return bytes(out)


def section_of(update: Update, author: Writer) -> tuple[int, int] | None:
    """The author's clocks (before, after) in an update, or None where it has no structs of the author."""
    for section in update.sections:
        if section.client == author:
            return section.before, section.after
    return None


def builds_on(update: Update, author: Writer) -> dict[Writer, int]:
    """The least clocks of other writers that must be held before an update can be applied.

    A writer stands at the clock behind the last unit that the update names as an origin or deletes.
    """
    clocks: dict[Writer, int] = {}
    for section in update.sections:
        for struct in section.structs:
            for named in (struct.origin, struct.right_origin):
                if named is not None and named.client != author:
                    _raise_to(clocks, Writer(named.client), named.clock + 1)
    for client, ranges in update.deletions:
        if client != author:
            _raise_to(clocks, Writer(client), ranges[-1][1])
    return clocks


def _raise_to(clocks: dict[Writer, int], writer: Writer, clock: int) -> None:
    if clock > clocks.get(writer, 0):
        clocks[writer] = clock


def _decode(data: bytes, room: int) -> Update:
    reader = UpdateReader(data)
    sections, room = _read_sections(reader, room)
    deletions = _read_deletions(reader, room)
    reader.expect_end()
    return Update(sections, deletions)


def _read_sections(reader: UpdateReader, room: int) -> tuple[tuple[Section, ...], int]:
    """The sections, and how much of ``room`` (structs and deleted ranges in all) they leave."""
    sections: list[Section] = []
    for _ in range(reader.read_number(room)):
        count = reader.read_number(room)
        client = reader.read_client()
        if count == 0 or (sections and client >= sections[-1].client):
            raise Malformed("the sections of a rich update are empty or out of order")
        room -= count
        before = clock = reader.read_number(MAX_CLOCK)
        structs = []
        for _ in range(count):
            struct = _read_struct(reader, clock)
            clock += struct.length
            structs.append(struct)
        if clock > MAX_CLOCK:
            raise Malformed(f"a rich update reaches the clock {clock}; {MAX_CLOCK} is the greatest allowed")
        sections.append(Section(client, before, clock, tuple(structs)))
    return tuple(sections), room


def _read_struct(reader: UpdateReader, clock: int) -> Struct:
    info = reader.read_byte()
    origin = right_origin = root = None
    if info & _HAS_ORIGIN:
        origin = StructId(reader.read_client(), reader.read_number(MAX_CLOCK))
    if info & _HAS_RIGHT_ORIGIN:
        right_origin = StructId(reader.read_client(), reader.read_number(MAX_CLOCK))
    kind = info & _KIND_BITS
    if kind not in (DELETED, STRING, ANY):
        raise Malformed(f"a rich update holds {_OTHER_KINDS.get(kind, 'content of an unknown kind')}")
    if not info & _HAS_ORIGINS:
        root = _read_root(reader)
    content: str | tuple[bytes, ...] | None = None
    if kind == STRING:
        content = reader.read_text()
        length = utf16_length(content)
    elif kind == ANY:
        content = _read_items(reader)
        length = len(content)
    else:
        length = reader.read_number(MAX_CLOCK)
    if length == 0:
        raise Malformed("a rich update holds a struct without content")
    return Struct(clock, length, content, origin, right_origin, root)


def _read_root(reader: UpdateReader) -> str:
    if reader.read_number(_NAMED_ROOT) != _NAMED_ROOT:
        raise Malformed("a rich update holds content inside other content")
    root = reader.read_text()
    if len(root.encode()) > _MAX_ROOT_BYTES:
        raise Malformed(f"a root's name in a rich update is longer than {_MAX_ROOT_BYTES} bytes")
    return root


def _read_items(reader: UpdateReader) -> tuple[bytes, ...]:
    items = []
    for _ in range(reader.read_number(len(reader.data))):
        if reader.read_byte() != _BUFFER:
            raise Malformed("a rich update holds a list item that is not a byte string")
        items.append(reader.read_bytes())
    return tuple(items)


def _read_deletions(reader: UpdateReader, room: int) -> tuple[Deletions, ...]:
    deletions: list[Deletions] = []
    for _ in range(reader.read_number(room)):
        client = reader.read_client()
        count = reader.read_number(room)
        if count == 0 or (deletions and client <= deletions[-1].client):
            raise Malformed("the deletions of a rich update are empty or out of order")
        room -= count
        ranges = []
        least = 0
        for _ in range(count):
            start = reader.read_number(MAX_CLOCK)
            end = start + reader.read_number(MAX_CLOCK)
            if start < least or end == start or end > MAX_CLOCK:
                raise Malformed(
                    "a deleted range of a rich update is empty, out of order, or ends beyond the limit"
                )
            ranges.append((start, end))
            least = end + 1
        deletions.append(Deletions(client, tuple(ranges)))
    return tuple(deletions)


def merged_deletions(ranges: Iterable[tuple[int, int, int]]) -> tuple[Deletions, ...]:
    """Deleted ranges (client, start, end), given in any order, as an update holds them."""
    by_client: dict[int, list[tuple[int, int]]] = {}
    for client, start, end in sorted(ranges):
        merged = by_client.setdefault(client, [])
        if merged and start <= merged[-1][1]:
            start, end = merged[-1][0], max(end, merged.pop()[1])  # noqa: PLW2901 - two ranges become one
        merged.append((start, end))
    return tuple(Deletions(client, tuple(merged)) for client, merged in by_client.items())


def _write_struct(out: bytearray, struct: Struct) -> None:
    content = struct.content
    kind = DELETED if content is None else STRING if isinstance(content, str) else ANY
    origin, right_origin = struct.origin, struct.right_origin
    out.append(kind | (_HAS_ORIGIN if origin else 0) | (_HAS_RIGHT_ORIGIN if right_origin else 0))
    for named in (origin, right_origin):
        if named is not None:
            write_number(out, named.client)
            write_number(out, named.clock)
    if struct.root is not None:
        out.append(_NAMED_ROOT)
        write_bytes(out, struct.root.encode())
    if content is None:
        write_number(out, struct.length)
    elif isinstance(content, str):
        write_bytes(out, content.encode())
    else:
        write_number(out, len(content))
        for item in content:
            out.append(_BUFFER)
            write_bytes(out, item)
