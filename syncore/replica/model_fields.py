"""What the fields of models are declared with."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import Enum
from typing import Any, Final, Generic, TypeVar

from syncore.core.errors import Misused
from syncore.replica.settings import RuleLike

M = TypeVar("M")
Number = int | float | Decimal


class Undefined(Enum):
    """The type of :data:`UNDEFINED`."""

    UNDEFINED = "undefined"


UNDEFINED: Final = Undefined.UNDEFINED
"""No default was given."""


@dataclass(frozen=True, slots=True)
class Ref(Generic[M]):
    """The id of a document of another model: ``director: Ref["Person"]``.

    Attributes:
        id: The document's id.
    """

    id: str

    def __str__(self) -> str:
        """The id."""
        return self.id


@dataclass(frozen=True, slots=True)
class Unresolved:
    """A name in an annotation that means nothing where its class was declared."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldInfo:
    """What :func:`field` was given.

    Attributes:
        default: The value of a field that is not given.
        default_factory: Makes it.
        resolve: The rule for its conflicts.
        unique: Whether only one document may have its value.
        on_delete: What becomes of a reference when the document that it names is deleted; None where nobody
            asks for that document to be there.
        minimum, maximum: Limits of a number.
        min_length, max_length: Limits of a text, of bytes or of a list.
        pattern: What a text has to match.
        description: For people.
        index: Whether this file has an index on it, or of which kind: ``"hash"``, ``"each"`` (element).
        fulltext: Whether its words are in the model's full-text index, or how much they count there.
    """

    default: Any = UNDEFINED
    default_factory: Callable[[], Any] | None = None
    resolve: RuleLike | None = None
    unique: bool = False
    on_delete: str | None = None
    minimum: Number | None = None
    maximum: Number | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None
    description: str | None = None
    index: bool | str = False
    fulltext: bool | float = False

    @property
    def has_default(self) -> bool:
        """Whether the field may be left out."""
        return self.default is not UNDEFINED or self.default_factory is not None

    def made_default(self) -> object:
        """The value of the field where it is left out."""
        return self.default if self.default_factory is None else self.default_factory()

    def limits(self) -> dict[str, object]:
        """The limits as keywords of a schema."""
        found = {
            "minimum": self.minimum,
            "maximum": self.maximum,
            "minLength": self.min_length,
            "maxLength": self.max_length,
            "pattern": self.pattern,
            "description": self.description,
        }
        return {keyword: value for keyword, value in found.items() if value is not None}

    def beside(self, note: "FieldInfo") -> "FieldInfo":
        """With the limits of an ``Annotated`` note, where it has none of its own."""
        return replace(
            self,
            minimum=note.minimum if self.minimum is None else self.minimum,
            maximum=note.maximum if self.maximum is None else self.maximum,
            min_length=note.min_length if self.min_length is None else self.min_length,
            max_length=note.max_length if self.max_length is None else self.max_length,
            pattern=note.pattern if self.pattern is None else self.pattern,
        )


def field(  # noqa: PLR0913 - each says something else of a field
    *,
    default: Any = UNDEFINED,  # noqa: ANN401 - of the annotation's type, which no signature can say
    default_factory: Callable[[], Any] | None = None,
    resolve: RuleLike | None = None,
    unique: bool = False,
    on_delete: str | None = None,
    minimum: Number | None = None,
    maximum: Number | None = None,
    min_length: int | None = None,
    max_length: int | None = None,
    pattern: str | None = None,
    description: str | None = None,
    index: bool | str = False,
    fulltext: bool | float = False,
) -> Any:  # noqa: ANN401 - it stands where a value of the annotation's type stands
    """Say more of a field of a model than its type.

    Args:
        default: Its value where none is given.
        default_factory: Makes that value.
        resolve: The rule for its conflicts, as ``configure(fields=...)`` takes it.
        unique: Whether only one document may have its value, as ``configure(unique=...)`` has it.
        on_delete: For a ``Ref``, or several: that the documents are there, and what becomes of the reference
            when one is deleted: ``"set_null"``, ``"cascade"`` or ``"restore"``.
        minimum: The least number.
        maximum: The greatest number.
        min_length: The fewest characters, bytes or items.
        max_length: The most characters, bytes or items.
        pattern: A regular expression that a text has to match somewhere; without look-around.
        description: What it is, for people.
        index: True for an index on it in this replica's file, ``"hash"`` for one of hashes, ``"each"`` for
            one of the elements of a set or list; made with the first write or search of the model.
        fulltext: True to have its words in the model's full-text index, a number to have them count so much.

    Raises:
        Misused: two defaults, or no such index.
    """
    if index not in (True, False, "ordered", "hash", "each"):
        raise Misused(f"there is no index of the kind {index!r}", hint='True, "hash" or "each"')
    if default is not UNDEFINED and default_factory is not None:
        raise Misused("a field has a default or a default_factory, not both")
    return FieldInfo(
        default=default,
        default_factory=default_factory,
        resolve=resolve,
        unique=unique,
        on_delete=on_delete,
        minimum=minimum,
        maximum=maximum,
        min_length=min_length,
        max_length=max_length,
        pattern=pattern,
        description=description,
        index=index,
        fulltext=fulltext,
    )
