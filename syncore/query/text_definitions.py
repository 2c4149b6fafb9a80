"""What a full-text index is: which texts a document has in it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from syncore.codec.fields import as_array, as_bytes, as_integer
from syncore.codec.packing import pack, unpack
from syncore.core.errors import Malformed, Misused
from syncore.query.definitions import KIND_TEXT, VERSION_OF_KINDS, IndexDefinition, decode_definition
from syncore.query.expression_encoding import (
    MAX_EXPRESSION_BYTES,
    decode_expression,
    encode_expression,
    in_words,
    pack_path,
    path_in_words,
    read_path,
)
from syncore.query.expressions import Expression, FieldPath, look_up
from syncore.query.words import BETWEEN_TEXTS, fold

MAX_TEXT_FIELDS: Final = 16
"""Fields of one full-text index: each is a column of it."""
MAX_WEIGHT: Final = 1_000
_PARTS: Final = 1_000
"""Weights are kept in thousandths."""
_WHAT = "the definition of a full-text index"


@dataclass(frozen=True, slots=True, kw_only=True)
class TextDefinition:
    """What is in a full-text index.

    Attributes:
        paths: The fields whose texts it has: texts, and those in lists, sets and maps.
        weights: How much a word counts that is found there, in thousandths; one for each field.
        condition: What a document has to be like to be in it; None for all.
    """

    paths: tuple[FieldPath, ...]
    weights: tuple[int, ...]
    condition: Expression | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        if not 0 < len(self.paths) <= MAX_TEXT_FIELDS:
            raise Misused(f"a full-text index has 1 to {MAX_TEXT_FIELDS} fields, not {len(self.paths)}")
        if len(set(self.paths)) < len(self.paths):
            raise Misused("a field is named twice")
        if any(not 0 < weight <= MAX_WEIGHT * _PARTS for weight in self.weights):
            raise Misused(f"a weight is above 0, and at most {MAX_WEIGHT}")
        assert len(self.weights) == len(self.paths)

    def __str__(self) -> str:
        """In words."""
        shown = "text of " + ", ".join(self.names)
        return shown + (f", where {in_words(self.condition)}" if self.condition is not None else "")

    @property
    def names(self) -> tuple[str, ...]:
        """The fields, as they are named in queries."""
        return tuple(map(path_in_words, self.paths))

    @property
    def factors(self) -> tuple[float, ...]:
        """The weights."""
        return tuple(weight / _PARTS for weight in self.weights)

    def texts_of(self, values: Mapping[str, object]) -> tuple[str, ...] | None:
        """The folded texts of a live document, one for each field; None if it is not in the index."""
        if self.condition is not None and not self.condition.holds(values):
            return None
        texts = tuple(BETWEEN_TEXTS.join(map(fold, strings_at(values, path))) for path in self.paths)
        return texts if any(texts) else None


def strings_at(values: Mapping[str, object], path: FieldPath) -> list[str]:
    """The texts that a document holds at a path, in an order that is the same everywhere."""
    return _strings(look_up(values, path))


def weights_of(paths: tuple[FieldPath, ...], given: Mapping[str, float]) -> tuple[int, ...]:
    """Weights by field, as a program gives them; 1 for the others.

    Raises:
        Misused: one of a field that the index does not have, or that is no number.
    """
    names = tuple(map(path_in_words, paths))
    for name, weight in given.items():
        if name not in names:
            raise Misused(f"a weight is given for {name!r}, which the index does not have")
        if type(weight) not in (int, float) or not 0 < weight <= MAX_WEIGHT:
            raise Misused(f"the weight of {name!r} is a number above 0, and at most {MAX_WEIGHT}")
    return tuple(max(1, round(given.get(name, 1) * _PARTS)) for name in names)


def encode_text_definition(definition: TextDefinition) -> bytes:
    """The canonical bytes of a definition."""
    fields = [
        [pack_path(path), weight] for path, weight in zip(definition.paths, definition.weights, strict=True)
    ]
    condition = None if definition.condition is None else encode_expression(definition.condition)
    return pack([VERSION_OF_KINDS, KIND_TEXT, fields, condition])


def decode_any_definition(data: bytes) -> IndexDefinition | TextDefinition:
    """The definition of an index of any kind.

    Raises:
        Malformed: not the encoding of one.
    """
    version, kind, fields, condition = as_array(
        unpack(data, what=_WHAT, max_bytes=2 * MAX_EXPRESSION_BYTES), what=_WHAT, length=4
    )
    if as_integer(version, what="a version") != VERSION_OF_KINDS or kind != KIND_TEXT:
        return decode_definition(data)
    pairs = [as_array(pair, what="a field", length=2) for pair in as_array(fields, what="fields")]
    try:
        return TextDefinition(
            paths=tuple(read_path(path) for path, _ in pairs),
            weights=tuple(as_integer(weight, what="a weight") for _, weight in pairs),
            condition=None
            if condition is None
            else decode_expression(as_bytes(condition, what="a condition")),
        )
    except Misused as error:
        raise Malformed(error.message) from error


def _strings(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, list):
        return [one for part in value for one in _strings(part)]
    if isinstance(value, frozenset):
        return sorted(one for part in value for one in _strings(part))
    if isinstance(value, dict):
        return [one for name in sorted(value) for one in _strings(value[name])]
    return []
