"""Names of things: writers, dots, spaces, documents. Sizes are checked where bytes become names."""

from typing import NamedTuple, NewType

from syncore.core.errors import InvalidName
from syncore.core.limits import MAX_DEVICES, MAX_NAME_BYTES

SpaceId = NewType("SpaceId", bytes)
"""32 bytes: the hash of the space's genesis record. The private space has the 32 zero bytes of
``PRIVATE_SPACE``."""
DeviceIndex = NewType("DeviceIndex", int)
"""0 .. 2**21 - 2: the order in which the control log admitted the device."""
Incarnation = NewType("Incarnation", int)
"""32 random bits: one life of a replica file in a space."""
Writer = NewType("Writer", int)
"""53 bits: device index << 32 | incarnation."""
CommitId = NewType("CommitId", bytes)
"""8 random bytes, the same in every copy and after every re-keying of a commit."""

PRIVATE_SPACE = SpaceId(bytes(32))
NOT_ADMITTED = DeviceIndex(MAX_DEVICES)
RESERVED = "$"
"""What the names of syncore's own collections begin with."""
SETTINGS = "$settings"
"""The collection whose documents are the settings of the others, under their names."""
INCARNATION_BITS = 32
WRITER_BITS = 53
COMMIT_ID_BYTES = 8
HASH_BYTES = 32
KEY_BYTES = 32


class Dot(NamedTuple):
    """The name of an operation: who, and in which of the writer's commits (from 1)."""

    writer: Writer
    number: int


class DocumentKey(NamedTuple):
    """Where a document lives within a space."""

    collection: str
    id: str
    edition: int = 0


def make_writer(index: DeviceIndex, incarnation: Incarnation) -> Writer:
    """Join a device index and an incarnation into a writer number."""
    assert 0 <= index < MAX_DEVICES
    assert 0 <= incarnation < 1 << INCARNATION_BITS
    return Writer(index << INCARNATION_BITS | incarnation)


def device_index(writer: Writer) -> DeviceIndex:
    """The device index inside a writer number."""
    return DeviceIndex(writer >> INCARNATION_BITS)


def check_name(name: str, what: str) -> str:
    """Return ``name`` if it may name a collection, document or field.

    Raises:
        InvalidName: it is not a str, is empty, too long, not valid Unicode, or holds a control character.
    """
    if type(name) is not str:
        raise InvalidName(f"{what} must be a str, not {type(name).__name__}")
    problem = name_problem(name)
    if problem:
        raise InvalidName(
            f"{what} {name[:40]!r} {problem}", hint=f"1 to {MAX_NAME_BYTES} bytes of UTF-8, printable"
        )
    return name


def check_collection(name: str) -> str:
    """Return ``name`` if it may name a collection of a program.

    Raises:
        InvalidName: it may not name anything, or is kept for syncore itself.
    """
    check_name(name, "a collection name")
    if is_reserved(name):
        raise InvalidName(
            f"collection names that begin with {RESERVED} are kept for syncore: {name[:40]!r}",
            hint="choose another first character; for settings there are settings() and configure()",
        )
    return name


def is_reserved(collection: str) -> bool:
    """Whether a collection is syncore's own, such as the one that holds the settings of the others."""
    return collection.startswith(RESERVED)


def name_problem(name: str) -> str:
    """Why ``name`` is not allowed as a name, or the empty string."""
    if not name:
        return "is empty"
    if len(name) <= MAX_NAME_BYTES and name.isascii() and name.isprintable():
        return ""  # nearly every name, and nothing below can find fault with it
    try:
        size_bytes = len(name.encode())
    except UnicodeEncodeError:
        return "is not valid Unicode"
    if size_bytes > MAX_NAME_BYTES:
        return f"is longer than {MAX_NAME_BYTES} bytes"
    if any(character < " " or character == "\x7f" for character in name):
        return "holds a control character"
    return ""
