"""The services of one open replica, joined: local database, keystore, guard and sync client."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field, replace

from syncore.core.arguments import check_text
from syncore.core.errors import (
    Closed,
    ConnectionFailed,
    InvalidInvitation,
    Misused,
    NotPermitted,
    ReadOnly,
    Refused,
)
from syncore.core.identifiers import DocumentKey, Incarnation, SpaceId, Writer, make_writer
from syncore.core.limits import MAX_INVITATION_USES
from syncore.core.ports import Clock, Connector, Entropy
from syncore.crypto.invitations import InvitationKeys, make_code, parse_code
from syncore.crypto.keys import ContentKey, DeviceKeys
from syncore.crypto.signing import verify
from syncore.protocol.control_payloads import Role
from syncore.protocol.refusal_codes import RefusalCode
from syncore.replica.digesting import space_digest
from syncore.replica.explaining import explain
from syncore.replica.explanations import Explanation
from syncore.replica.guarding import FileGuard
from syncore.replica.keystore import Keystore
from syncore.replica.local_replica import LocalReplica
from syncore.replica.permissions import check_space_kind
from syncore.replica.sharing import check_nothing_is_lost, check_nothing_lacks
from syncore.replica.space_keys import SpaceCipher
from syncore.sql.service import SqlService
from syncore.storage.document_rows import DocumentRows
from syncore.sync.addresses import relay_address, short_address
from syncore.sync.connection import RelayConnection
from syncore.sync.membership import FIRST_EPOCH, MAX_ATTEMPTS, NewSpace, accept, create_space, invite, resume
from syncore.sync.service import SyncService
from syncore.sync.space_presence import SpacePresence
from syncore.sync.status import SpaceStatus, Traffic

_INCARNATION_BYTES = 4
_INVITE_PAUSE_S = 0.2
_NO_KEYS = "the keys of this replica are not in its keystore: it can only be read"


@dataclass(slots=True)
class Services:
    """What a replica works with.

    Attributes:
        local: The local database.
        keystore: Its keys.
        guard: The guard against returns in time.
        sync: The sync client.
        sql: Queries in SQL.
        connector: Opens connections to relays.
        clock: Time.
        entropy: Randomness.
        is_syncing: Whether shared spaces are kept in sync.
        has_keys: Whether the keys of its shared spaces are here.
        has_returned_in_time: Whether the file was found to be a copy or an older state of itself.
        moved: Local numbers of spaces that were turned into others: the private one, when it was shared.
    """

    local: LocalReplica
    keystore: Keystore
    guard: FileGuard
    sync: SyncService
    sql: SqlService
    connector: Connector
    clock: Clock
    entropy: Entropy
    is_syncing: bool
    moved: dict[int, int] = field(default_factory=dict)
    has_keys: bool = True
    has_returned_in_time: bool = False
    _is_closed: bool = False
    _joining: asyncio.Lock = field(default_factory=asyncio.Lock)
    _begun: dict[asyncio.Task[int], None] = field(default_factory=dict)

    def current_number(self, number: int) -> int:
        """The local number that a space has now."""
        return self.moved.get(number, number)

    @property
    def is_closed(self) -> bool:
        """Whether closing has begun."""
        return self._is_closed

    def check_open(self) -> None:
        """Refuse what begins when the replica is closed.

        Raises:
            Closed: it is.
        """
        if self._is_closed:
            raise Closed("the replica is closed")

    async def start(self) -> None:
        """Compare the file with its guard, then begin to sync its shared spaces.

        A file with shared spaces whose keys are not here stays readable, and is not written.
        """
        shared = [state.number for state in self.local.spaces.values() if not state.is_private]
        if not shared or self.local.read_only_reason:
            return
        if await asyncio.to_thread(self.keystore.device) is None:
            self.local.read_only_reason = "the keys of the replica's shared spaces are not in its keystore"
            self.is_syncing = self.has_keys = False
            return
        self.has_returned_in_time = await self.guard.check()
        if self.is_syncing:
            for number in shared:
                self.sync.add(number)

    async def share(self, address: str) -> int:
        """Turn the private default space into a shared one at a relay; its local number."""
        self._check_writable()
        address = relay_address(address)
        async with self._joining:
            private = self.local.default_space
            check_space_kind(private, is_private=True)
            while private.build is not None:  # so that all is known of what documents lost
                await self.local.indexing.step()
                private = self.local.default_space
            await self.local.read(lambda sql: check_nothing_lacks(DocumentRows(sql, private.number)))
            await self.local.read(lambda sql: check_nothing_is_lost(sql, private.number))
            device = await asyncio.to_thread(self.keystore.device_or_new)
            async with await self._connect(address, device, None) as connection:
                made = await create_space(connection, device=device, address=address, entropy=self.entropy)
            number = await self._to_its_end(self._adopt_shared(made))
        await self._until_admitted(number)
        return number

    async def join(self, code: str, *, is_default: bool | None) -> int:
        """Join a space with an invitation code; its local number."""
        self._check_writable()
        check_text(code, "an invitation code", error=InvalidInvitation)
        invitation = parse_code(code)
        host = relay_address(invitation.host)
        async with self._joining:
            device = await asyncio.to_thread(self.keystore.device_or_new)
            made = await self._accept(host, invitation.keys, device)
            if self.local.space_by_id(made.id) is not None:
                raise Misused("this replica is in that space already")
            number = await self._to_its_end(self._adopt_joined(made, is_default=is_default))
        await self._until_admitted(number)
        return number

    async def invite(self, number: int, *, role: Role, uses: int, days_ms: int) -> str:
        """Make an invitation code for a space."""
        self._check_writable()
        if type(uses) is not int or not 1 <= uses <= MAX_INVITATION_USES:
            raise Misused(f"an invitation has 1 to {MAX_INVITATION_USES} uses, not {uses!r}")
        state = self.local.spaces[number]
        check_space_kind(state, is_private=False)
        if days_ms <= 0:
            raise Misused("an invitation lasts some time: days has to be more than 0")
        assert state.control is not None
        device = await asyncio.to_thread(self.keystore.device)
        content_key = await asyncio.to_thread(self.keystore.content_key, state.id, state.control.epoch)
        if device is None or content_key is None:
            raise NotPermitted("the keystore of this replica is missing")
        address = state.control.relay_addresses[0]
        relay_key = state.control.relay_key
        async with await self._connect(address, device, relay_key) as connection, connection.attended():
            for attempt in range(1, MAX_ATTEMPTS + 1):
                try:
                    keys = await invite(
                        connection,
                        state=self.local.spaces[number],
                        device=device,
                        content_key=content_key,
                        role=role,
                        uses=uses,
                        expires_ms=self.clock.now_ms() + days_ms,
                        entropy=self.entropy,
                    )
                except Refused as refusal:
                    if refusal.code != RefusalCode.CONFLICT.value or attempt == MAX_ATTEMPTS:
                        raise
                    await asyncio.sleep(_INVITE_PAUSE_S * attempt)  # the stream brings the other record
                else:
                    return make_code(keys.secret_bytes(), short_address(address))
        raise ConnectionFailed("the invitation could not be made")

    async def synced(self, number: int) -> None:
        """Wait until a space is synced."""
        if self.local.spaces[number].is_private:
            return
        self._check_syncing()
        await self.sync.synced(number)

    async def status_changed(self, since: int) -> None:
        """Wait until some status has changed since a revision of the sync client."""
        await self.sync.changed(since)

    def status(self, number: int) -> SpaceStatus:
        """How a space stands with its relay."""
        lacking = self.local.spaces[number].lacking_rules()
        status = replace(self.sync.status(number), lacking_rules=lacking)
        if self.has_keys or self.local.spaces[number].is_private:
            return status
        return replace(status, reason=_NO_KEYS)

    def can_sync(self, number: int) -> bool:
        """Whether a space is one that is kept in sync."""
        is_private = self.local.spaces[number].is_private
        return self.is_syncing and self.has_keys and not is_private and not self._is_closed

    def presence(self, number: int) -> SpacePresence:
        """Who is in a space; taking part in it begins with the first call."""
        if self.local.spaces[number].is_private:
            raise Misused("nobody else can be in a private space", hint="share() it first")
        self._check_syncing()
        return self.sync.presence(number)

    async def digest(self, number: int) -> bytes:
        """The digest of a space's content."""
        return await space_digest(self.local, number)

    async def explain(self, number: int, key: DocumentKey, field: str | None) -> Explanation:
        """Where what a field shows comes from, checked with the keys that are here."""
        state = self.local.spaces[number]
        epochs = range(FIRST_EPOCH, state.control.epoch + 1) if state.control is not None else ()
        found = {
            epoch: await asyncio.to_thread(self.keystore.content_key, state.id, epoch) for epoch in epochs
        }
        cipher = SpaceCipher({epoch: held for epoch, held in found.items() if held}, self.entropy)
        return await explain(self.local, number, key, field, cipher=cipher, verify=verify)

    async def collections(self, number: int) -> list[str]:
        """The names of a space's collections."""
        return await self.local.read(lambda sql: DocumentRows(sql, number).collections())

    async def close(self) -> None:
        """Stop syncing, then close the file."""
        self._is_closed = True
        await asyncio.gather(
            *self._begun, return_exceptions=True
        )  # raised to whoever began it, if still there
        await self.sync.close()
        await self.sql.close()
        await self.local.close()

    def _check_syncing(self) -> None:
        """Refuse what only a replica that syncs can do."""
        self.check_open()
        if not self.has_keys:
            raise ReadOnly(_NO_KEYS, hint="open it with the keystore that it was made with")
        if not self.is_syncing:
            raise Misused("syncing is switched off for this replica", hint="open it without sync=False")

    def _check_writable(self) -> None:
        """Refuse, before a relay hears of it, what could not be kept here."""
        self.check_open()
        if not self.has_keys:
            raise ReadOnly(_NO_KEYS, hint="open it with the keystore that it was made with")
        if self.local.read_only_reason:
            raise ReadOnly("the replica was opened read-only")

    async def _adopt_shared(self, made: NewSpace) -> int:
        """Turn the private space into the one that was made, and begin to sync it."""
        await asyncio.to_thread(self.keystore.add_content_key, made.id, FIRST_EPOCH, made.content_key)
        private = self.local.default_space.number
        state = await self.local.share_private(made.id, self._fresh_writer(made), control=made.control)
        self.moved[private] = state.number
        await self._begin(state.number)
        return state.number

    async def _adopt_joined(self, made: NewSpace, *, is_default: bool | None) -> int:
        """Add the space that was joined, and begin to sync it."""
        await asyncio.to_thread(self.keystore.add_content_key, made.id, FIRST_EPOCH, made.content_key)
        if is_default is None:
            is_default = await self._has_empty_default()
        writer = self._fresh_writer(made)
        state = await self.local.add_space(made.id, writer, is_default=is_default, control=made.control)
        await self._begin(state.number)
        return state.number

    async def _begin(self, number: int) -> None:
        await self.guard.write()
        if self.is_syncing and not self._is_closed:
            self.sync.add(number)

    async def _until_admitted(self, number: int) -> None:
        if self.is_syncing:
            await self.sync.admitted(number)

    async def _to_its_end(self, work: Coroutine[object, object, int]) -> int:
        """Carry out what only touches this device, also when the caller goes: half of it would be no use."""
        task = asyncio.ensure_future(work)
        self._begun[task] = None
        task.add_done_callback(self._begun.pop)
        return await asyncio.shield(task)

    async def _connect(self, address: str, device: DeviceKeys, relay_key: bytes | None) -> RelayConnection:
        try:
            return await RelayConnection.open(
                address,
                connector=self.connector,
                signer=device.signing,
                verify=verify,
                clock=self.clock,
                entropy=self.entropy,
                expected_relay_key=relay_key,
                traffic=Traffic(),
            )
        except ConnectionFailed as failure:
            hint = "this needs the relay, and nothing was changed; try again when it can be reached"
            raise ConnectionFailed(failure.message, hint=hint, **failure.details) from failure

    async def _accept(self, host: str, keys: InvitationKeys, device: DeviceKeys) -> NewSpace:
        """Accept an invitation, or find that the relay took an earlier acceptance and could not say so."""

        async def keep(space: SpaceId, content_key: ContentKey) -> None:
            await asyncio.to_thread(self.keystore.add_content_key, space, FIRST_EPOCH, content_key)
            await asyncio.to_thread(self.keystore.note_joining, keys.id, space)

        try:
            async with await self._connect(host, device, None) as connection, connection.attended():
                return await accept(
                    connection, keys=keys, device=device, entropy=self.entropy, before_accepting=keep
                )
        except InvalidInvitation as spent:
            space = await asyncio.to_thread(self.keystore.joining, keys.id)
            content_key = None if space is None else self.keystore.content_key(space, FIRST_EPOCH)
            if space is None or content_key is None:
                raise
            if self.local.space_by_id(space) is not None:
                raise Misused("this replica is in that space already") from spent
            async with await self._connect(host, device, None) as connection:
                try:
                    return await resume(connection, space=space, device=device, content_key=content_key)
                except Refused:
                    raise spent from None

    def _fresh_writer(self, made: NewSpace) -> Writer:
        incarnation = Incarnation(int.from_bytes(self.entropy.random_bytes(_INCARNATION_BYTES), "big"))
        return make_writer(made.index, incarnation)

    async def _has_empty_default(self) -> bool:
        default = self.local.default_space
        if not default.is_private:
            return False
        return await self.local.read(lambda sql: DocumentRows(sql, default.number).count()) == 0
