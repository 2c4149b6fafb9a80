"""A space as programs see it: its collections, its members, and how it stands with its relay."""

from collections.abc import AsyncGenerator, AsyncIterator
from typing import overload

from syncore.core.arguments import check_number, check_text
from syncore.core.errors import Misused
from syncore.core.identifiers import is_reserved
from syncore.core.ports import Durability
from syncore.documents.rules import CollectionRules
from syncore.engine.collection import Collection
from syncore.engine.presence import Presence
from syncore.engine.services import Services
from syncore.protocol.control_payloads import Role
from syncore.replica.conflicts import Conflict
from syncore.replica.explanations import Explanation
from syncore.replica.inbox import ConflictInbox
from syncore.replica.invalid import InvalidDocument, list_invalid, watch_invalid
from syncore.replica.model_collection import M, ModelCollection
from syncore.replica.space_state import SpaceState
from syncore.replica.transaction import Transaction, key_of
from syncore.replica.views import Document
from syncore.replica.watching import ChangeStream
from syncore.sql.rows import SqlRows
from syncore.sql.service import DEFAULT_TIMEOUT_S, Parameters
from syncore.sync.status import SpaceStatus

DAY_MS = 24 * 60 * 60 * 1000
MAX_INVITATION_DAYS = 3_650
"""Ten years: a code that is written down and forgotten should end at some time."""


class Space:
    """One space of an open replica.

    Programs get it from ``replica.space``, ``replica.spaces``, ``replica.share()`` and ``replica.join()``.
    """

    def __init__(self, services: Services, number: int) -> None:
        """Stand for the space with that local number."""
        self._services = services
        self._number = number

    def __repr__(self) -> str:
        """The kind and the beginning of the id."""
        return "<Space private>" if self.is_private else f"<Space {self.id[:8]}>"

    def __eq__(self, other: object) -> bool:
        """Whether both are the same space of the same open replica."""
        if not isinstance(other, Space):
            return NotImplemented
        return self._services is other._services and self._state is other._state

    def __hash__(self) -> int:
        """By identity of the space."""
        return hash((id(self._services), self._number))

    @property
    def id(self) -> str:
        """The space's id as 64 hexadecimal digits; zeros for the private space."""
        return self._state.id.hex()

    @property
    def is_private(self) -> bool:
        """Whether nobody else can ever see this space, because it was not shared."""
        return self._state.is_private

    @property
    def relay(self) -> str | None:
        """The address of the space's relay, or None for a private space."""
        control = self._state.control
        return control.relay_addresses[0] if control is not None and control.relay_addresses else None

    @property
    def relay_key(self) -> str | None:
        """The relay's public key as hexadecimal digits, to compare with what its operator says."""
        control = self._state.control
        return control.relay_key.hex() if control is not None and control.relay_key else None

    @overload
    def collection(self, name: str) -> Collection: ...

    @overload
    def collection(self, name: type[M]) -> ModelCollection[M]: ...

    def collection(self, name: str | type[M]) -> Collection | ModelCollection[M]:
        """A collection of the space, by its name or by its model; it need not exist yet.

        Raises:
            Misused: another model with other fields was used for that collection, or it is no model.
            InvalidName: no collection can be called so.
        """
        if isinstance(name, str):
            return Collection(self._services.local, self._local_number, name)
        return ModelCollection(self._services.local, self._local_number, name)

    def transaction(self, *, durability: Durability | str = Durability.NORMAL) -> Transaction:
        """A transaction over documents of this space, for ``async with``."""
        return Transaction(self._services.local, self._local_number, durability)

    def watch(self) -> ChangeStream:
        """The changes of all collections that are committed from now on, here or by other devices."""
        return self._services.local.hub.open(
            self._local_number(), lambda change: not is_reserved(change.collection)
        )

    async def conflicts(self, collection: str | None = None, *, resolved: bool = False) -> list[Conflict]:
        """The conflict inbox: what was written at once, and waits for somebody to decide.

        Args:
            collection: Only those of one collection.
            resolved: Also those that the rules of their fields settle, such as a lower value under ``max``.

        Returns:
            By collection and document; a document's deletion first, then its fields by name.
        """
        return await self._inbox.conflicts(collection, resolved=resolved)

    def watch_conflicts(self, collection: str | None = None) -> AsyncGenerator[list[Conflict], None]:
        """The conflicts that wait for somebody to decide: now, and all of them again whenever they change."""
        return self._inbox.watch(collection)

    async def invalid(self, collection: str | None = None) -> list[InvalidDocument]:
        """The documents that do not fit the schema or the validators of their collections.

        This device writes none; they come about when others, or older versions of a program, write without
        knowing the schema, when merging makes them of writes that fit, and when a schema changes.

        Args:
            collection: Only those of one collection.

        Returns:
            By collection and id, each with what is wrong with it.
        """
        return await list_invalid(self._services.local, self._local_number(), collection)

    def watch_invalid(self, collection: str | None = None) -> AsyncGenerator[list[InvalidDocument], None]:
        """The documents that do not fit: now, and all of them again whenever that changes."""
        return watch_invalid(self._services.local, self._local_number, collection)

    async def settings(self) -> dict[str, CollectionRules]:
        """The settings of every collection that has any, by its name; see :meth:`Collection.settings`."""
        return dict(sorted(self._state.rules.items()))

    @property
    def presence(self) -> Presence:
        """Who is here now, and what they show: fleeting, and never stored."""
        return Presence(self._services, self._local_number)

    async def collections(self) -> list[str]:
        """The names of the collections that have documents, sorted."""
        return await self._services.collections(self._local_number())

    async def sql(
        self,
        query: str,
        parameters: Parameters = (),
        *,
        limit: int | None = None,
        timeout_s: float = DEFAULT_TIMEOUT_S,
    ) -> SqlRows:
        """Query the space in SQL: a table for each collection, its columns the fields and ``_id``.

        The query can only read, and sees one snapshot with every commit that was returned before. The
        conflict inbox is the table ``conflicts``.

        Args:
            query: One statement in SQLite's SQL.
            parameters: Values for ``?``, or a mapping for ``:name``.
            limit: Return at most so many rows; ``is_complete`` says whether there were more.
            timeout_s: Stop the query after so many seconds.

        Raises:
            Misused: the query is wrong, wants to write, or takes too long.
            TooLarge: more than 100,000 rows without a ``limit``, or too many bytes.
            InvalidValue: a parameter is nothing that a field could hold.
        """
        return await self._services.sql.query(
            self._local_number(), query, parameters, limit=limit, timeout_s=timeout_s
        )

    async def digest(self) -> str:
        """A digest of the whole content: equal on two replicas exactly when they hold the same."""
        return (await self._services.digest(self._local_number())).hex()

    async def explain(self, document: Document | tuple[str, str], field: str | None = None) -> Explanation:
        """Where what a field shows comes from: who wrote it, when, signed by which key, and why it is shown.

        Of a document that was deleted it is who deleted it, whatever field was asked about.

        Every signature is checked on the spot against the segments that this file holds, with no network.
        What does not fit is in ``problems``; an explanation never hides it.

        Args:
            document: The document, or its (collection, id).
            field: One of its fields; None for the document itself: whether it was deleted, and by whom.

        Raises:
            DocumentNotFound: there never was a document there, as far as this replica knows.
            InvalidChange: it has no such field; the hint names those that it has.
            IntegrityError: what is stored of it is damaged.
        """
        return await self._services.explain(self._local_number(), key_of(document), field)

    async def invite(self, *, role: str = "writer", uses: int = 1, days: float = 7) -> str:
        """Make an invitation code.

        Args:
            role: What the new device may do: ``reader``, ``writer``, ``admin`` or ``owner``.
            uses: How many devices may join with it, 1 .. 1,000.
            days: How long it can be used, up to ten years.

        Raises:
            Misused: the space is private, or an argument is out of range.
            NotPermitted: this device's role does not allow it.
            ConnectionFailed: the relay cannot be reached; inviting needs it.
        """
        check_text(role, "the role")
        check_number(days, "days")
        if not 0 < days <= MAX_INVITATION_DAYS:  # which also refuses what is no number
            raise Misused(f"an invitation lasts up to {MAX_INVITATION_DAYS} days")
        return await self._services.invite(
            self._local_number(), role=_role(role), uses=uses, days_ms=int(days * DAY_MS)
        )

    async def synced(self) -> None:
        """Wait until all own commits are acknowledged by the relay and everything it had is in.

        Returns at once for a private space. Put it into ``asyncio.timeout()`` where waiting must end.

        Raises:
            SyncoreError: what stopped the syncing, if trying again cannot help.
        """
        await self._services.synced(self._local_number())

    def status(self) -> SpaceStatus:
        """How the space stands with its relay now."""
        return self._services.status(self._local_number())

    async def statuses(self) -> AsyncIterator[SpaceStatus]:
        """The status now, and again whenever it changes, until the replica is closed.

        Raises:
            Closed: the replica is closed already.
        """
        self._services.check_open()
        while not self._services.is_closed:
            revision = self._services.sync.revision
            yield self.status()
            await self._services.status_changed(revision)

    @property
    def _inbox(self) -> ConflictInbox:
        return ConflictInbox(self._services.local, self._local_number)

    @property
    def _state(self) -> SpaceState:
        return self._services.local.spaces[self._local_number()]

    def _local_number(self) -> int:
        return self._services.current_number(self._number)


def _role(name: str) -> Role:
    try:
        return Role[name.upper()]
    except KeyError as error:
        raise Misused(f"there is no role {name!r}", hint="reader, writer, admin or owner") from error
