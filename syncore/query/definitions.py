"""What an index is: which keys a document has in it (``docs/formats/index-keys.md``).

An entry's key is the components of the columns, one behind the other, and the key of the document's id, each
complemented where its column descends; the id goes with the last column. An index of elements has an entry
for each element of a set or list instead, one of hashes the hash of the whole keys, for equality alone. A
partial one has only the documents for which its condition holds.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from syncore.codec.fields import as_array, as_bytes, as_integer
from syncore.codec.packing import pack, unpack
from syncore.core.errors import Malformed, Misused
from syncore.query.expression_encoding import (
    MAX_EXPRESSION_BYTES,
    decode_expression,
    encode_expression,
    in_words,
    pack_path,
    read_path,
)
from syncore.query.expressions import Expression, FieldPath, look_up
from syncore.query.keys import MISSING, TEXT_MARK, component, encode_key, hash_of_keys
from syncore.query.ordering import MAX_COLUMNS, Column, Ordering

_VERSION = 1
VERSION_OF_KINDS = 2
KIND_HASH, KIND_TEXT = 1, 2
_WHAT = "the definition of an index"


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexDefinition:
    """What is in an index.

    Attributes:
        columns: The fields, the most significant first, and their directions.
        is_of_elements: Whether it has the elements of its one field, instead of its value.
        condition: What a document has to be like to be in it; None for all.
        is_hashed: Whether it has one hash of the fields' whole keys instead of them, in no order.
    """

    columns: tuple[Column, ...]
    is_of_elements: bool = False
    condition: Expression | None = None
    is_hashed: bool = False

    def __post_init__(self) -> None:
        """Refuse what cannot be."""
        if not 0 < len(self.columns) <= MAX_COLUMNS:
            raise Misused(f"an index has 1 to {MAX_COLUMNS} fields, not {len(self.columns)}")
        if self.is_of_elements and (len(self.columns) > 1 or self.columns[0].is_descending):
            raise Misused("an index of elements has one field, without a direction")
        if self.is_hashed and (self.is_of_elements or any(column.is_descending for column in self.columns)):
            raise Misused(
                "an index of hashes has whole fields, without a direction", hint="leave out each and -"
            )

    def __str__(self) -> str:
        """In words."""
        columns = ", ".join(map(str, self.columns))
        kind = "each element of " if self.is_of_elements else "hash of " if self.is_hashed else ""
        shown = kind + columns
        return shown + (f", where {in_words(self.condition)}" if self.condition is not None else "")

    @property
    def paths(self) -> tuple[FieldPath, ...]:
        """The fields."""
        return tuple(column.path for column in self.columns)

    @property
    def ordering(self) -> Ordering:
        """The order of its keys."""
        return Ordering(self.columns)

    def keys_of(self, values: Mapping[str, object], id_: str) -> frozenset[bytes]:
        """The keys that a live document has in it."""
        if self.condition is not None and not self.condition.holds(values):
            return frozenset()
        if self.is_of_elements:
            end = encode_key(id_)
            return frozenset(start + end for start in self._elements(values))
        if self.is_hashed:
            found = [look_up(values, column.path) for column in self.columns]
            if MISSING in found:  # which equals nothing that can be asked for
                return frozenset()
            return frozenset((hash_of_keys(map(encode_key, found)) + encode_key(id_),))
        key = b"".join(column.directed(component(look_up(values, column.path))) for column in self.columns)
        return frozenset((key + self.ordering.last.directed(encode_key(id_)),))

    def _elements(self, values: Mapping[str, object]) -> list[bytes]:
        found = look_up(values, self.columns[0].path)
        if isinstance(found, str):
            return [TEXT_MARK]
        return [component(element) for element in found] if isinstance(found, list | frozenset) else []


def encode_definition(definition: IndexDefinition) -> bytes:
    """The canonical bytes of a definition."""
    condition = None if definition.condition is None else encode_expression(definition.condition)
    if definition.is_hashed:
        paths = [pack_path(column.path) for column in definition.columns]
        return pack([VERSION_OF_KINDS, KIND_HASH, paths, condition])
    columns = [[pack_path(column.path), column.is_descending] for column in definition.columns]
    return pack([_VERSION, columns, definition.is_of_elements, condition])


def decode_definition(data: bytes) -> IndexDefinition:
    """The definition that ``data`` encodes.

    Raises:
        Malformed: not the encoding of one.
    """
    parts = unpack(data, what=_WHAT, max_bytes=2 * MAX_EXPRESSION_BYTES)
    version, *rest = as_array(parts, what=_WHAT, length=4)
    if as_integer(version, what="a version") == VERSION_OF_KINDS and rest[0] == KIND_HASH:
        return IndexDefinition(
            columns=tuple(Column(read_path(path)) for path in as_array(rest[1], what="columns")),
            condition=None if rest[2] is None else decode_expression(as_bytes(rest[2], what="a condition")),
            is_hashed=True,
        )
    columns, is_of_elements, condition = rest
    if version != _VERSION or type(is_of_elements) is not bool:
        raise Malformed("the definition of an index has no known form")
    pairs = (as_array(pair, what="a column", length=2) for pair in as_array(columns, what="columns"))
    return IndexDefinition(
        columns=tuple(Column(read_path(path), is_descending is True) for path, is_descending in pairs),
        is_of_elements=is_of_elements,
        condition=None if condition is None else decode_expression(as_bytes(condition, what="a condition")),
    )
