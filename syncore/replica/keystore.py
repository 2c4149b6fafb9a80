"""What a replica keeps outside its file: device keys, content keys, and the guard against returns in time.

Secrets are written once, each into a file of its own, and never rewritten. The guard is small and rewritten
often: it counts the segments that this replica has sealed, and remembers the head of every space's control
log, so that a file which was restored from an older copy is noticed before it writes under numbers that were
used already.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from syncore.codec.fields import as_array, as_bytes, as_integer
from syncore.codec.packing import pack, unpack
from syncore.core.errors import IntegrityError, Malformed, NotWritable
from syncore.core.identifiers import HASH_BYTES, KEY_BYTES, SpaceId
from syncore.core.limits import MIB
from syncore.core.ports import Entropy, KeyFiles
from syncore.crypto.keys import ContentKey, DeviceKeys

_DEVICE = "device"
_GUARD_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlPoint:
    """A place in a control log: the number of a record, and its link."""

    seq: int
    link: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """What the replica file must not be behind.

    Attributes:
        sealed: How many segments were sealed.
        control: The head of each space's control log.
    """

    sealed: int = 0
    control: Mapping[SpaceId, ControlPoint] = field(default_factory=dict)


class Keystore:
    """The keys of one replica, over its key files."""

    def __init__(self, files: KeyFiles, entropy: Entropy) -> None:
        """Read and write ``files``; new keys come from ``entropy``."""
        self._files = files
        self._entropy = entropy

    def device(self) -> DeviceKeys | None:
        """This replica's device keys, or None if it never had any or they are not here."""
        stored = self._files.read(_DEVICE)
        return None if stored is None else DeviceKeys.from_bytes(stored)

    def device_or_new(self) -> DeviceKeys:
        """This replica's device keys, made and stored now if there are none."""
        keys = self.device()
        if keys is not None:
            return keys
        fresh = DeviceKeys(self._entropy.random_bytes(DeviceKeys.SIZE_BYTES))
        try:
            self._files.write(_DEVICE, fresh.secret_bytes())
        except NotWritable:
            keys = self.device()  # somebody who was cancelled may have finished writing just now
            if keys is None:
                raise
            return keys
        return fresh

    def content_key(self, space: SpaceId, epoch: int) -> ContentKey | None:
        """The content key of an epoch, or None if it is not here."""
        stored = self._files.read(_content_key_name(space, epoch))
        return None if stored is None else ContentKey.from_bytes(stored)

    def add_content_key(self, space: SpaceId, epoch: int, key: ContentKey) -> None:
        """Store the content key of an epoch, unless it is stored already.

        Raises:
            IntegrityError: another key is stored for this epoch.
        """
        held = self.content_key(space, epoch)
        if held is None:
            self._files.write(_content_key_name(space, epoch), key.secret_bytes())
        elif held.commitment(space, epoch) != key.commitment(space, epoch):
            raise IntegrityError("the keystore holds another key for this space and epoch")

    def note_joining(self, invitation_id: bytes, space: SpaceId) -> None:
        """Keep which space an invitation leads to, before its relay is told that it is accepted."""
        if self.joining(invitation_id) is None:
            self._files.write(_joining_name(invitation_id), space)

    def joining(self, invitation_id: bytes) -> SpaceId | None:
        """The space of an invitation that this replica was about to accept, or None."""
        stored = self._files.read(_joining_name(invitation_id))
        return None if stored is None else SpaceId(stored)

    def guard(self) -> Guard | None:
        """The guard, or None when there is none.

        Raises:
            IntegrityError: it is damaged.
        """
        stored = self._files.read_guard()
        if stored is None:
            return None
        try:
            return _decode_guard(stored)
        except Malformed as error:
            raise IntegrityError(
                "the guard file is damaged", hint="remove it: the replica then starts anew"
            ) from error

    def write_guard(self, guard: Guard) -> None:
        """Replace the guard, durably. Blocks on the disk: call it off the event loop."""
        heads = tuple((space, point.seq, point.link) for space, point in sorted(guard.control.items()))
        self._files.write_guard(pack((_GUARD_VERSION, guard.sealed, heads)))


def _joining_name(invitation_id: bytes) -> str:
    return f"joining-{invitation_id.hex()}"


def _content_key_name(space: SpaceId, epoch: int) -> str:
    return f"content-{space.hex()}-{epoch}"


def _decode_guard(data: bytes) -> Guard:
    version, sealed, heads = as_array(
        unpack(data, what="the guard", max_bytes=MIB), what="the guard", length=3
    )
    as_integer(version, what="the guard's version", low=_GUARD_VERSION, high=_GUARD_VERSION)
    control = {}
    for head in as_array(heads, what="control heads"):
        space, seq, link = as_array(head, what="a control head", length=3)
        control[SpaceId(as_bytes(space, what="a space", length=KEY_BYTES))] = ControlPoint(
            seq=as_integer(seq, what="a number"), link=as_bytes(link, what="a link", length=HASH_BYTES)
        )
    return Guard(sealed=as_integer(sealed, what="a count"), control=control)
