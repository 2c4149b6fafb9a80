"""Every exception that syncore raises, in one tree.

The branches answer the first question of whoever reads an error: whose fault is it?

::

    SyncoreError
    ├── LocalError               the calling program asked for something that cannot be done
    │   ├── InvalidValue         a value that cannot be kept exactly
    │   ├── InvalidChange        a change that does not fit the field or the document it is for
    │   ├── ValidationFailed     a document that would not fit the schema of its collection
    │   ├── ConstraintViolated   a value that another document has, or a reference to nothing
    │   ├── InvalidSchema        a schema that cannot be used
    │   ├── InvalidQuery         what somebody typed to search for cannot be understood
    │   ├── InvalidName          a collection, document or field name that is not allowed
    │   ├── TooLarge             a document, value or transaction over a limit
    │   ├── DocumentNotFound
    │   ├── DocumentExists
    │   ├── InvalidToken         a version token that this replica never issued
    │   ├── InvalidInvitation    a mistyped, expired, used-up or unknown invitation
    │   ├── NotPermitted         the device's role in the space does not allow this
    │   ├── ReadOnly             the replica was opened read-only, or its keys are missing
    │   ├── Closed               the object was used after it was closed
    │   ├── WatcherLagged        an iterator of changes fell too far behind
    │   └── Misused              any other wrong use of the library: a programming mistake
    ├── RemoteError              a peer or a relay sent something that it must not send
    │   ├── Malformed            bytes that do not decode, or not canonically
    │   ├── InvalidSegment       a well-formed segment that breaks a rule of validity
    │   ├── InvalidRecord        a control record that breaks a rule of membership
    │   ├── ProtocolViolation    a message that is not allowed in this state
    │   ├── UnsupportedVersion   the other side speaks another protocol version
    │   ├── WrongRelay           the relay is not the one that the space names
    │   ├── RelayLostData        the relay lost what it had acknowledged, and it cannot be healed from here
    │   ├── DishonestRelay       the relay contradicts what it signed, and goes on as before
    │   ├── WriterRejected       other members found what this device wrote invalid
    │   └── Refused              the relay refused a request, with a code
    ├── ConnectionFailed         nobody's fault: no route, no answer, or a connection that broke
    ├── StorageError             the file or the disk below the replica
    │   ├── NotAReplica
    │   ├── NewerFormat
    │   ├── OlderFormat
    │   ├── Locked               another process owns the file
    │   ├── DiskFull
    │   └── NotWritable
    ├── IntegrityError           stored bytes are not what was written
    └── CryptoError              a signature or a seal does not hold; deliberately says no more
"""

from collections.abc import Sequence
from typing import ClassVar

from syncore.core.problems import Problem


class SyncoreError(Exception):
    """The root of every error that syncore raises on purpose.

    Attributes:
        message: What happened, in one sentence.
        hint: What the reader can do about it; empty when there is nothing to do.
        details: The facts behind the message, by name, for programs.
    """

    default_hint: ClassVar[str] = ""

    def __init__(self, message: str, *, hint: str = "", **details: object) -> None:
        """Keep the message, the hint and the facts."""
        super().__init__(message)
        self.message = message
        self.hint = hint or self.default_hint
        self.details = details

    def __str__(self) -> str:
        """Message and hint, as a person would read them."""
        return f"{self.message} ({self.hint})" if self.hint else self.message


class LocalError(SyncoreError):
    """The calling program asked for something that cannot be done; nothing was changed."""


class InvalidValue(LocalError):
    """A value that the replica could not give back exactly as it was given."""


class InvalidChange(LocalError):
    """A change that does not fit the field or the document that it is for."""


class ValidationFailed(LocalError):
    """A document that would not fit the schema or the validators of its collection; nothing was changed.

    Attributes:
        problems: Everything that is wrong with it that was not wrong before.
    """

    def __init__(
        self, message: str, *, problems: Sequence[Problem] = (), hint: str = "", **details: object
    ) -> None:
        """Keep the problems beside the message, which names the first of them."""
        super().__init__(message, hint=hint, **details)
        self.problems = tuple(problems)


class ConstraintViolated(LocalError):
    """A write that would break a unique or reference constraint of the space; nothing was changed.

    Attributes:
        collection, id: The document that could not be as it would be.
        field: The field that the constraint is on.
        value: What it would hold; None where the document itself is the trouble.
        holder: The document in the way, as (collection, id): who has the value, who is named and is not
            there, or who names the document that was to be deleted.
    """

    def __init__(
        self,
        message: str,
        *,
        collection: str = "",
        id: str = "",  # noqa: A002 - the word that documents use
        field: str = "",
        holder: tuple[str, str] = ("", ""),
        value: object = None,
        hint: str = "",
    ) -> None:
        """Keep the place, the value and who is in the way."""
        super().__init__(
            message, hint=hint, collection=collection, id=id, field=field, value=value, holder=holder
        )
        self.collection = collection
        self.id = id
        self.field = field
        self.value = value
        self.holder = holder


class InvalidSchema(LocalError):
    """A schema that is none, that asks for what is not supported, or that is over a limit."""


class InvalidQuery(LocalError):
    """What somebody typed to search for cannot be understood; the message is for whoever typed it."""


class InvalidName(LocalError):
    """A collection, document or field name that is not allowed."""


class TooLarge(LocalError):
    """A value, document or transaction over a limit of :mod:`syncore.core.limits`."""


class DocumentNotFound(LocalError):
    """No live document has this id."""


class DocumentExists(LocalError):
    """A live document has this id already."""

    default_hint = "use update() to change it, or insert it without an id to get a fresh one"


class InvalidToken(LocalError):
    """A version token that does not come from a read of this space."""

    default_hint = "pass the token of a document that get() or find() returned"


class InvalidInvitation(LocalError):
    """An invitation code that is mistyped, expired, used up, revoked or unknown to the relay."""

    default_hint = "ask for a new invitation"


class NotPermitted(LocalError):
    """The device's role in this space does not allow what was asked."""


class ReadOnly(LocalError):
    """The replica cannot be written: opened read-only, or without its keystore."""


class Closed(LocalError):
    """The replica, transaction or iterator was used after it was closed."""


class WatcherLagged(LocalError):
    """More changes were committed than the watcher may hold back; read again and watch anew."""

    default_hint = "read what you show again, then start a new watch()"


class Misused(LocalError):
    """A wrong use of the library that no better-named error describes."""


class RemoteError(SyncoreError):
    """A peer or a relay sent something that it must not send; nothing of it was applied."""


class Malformed(RemoteError):
    """Bytes that do not decode, or that are not in the one canonical encoding."""


class InvalidSegment(RemoteError):
    """A well-formed segment that breaks a rule of validity; its writer is closed before it."""


class InvalidRecord(RemoteError):
    """A control record that breaks a rule of membership."""


class ProtocolViolation(RemoteError):
    """A message that the session protocol does not allow in this state."""


class UnsupportedVersion(RemoteError):
    """The other side speaks a version of the protocol that this program does not know."""

    default_hint = "upgrade the older of the two programs"


class WrongRelay(RemoteError):
    """The relay that answered does not hold the key that the space names."""

    default_hint = "check the address; if the relay was moved, an owner has to name it anew"


class RelayLostData(RemoteError):
    """The relay lost what it had acknowledged, and holds something else in its place.

    Losses as such are healed; this is the rest: what the file holds and what the relay holds now do not fit.
    """

    default_hint = (
        "this file keeps all that it holds; join the space again with a new invitation, into another file"
    )


class DishonestRelay(RemoteError):
    """The relay was shown its own signature, denies it, and goes on as before."""

    default_hint = (
        "compare the digest with other members, tell the relay's operator, and share anew at another relay"
    )


class WriterRejected(RemoteError):
    """Other members found a segment of this device invalid, and take nothing of its writer any more."""

    default_hint = (
        "compare versions with the device that is named; what you wrote since stays in this file: join again"
        " with a new invitation, into another file"
    )


class Refused(RemoteError):
    """The relay refused a request.

    Attributes:
        code: One of the codes in ``docs/formats/session.md``.
        is_final: False when the same request may succeed later.
    """

    def __init__(self, message: str, *, code: str, is_final: bool, hint: str = "") -> None:
        """Keep the relay's code and whether trying again can help."""
        super().__init__(message, hint=hint, code=code, is_final=is_final)
        self.code = code
        self.is_final = is_final


class ConnectionFailed(SyncoreError):
    """No route to the other side, no answer in time, or a connection that broke."""

    default_hint = "local work goes on; syncing resumes by itself when the network is back"


class StorageError(SyncoreError):
    """The file or the disk below the replica refused to work."""


class NotAReplica(StorageError):
    """The file is not a syncore replica (or relay store); it was not touched."""


class NewerFormat(StorageError):
    """The file was written by a newer version in a format that this one cannot read."""

    default_hint = "upgrade syncore; the file was not touched"


class OlderFormat(StorageError):
    """The file was written by an earlier version, and cannot be read before it was brought up to date."""


class Locked(StorageError):
    """Another process owns the file."""

    default_hint = "close the other program, or open the replica with read_only=True"


class DiskFull(StorageError):
    """There is no room left for what was to be written; the file holds what it held before."""

    default_hint = "free some space and try again"


class NotWritable(StorageError):
    """The file or its folder cannot be written."""


class IntegrityError(SyncoreError):
    """Stored bytes are not what was written: a checksum does not hold."""

    default_hint = "the disk or another program changed the file; restore it from a backup or join again"


class CryptoError(SyncoreError):
    """A signature or a seal does not hold. Says no more on purpose: details help an attacker."""
