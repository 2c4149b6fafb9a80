"""The rules by which a collection's conflicts are resolved: what its replicated settings come to.

Owns the vocabulary: strategies, orderings of authorities, names of the application's own resolvers, and what
becomes of a deletion beside a concurrent change. A rule says nothing of how it is carried out
(:mod:`syncore.documents.strategies`) or stored (:mod:`syncore.documents.rule_encoding`).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from itertools import chain
from types import MappingProxyType

from syncore.core.arguments import several
from syncore.core.errors import Misused
from syncore.core.identifiers import name_problem
from syncore.core.limits import MAX_AUTHORITIES
from syncore.core.references import OnDelete


class Strategy(Enum):
    """A way to choose among concurrent values that needs no more than its name."""

    LAST_WRITE = "last_write"
    """The value written last, by the writers' clocks."""
    FIRST_WRITE = "first_write"
    """The value written first, by the writers' clocks."""
    MAX = "max"
    """The greatest value."""
    MIN = "min"
    """The least value."""
    UNION = "union"
    """All items of the values, which are lists, once each and sorted."""
    MERGE_TEXT = "merge_text"
    """One text with everybody's edits."""
    ASK = "ask"
    """The value written last, until a person has chosen."""

    def __str__(self) -> str:
        """As rules are written on the command line."""
        return self.value


@dataclass(frozen=True, slots=True, init=False)
class Authority:
    """The value with the highest label wins (:func:`syncore.asserted`); among equal labels the last write.

    A label says what its writer claims. Nothing checks that a writer may claim it.

    Attributes:
        order: The labels, the highest first. What has none of them ranks below all of them.
    """

    order: tuple[str, ...]

    def __init__(self, order: Iterable[str]) -> None:
        """Rank by ``order``.

        Raises:
            Misused: no labels, too many, one twice, or one that is no name.
        """
        labels = _checked_labels(several(order, "an ordering of authorities"))
        if any("," in label for label in labels):
            hint = "each label is one item of a list; commas stand between them on the command line"
            raise Misused("the label of an authority holds no comma", hint=hint)
        object.__setattr__(self, "order", labels)

    @classmethod
    def stored(cls, order: Iterable[str]) -> "Authority":
        """The same as it stands in settings, where an earlier version may have put commas into labels."""
        authority = object.__new__(cls)
        object.__setattr__(authority, "order", _checked_labels(tuple(order)))
        return authority

    def __str__(self) -> str:
        """As rules are written on the command line."""
        return f"authority:{','.join(self.order)}"


def _checked_labels(labels: tuple[str, ...]) -> tuple[str, ...]:
    for label in labels:
        if type(label) is not str or name_problem(label):
            raise Misused(f"{label!r} cannot be the label of an authority", hint="use a short name")
    if not 1 <= len(labels) <= MAX_AUTHORITIES or len(set(labels)) < len(labels):
        raise Misused(f"an ordering of authorities names 1 to {MAX_AUTHORITIES} labels, none of them twice")
    return labels


@dataclass(frozen=True, slots=True)
class ResolverName:
    """A function of the application's own, which each program that has it registers by this name.

    A resolver, where rules name it; a validator among the validators of a collection.
    """

    name: str
    version: int

    def __str__(self) -> str:
        """As rules are written on the command line."""
        return f"{self.name}@{self.version}"


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A rule that only another version of syncore knows. It stays in the settings as it is.

    Attributes:
        text: What can be said of it.
    """

    text: str

    def __str__(self) -> str:
        """What can be said of it."""
        return self.text


class DeletionRule(Enum):
    """What is shown of a document that one device deleted while another one changed it."""

    UPDATE_WINS = "update_wins"
    """The document."""
    DELETE_WINS = "delete_wins"
    """Nothing; the change is kept."""
    ASK = "ask"
    """The document, until a person has chosen."""

    def __str__(self) -> str:
        """As rules are written on the command line."""
        return self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaSetting:
    """What documents of a collection have to look like.

    Attributes:
        hash: The hash of the schema, which tells two apart.
        version: How far the programs that set it have come: one that is behind leaves it alone.
        schema: The schema itself, as ``docs/formats/schemas.md`` has it.
    """

    hash: bytes
    version: int
    schema: Mapping[str, object] = field(compare=False, repr=False)

    def __str__(self) -> str:
        """The beginning of the hash, which people compare, and the version."""
        return f"{self.hash.hex()[:12]} (version {self.version})"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceRule:
    """What a field names: documents of a collection, by their ids.

    Attributes:
        collection: The collection.
        on_delete: What becomes of a reference when the document that it names is deleted.
    """

    collection: str
    on_delete: OnDelete

    def __str__(self) -> str:
        """As people read it."""
        return f"{self.collection} ({self.on_delete})"


Rule = Strategy | Authority | ResolverName | Unreadable
"""How the concurrent values of one field become the one that is shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionRules:
    """The settings of a collection. Without any, the last write is shown and an update wins over a deletion.

    Attributes:
        default: For fields that have no rule of their own.
        fields: Rules by field name.
        deletion: For documents that were deleted and changed at once.
        schema: What documents have to look like; None leaves it open.
        validators: Functions of the application's own that documents have to pass.
        unique: The fields, together, of which no two documents may hold the same values.
        references: The fields that name documents of a collection.
    """

    default: Rule = Strategy.LAST_WRITE
    fields: Mapping[str, Rule] = field(default_factory=lambda: MappingProxyType({}))
    deletion: DeletionRule | Unreadable = DeletionRule.UPDATE_WINS
    schema: SchemaSetting | Unreadable | None = None
    validators: tuple[ResolverName, ...] | Unreadable = ()
    unique: tuple[tuple[str, ...], ...] | Unreadable = ()
    references: Mapping[str, ReferenceRule] | Unreadable = field(default_factory=lambda: MappingProxyType({}))

    @property
    def unique_fields(self) -> frozenset[str]:
        """The fields that are part of what has to be unique."""
        if not self.unique or isinstance(self.unique, Unreadable):
            return _NO_FIELDS
        return frozenset(chain.from_iterable(self.unique))

    @property
    def constraints(self) -> tuple[object, object]:
        """What is asked of documents together."""
        return self.unique, self.references

    @property
    def is_judged(self) -> bool:
        """Whether anything is asked of documents."""
        return self.schema is not None or self.validators != ()

    def rule(self, name: str) -> Rule:
        """The rule of a field."""
        return self.fields.get(name, self.default)

    def lacking(self, known: Iterable[ResolverName]) -> list[str]:
        """What cannot be carried out by a program that knows these resolvers, a sentence each."""
        held = frozenset(known)
        named = chain([("the default", self.default)], sorted(self.fields.items(), key=lambda item: item[0]))
        sentences = []
        for place, rule in named:
            if isinstance(rule, ResolverName) and rule not in held:
                sentences.append(f"{place}: the resolver {rule} is not registered in this program")
            elif isinstance(rule, Unreadable):
                sentences.append(f"{place}: this version of syncore does not know the rule {rule}")
        if isinstance(self.deletion, Unreadable):
            sentences.append(f"deletion: this version of syncore does not know the rule {self.deletion}")
        for what, setting in (("unique", self.unique), ("references", self.references)):
            if isinstance(setting, Unreadable):
                sentences.append(f"{what}: this version of syncore does not know them")
        return sentences


_NO_FIELDS: frozenset[str] = frozenset()
NO_RULES = CollectionRules()


def parse_rule(text: str) -> Rule:
    """The rule that a text stands for: ``max``, ``authority:chain,user``, or ``cents@2`` for a resolver.

    Raises:
        Misused: it stands for none.
    """
    if type(text) is not str:
        raise Misused(f"a rule is a str, an Authority or a Resolver, not {type(text).__name__}")
    if text.startswith("authority:"):
        return Authority(text.partition(":")[2].split(","))
    name, at, version = text.rpartition("@")
    if at and not name_problem(name) and version.isascii() and version.isdecimal() and int(version) > 0:
        return ResolverName(name, int(version))
    try:
        return Strategy(text)
    except ValueError as error:
        names = ", ".join(strategy.value for strategy in Strategy)
        raise Misused(
            f"there is no rule {text[:80]!r}", hint=f"{names}, authority:LABEL,LABEL or NAME@VERSION"
        ) from error


def parse_deletion_rule(text: str) -> DeletionRule:
    """The rule for deletions that a text stands for.

    Raises:
        Misused: it stands for none.
    """
    try:
        return DeletionRule(text)
    except ValueError as error:
        names = ", ".join(rule.value for rule in DeletionRule)
        raise Misused(f"there is no rule for deletions {text!r}", hint=names) from error
