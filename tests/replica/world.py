"""A small deterministic world: real replicas on real SQLite files, and a relay that is a list in memory.

The relay judges with the code of the real one; the replicas run the real sync code over a connection that
calls the relay directly. Nothing else is faked: files are copied, restored and reopened as files.
"""

import random
import shutil
from collections.abc import Awaitable, Callable, Sequence
from copy import copy
from dataclasses import dataclass, field
from pathlib import Path

from syncore.adapters.memory_key_files import MemoryKeyFiles
from syncore.adapters.sqlite_inline import open_inline_database
from syncore.core.identifiers import DeviceIndex, Incarnation, SpaceId, Writer, make_writer
from syncore.core.ports import Database, Durability, KeyFiles
from syncore.crypto.invitations import InvitationKeys
from syncore.crypto.keys import ContentKey, DeviceKeys
from syncore.crypto.signing import SigningKey, verify
from syncore.documents.resolvers import Resolver
from syncore.protocol.admission import Accept, judge_segment
from syncore.protocol.client_events import ItemsReceived, OwnUpload, ReceivedItem, SpaceOpened
from syncore.protocol.control_log import ControlLog
from syncore.protocol.control_payloads import ANY_PRINCIPAL, Admit, Genesis, Invite, NameRelay, Role
from syncore.protocol.control_records import (
    BY_INVITATION,
    Acceptance,
    AcceptedRecord,
    ControlRecord,
    accept_record,
    accepted_genesis,
    sign_record,
)
from syncore.protocol.messages import OpenOutcome
from syncore.protocol.ports import Head
from syncore.protocol.receipts import Cursor, extend_log, make_generation, start_of_log
from syncore.protocol.segments import Segment
from syncore.replica.collection import Collection
from syncore.replica.guarding import FileGuard
from syncore.replica.inbox import ConflictInbox
from syncore.replica.keystore import Keystore
from syncore.replica.local_replica import LocalReplica
from syncore.replica.space_keys import SpaceCipher, SpaceKeys, SpacePresenceCipher
from syncore.replica.space_state import SpaceState
from syncore.replica.transaction import Transaction
from syncore.schema.validators import Validator
from syncore.storage.schema import APPLICATION_ID
from syncore.sync.space_sync import SpaceSync
from syncore.sync.unlocking import GENESIS_SPACE


class SeededEntropy:
    """Random bytes from a seed."""

    def __init__(self, seed: str) -> None:
        """Draw from the generator of that seed."""
        self._random = random.Random(seed)

    def random_bytes(self, size_bytes: int) -> bytes:
        """The next bytes."""
        return self._random.randbytes(size_bytes)


class SteppingClock:
    """A clock that moves on by a millisecond whenever somebody looks."""

    def __init__(self) -> None:
        self.time_ms = 1_700_000_000_000

    def now_ms(self) -> int:
        """A millisecond later than last time."""
        self.time_ms += 1
        return self.time_ms

    def monotonic_ms(self) -> int:
        """The same clock."""
        return self.now_ms()


class ListRelay:
    """A relay's log of one space, in memory, with the real relay's judgement."""

    def __init__(
        self, devices: list[DeviceKeys], content_key: ContentKey, roles: list[Role] | None = None
    ) -> None:
        self.signer = SigningKey(b"R" * 32)
        self.generation = make_generation(1, bytes(8))
        self.items: list[tuple[bytes, Segment | AcceptedRecord]] = []
        self._hashes: dict[tuple[Writer, int], bytes] = {}
        self._heads: dict[Writer, Head] = {}
        genesis = accepted_genesis(
            sign_record(
                ControlRecord(
                    space=SpaceId(GENESIS_SPACE),
                    seq=0,
                    prev=bytes(32),
                    author=0,
                    payload=Genesis(
                        salt=bytes(16),
                        signing_key=devices[0].signing.public,
                        box_key=devices[0].box.public,
                        principal=b"p" * 16,
                        commitment=content_key.commitment(GENESIS_SPACE, 1),
                    ),
                ),
                devices[0].signing,
            )
        )
        self.space = genesis.signed.space
        self.control = ControlLog(self.space)
        self._add_control(genesis)
        relay = NameRelay(relay_key=self.signer.public, addresses=("ws://127.0.0.1:1",))
        self._write_control(relay, 0, devices[0].signing)
        for number, device in enumerate(devices[1:], start=1):
            role = Role.WRITER if roles is None else roles[number]
            self._admit(number, device, devices[0], role)

    def hash_at(self, writer: Writer, number: int) -> bytes | None:
        """The hash of the segment that ends with a commit."""
        return self._hashes.get((writer, number))

    def head(self, writer: Writer) -> Head | None:
        """The end of a writer's chain."""
        return self._heads.get(writer)

    def offer(self, segment: Segment) -> str:
        """Append a segment if it is admissible; the refusal's code otherwise, or an empty string."""
        judgement = judge_segment(segment, control=self.control, index=self)
        if isinstance(judgement, Accept):
            verify(judgement.keys[0], "segment", segment.hash, segment.signature)
            self.append_unjudged(segment)
            return ""
        code = getattr(judgement, "code", None)
        return code.value if code else ""

    def append_unjudged(self, segment: Segment) -> None:
        """Append whatever it is, as a relay in league with its author would."""
        header = segment.header
        self.items.append((segment.hash, segment))
        self._hashes[header.writer, header.last] = segment.hash
        self._heads[header.writer] = Head(header.last, segment.hash)

    def cursor_at(self, offset: int) -> Cursor:
        """Where a reader stands that has read up to an offset."""
        running = start_of_log(self.space, self.generation)
        for position, (digest, _) in enumerate(self.items[:offset], start=1):
            running = extend_log(running, position, digest)
        return Cursor(generation=self.generation, offset=offset, running_hash=running)

    @property
    def segments(self) -> list[Segment]:
        """The segments of the log, in its order."""
        return [content for _, content in self.items if isinstance(content, Segment)]

    def with_order(self, segments: Sequence[Segment]) -> "ListRelay":
        """A relay of the same space whose log holds these segments in this order, behind the control log."""
        twin = copy(self)
        twin.items = [item for item in self.items if isinstance(item[1], AcceptedRecord)]
        twin._hashes, twin._heads = {}, {}  # noqa: SLF001 - its own class
        for segment in segments:
            twin.append_unjudged(segment)
        return twin

    def _admit(self, number: int, device: DeviceKeys, owner: DeviceKeys, role: Role) -> None:
        keys = InvitationKeys(bytes([number]) * 13)
        invite = Invite(
            id=keys.id,
            signing_key=keys.signing.public,
            box_key=keys.box.public,
            role=role,
            uses=1,
            expires_ms=2**46,
            principal=ANY_PRINCIPAL,
        )
        self._write_control(invite, 0, owner.signing)
        admit = Admit(
            invitation_id=keys.id,
            signing_key=device.signing.public,
            box_key=device.box.public,
            principal=bytes([number]) * 16,
        )
        self._write_control(admit, BY_INVITATION, keys.signing, device.signing)

    def _write_control(self, payload: NameRelay | Invite | Admit, author: int, *signers: SigningKey) -> None:
        record = ControlRecord(
            space=self.space,
            seq=self.control.head_seq + 1,
            prev=self.control.head_link,
            author=author,
            payload=payload,
        )
        acceptance = Acceptance(generation=self.generation, offset=len(self.items) + 1, time_ms=1)
        self._add_control(accept_record(sign_record(record, *signers), acceptance, signer=self.signer))

    def _add_control(self, accepted: AcceptedRecord) -> None:
        self.control.append(accepted, verify=verify)
        self.items.append((accepted.link, accepted))


class ListConnection:
    """What the sync code sees of a connection: requests go straight to the relay."""

    def __init__(self, relay: ListRelay) -> None:
        """Connect to a relay."""
        self.session = self
        self.uploads: set[bytes] = set()
        self.refusals: list[str] = []
        self.opened_at: Cursor | None = None
        self.is_deaf = False
        self.has_room = True
        self._relay = relay

    def open_space(
        self,
        _space: SpaceId,
        *,
        cursor: Cursor | None,
        receipt: bytes,  # noqa: ARG002 - the session's interface
        control_seq: int,  # noqa: ARG002 - the same
    ) -> int:
        """Note where the replica wants to go on."""
        self.opened_at = cursor
        return 1

    def append_segment(self, segment: Segment) -> int:
        """Offer an upload to the relay; a deaf connection swallows it."""
        if self.is_deaf:
            return 2
        code = self._relay.offer(segment)
        if code:
            self.refusals.append(code)
        else:
            self.uploads.add(segment.hash)
        return 2

    async def flush(self) -> None:
        """Nothing is queued."""


async def open_inline(path: Path) -> Database:
    """The file at ``path``, written on this thread."""
    return open_inline_database(path, application_id=APPLICATION_ID)


@dataclass
class Device:
    """One replica file with its keystore, and the sync code on top of it."""

    relay: ListRelay
    path: Path
    keys: DeviceKeys
    content_key: ContentKey
    name: str
    index: int
    files: MemoryKeyFiles = field(default_factory=MemoryKeyFiles)
    edits: set[str] = field(default_factory=set)
    clock: SteppingClock = field(default_factory=SteppingClock)
    lives: int = 0
    key_files: KeyFiles | None = None
    open_file: Callable[[Path], Awaitable[Database]] = open_inline
    resolvers: tuple[Resolver, ...] = ()
    validators: tuple[Validator, ...] = ()

    async def open(self) -> None:
        """Open the file, as a program does when it starts."""
        self.lives += 1
        database = await self.open_file(self.path)
        entropy = SeededEntropy(f"{self.name}/{self.lives}")
        self.local = await LocalReplica.open(
            database, self.clock, entropy, resolvers=self.resolvers, validators=self.validators
        )
        self.keystore = Keystore(self.key_files or self.files, entropy)
        self.guard = FileGuard(self.local, self.keystore)
        state = self.local.space_by_id(self.relay.space)
        if state is None:
            (self.key_files or self.files).write("device", self.keys.secret_bytes())
            self.keystore.add_content_key(self.relay.space, 1, self.content_key)
            incarnation = Incarnation(int.from_bytes(entropy.random_bytes(4), "big"))
            writer = make_writer(DeviceIndex(self.index), incarnation)
            control = [content for _, content in self.relay.items if isinstance(content, AcceptedRecord)]
            state = await self.local.add_space(self.relay.space, writer, is_default=True, control=control)
            await self.guard.write()
        self.has_returned = await self.guard.check()
        self.number = state.number
        self.sync = SpaceSync(
            replica=self.local,
            number=self.number,
            keystore=self.keystore,
            guard=self.guard,
            cipher=SpaceCipher,
            changed=lambda: None,
        )

    @property
    def state(self) -> SpaceState:
        """The shared space in memory."""
        return self.local.spaces[self.number]

    @property
    def sync_keys(self) -> SpaceKeys:
        """What this device seals and opens with."""
        cipher = SpaceCipher({1: self.content_key}, SeededEntropy(f"{self.name} cipher"))
        presence = SpacePresenceCipher({1: self.content_key}, SeededEntropy(f"{self.name} presence"))
        return SpaceKeys(cipher=cipher, presence=presence, signer=self.keys.signing, verify=verify)

    async def close(self) -> None:
        """Close the file, as a program does when it ends."""
        await self.local.close()

    async def reopen(self) -> None:
        """Close the file and open it again."""
        await self.close()
        await self.open()

    def collection(self, name: str) -> Collection:
        """A collection of the shared space."""
        return Collection(self.local, lambda: self.number, name)

    @property
    def inbox(self) -> ConflictInbox:
        """The conflicts of the shared space."""
        return ConflictInbox(self.local, lambda: self.number)

    def transaction(self) -> Transaction:
        """A transaction over the shared space."""
        return Transaction(self.local, lambda: self.number, Durability.NORMAL)

    async def pull(self, *, connection: ListConnection | None = None, step: int = 1000) -> ListConnection:
        """Catch up with the relay's log, ``step`` items at a time."""
        if connection is None:
            connection = ListConnection(self.relay)
            self.sync.open_on(connection)  # type: ignore[arg-type]  # stands for a RelayConnection
            at = connection.opened_at or self.relay.cursor_at(0)
            outcome = OpenOutcome.RESUMED if connection.opened_at else OpenOutcome.FROM_START
            head = self.relay.cursor_at(len(self.relay.items))
            await self.sync.on_opened(
                SpaceOpened(request_id=1, space=self.relay.space, cursor=at, head=head, outcome=outcome)
            )
        while (offset := self.local.spaces[self.number].row.log_offset) < len(self.relay.items):
            await self.sync.on_items(
                self._items(offset, min(offset + step, len(self.relay.items)), connection)
            )
        return connection

    async def exchange(self, *, step: int = 1000, rounds: int = 20) -> ListConnection:
        """Catch up, upload, and take in what comes of it, until nothing is left to do."""
        connection = await self.pull(step=step)
        for _ in range(rounds):
            await self.sync.push()
            await self.pull(connection=connection, step=step)
            if not self.local.spaces[self.number].pending_count:
                return connection
        message = f"{self.name} still has pending commits; refusals: {connection.refusals}"
        raise AssertionError(message)

    async def snapshot(self, target: Path) -> tuple[Path, set[str]]:
        """A copy of the file as a backup program takes it, and what edits are in it."""
        await self.local.flush()
        await self.close()
        shutil.copy(self.path, target)
        await self.open()
        return target, set(self.edits)

    def _items(self, start: int, end: int, connection: ListConnection) -> ItemsReceived:
        items = tuple(
            ReceivedItem(
                offset=offset,
                hash=digest,
                content=OwnUpload(hash=digest) if digest in connection.uploads else content,
                request_id=None,
            )
            for offset, (digest, content) in enumerate(self.relay.items[start:end], start=start + 1)
        )
        return ItemsReceived(
            space=self.relay.space,
            items=items,
            cursor=self.relay.cursor_at(end),
            receipt=None,
            is_caught_up=end == len(self.relay.items),
        )


def make_world(
    folder: Path, seed: str, count: int, roles: list[Role] | None = None
) -> tuple[ListRelay, list[Device]]:
    """A relay and ``count`` devices that are members of one space, none of them open yet."""
    entropy = SeededEntropy(seed)
    content_key = ContentKey(entropy.random_bytes(32))
    keys = [DeviceKeys(entropy.random_bytes(64)) for _ in range(count)]
    relay = ListRelay(keys, content_key, roles)
    return relay, [
        Device(relay, folder / f"{index}.db", keys[index], content_key, f"{seed}-{index}", index)
        for index in range(count)
    ]
