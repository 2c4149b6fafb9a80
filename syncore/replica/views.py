"""What a program gets when it reads: documents as they stood, and changes as they were committed."""

from collections.abc import Container, ItemsView, Iterator, KeysView, Mapping, Sequence, ValuesView
from dataclasses import dataclass
from datetime import UTC, datetime

from syncore.codec.values import Value, decode_value
from syncore.core.hybrid_clock import milliseconds
from syncore.core.identifiers import DocumentKey, Dot, SpaceId, device_index
from syncore.documents.operations import FieldKind
from syncore.documents.projection import FieldValue, Projection
from syncore.documents.projection_encoding import decode_projection, encode_projection
from syncore.documents.record import Sibling as StoredSibling
from syncore.documents.resolution import ResolutionContext, rank
from syncore.replica.tokens import encode_token


class Document(Mapping[str, FieldValue]):
    """One document as it stood when it was read: a mapping from field names to values.

    Registers hold values, counters an int, sets a frozenset, texts a str, lists a list. The object does not
    change when the document does. Equality compares place and content.
    """

    __slots__ = ("_key", "_packed", "_projection", "_space")

    def __init__(self, space: SpaceId, key: DocumentKey, projection: Projection) -> None:
        """Wrap a projection; programs get documents from a collection instead."""
        self._space = space
        self._key = key
        self._projection = projection
        self._packed: bytes | None = None

    @property
    def id(self) -> str:
        """The document's id, unique in its collection."""
        return self._key.id

    @property
    def collection(self) -> str:
        """The name of the collection that the document is in."""
        return self._key.collection

    @property
    def token(self) -> str:
        """What was read, for ``update(..., seen=token)``."""
        return encode_token(self._space, self._projection.vector)

    @property
    def conflicts(self) -> tuple[str, ...]:
        """The fields that hold values which were written at once, and which no rule settles."""
        return self._projection.conflicts

    @property
    def kinds(self) -> Mapping[str, FieldKind]:
        """What the fields that are not registers are: counters, sets, texts or lists."""
        return self._projection.kinds

    def __getitem__(self, field: str) -> FieldValue:
        """The value of a field."""
        return self._projection.values[field]

    def __iter__(self) -> Iterator[str]:
        """The names of the fields, sorted."""
        return iter(self._projection.values)

    def __len__(self) -> int:
        """How many fields there are."""
        return len(self._projection.values)

    # What Mapping would do in Python, field by field: most documents end as a dict.

    def keys(self) -> KeysView[str]:
        """The names of the fields, sorted."""
        return self._projection.values.keys()

    def items(self) -> ItemsView[str, FieldValue]:
        """The names and values of the fields, sorted by name."""
        return self._projection.values.items()

    def values(self) -> ValuesView[FieldValue]:
        """The values of the fields, in the order of their names."""
        return self._projection.values.values()

    def __contains__(self, field: object) -> bool:
        """Whether there is such a field."""
        return field in self._projection.values

    def __eq__(self, other: object) -> bool:
        """Whether both are the same document with the same content."""
        if not isinstance(other, Document):
            return NotImplemented
        return self._key == other._key and self._projection.values == other._projection.values

    __hash__ = None  # type: ignore[assignment]  # fields may hold lists

    def __repr__(self) -> str:
        """The place and the fields."""
        return f"<Document {self.collection}/{self.id} {dict(self)!r}>"


def projection_of(document: Document) -> Projection:
    """What a document was made of."""
    return document._projection  # noqa: SLF001 - programs need not see it


def key_of(document: Document) -> DocumentKey:
    """The key of a document, with its edition."""
    return document._key  # noqa: SLF001 - as above


def packed_of(document: Document) -> bytes:
    """What is stored of a document; as it was when this was asked first."""
    if document._packed is None:  # noqa: SLF001 - as above
        document._packed = encode_projection(document._projection)  # noqa: SLF001
    return document._packed  # noqa: SLF001


def unpacked(document: Document, packed: bytes) -> Document:
    """The document with what was packed of it; it shares nothing with the one that is given."""
    made = Document(document._space, document._key, decode_projection(packed))  # noqa: SLF001 - as above
    made._packed = packed  # noqa: SLF001
    return made


@dataclass(frozen=True, slots=True, kw_only=True)
class Sibling:
    """One of the values that a register holds.

    Attributes:
        value: The value.
        device: The index of the device that wrote it, in the order of admission to the space.
        time: When it was written, by that device's clock.
        is_shown: Whether reads show it; several are shown where a rule joins them, none where one makes a
            value of its own.
        label: The authority by which it was written; empty for none.
    """

    value: Value
    device: int
    time: datetime
    is_shown: bool
    label: str = ""


def siblings_of(
    stored: Sequence[StoredSibling], winners: Container[Dot], context: ResolutionContext
) -> tuple[Sibling, ...]:
    """The stored siblings of a register as programs see them, the shown ones first, then the latest."""
    return tuple(
        Sibling(
            value=decode_value(sibling.value),
            device=device_index(sibling.dot.writer),
            time=time_of(sibling),
            is_shown=sibling.dot in winners,
            label=sibling.label,
        )
        for sibling in in_order_of_showing(stored, winners, context)
    )


def in_order_of_showing(
    stored: Sequence[StoredSibling], winners: Container[Dot], context: ResolutionContext
) -> list[StoredSibling]:
    """Siblings with the shown ones first, and among them and among the others the latest first."""
    return sorted(stored, key=lambda sibling: (sibling.dot in winners, rank(sibling, context)), reverse=True)


def time_of(sibling: StoredSibling) -> datetime:
    """When a sibling was written, by its device's clock."""
    return datetime.fromtimestamp(milliseconds(sibling.time) / 1000, UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A committed change of one document.

    Attributes:
        collection: Where the document is.
        id: Its id.
        document: The document after the change; None when it was deleted.
        is_local: Whether this replica made the change, as opposed to another device.
    """

    collection: str
    id: str
    document: Document | None
    is_local: bool


def changes_in(
    space: SpaceId, projections: Mapping[DocumentKey, Projection], *, is_local: bool
) -> list[Change]:
    """What became visible with a commit, as watchers are told."""
    return [
        Change(
            collection=key.collection,
            id=key.id,
            document=Document(space, key, projection) if projection.is_live else None,
            is_local=is_local,
        )
        for key, projection in projections.items()
    ]
