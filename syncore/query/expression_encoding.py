"""Expressions as bytes and in words: to be kept with an index, to tell queries apart, to be shown.

The bytes are canonical msgpack arrays that begin with the kind (``docs/formats/replica-file.md``); operands
are encoded values.
"""

from collections.abc import Sequence
from typing import Final, cast

from syncore.codec.fields import as_array, as_bytes, as_integer
from syncore.codec.packing import Packed, Unpacked, pack, unpack
from syncore.codec.values import decode_value, encode_value
from syncore.core.errors import Malformed
from syncore.core.limits import MIB
from syncore.query.expressions import (
    MAX_DEPTH,
    And,
    Compare,
    Contains,
    Exists,
    Expression,
    FieldPath,
    Not,
    OneOf,
    Or,
    Order,
    Same,
    StartsWith,
    joined,
)
from syncore.query.keys import encode_key

MAX_EXPRESSION_BYTES: Final = 8 * MIB
"""A thousand operands, most of them short; more than anybody writes."""

_AND, _OR, _NOT, _COMPARE, _ONE_OF, _SAME, _STARTS_WITH, _CONTAINS, _EXISTS = range(9)
_ORDERS: Final = tuple(Order)
_WHAT: Final = "an expression"


def encode_expression(expression: Expression) -> bytes:
    """The canonical bytes of an expression."""
    return pack(_pack(expression))


def decode_expression(data: bytes) -> Expression:
    """The expression that ``data`` encodes.

    Raises:
        Malformed: not the encoding of one.
    """
    return _read(unpack(data, what=_WHAT, max_bytes=MAX_EXPRESSION_BYTES), 2 * MAX_DEPTH)


def in_words(expression: Expression) -> str:
    """An expression as a program writes it."""
    match expression:
        case And(parts=parts) | Or(parts=parts):
            sign = " & " if isinstance(expression, And) else " | "
            return sign.join(f"({in_words(part)})" for part in parts) or "everything"
        case Not(operand=operand):
            return f"~({in_words(operand)})"
        case Compare(path=path, order=order, value=value):
            return f"{path_in_words(path)} {order.value} {_shown(value)}"
        case OneOf(path=path, values=values):
            return f"{path_in_words(path)}.in_({_shown(list(values))})"
        case Same(path=path, value=value):
            return f"{path_in_words(path)} is {_shown(value)}"
        case StartsWith(path=path, prefix=prefix):
            return f"{path_in_words(path)}.startswith({_shown(prefix)})"
        case Contains(path=path, value=value):
            return f"{path_in_words(path)}.contains({_shown(value)})"
        case Exists(path=path):
            return f"{path_in_words(path)}.exists()"
        case _:
            raise AssertionError(expression)


def path_in_words(path: FieldPath) -> str:
    """A field as it is named in messages: ``title``, ``address.city``."""
    return ".".join(name if name.isidentifier() else repr(name) for name in path)


def pack_path(path: FieldPath) -> Packed:
    """A path in a packed structure."""
    return list(path)


def read_path(structure: Unpacked) -> FieldPath:
    """A path from a packed structure."""
    names = as_array(structure, what="a path")
    if not names or any(type(name) is not str for name in names):
        raise Malformed("a path is made of names")
    return cast("FieldPath", names)


_MAX_SHOWN = 60


def _shown(value: object) -> str:
    written = repr(value)
    return written if len(written) <= _MAX_SHOWN else written[: _MAX_SHOWN - 3] + "..."


def _pack(expression: Expression) -> Packed:
    match expression:
        case And(parts=parts):
            return [_AND, *map(_pack, parts)]
        case Or(parts=parts):
            return [_OR, *map(_pack, parts)]
        case Not(operand=operand):
            return [_NOT, _pack(operand)]
        case _:
            return _pack_leaf(expression)


def _pack_leaf(expression: Expression) -> Packed:
    match expression:
        case Compare(path=path, order=order, value=value):
            return [_COMPARE, pack_path(path), _ORDERS.index(order), _pack_value(value)]
        case OneOf(path=path, values=values):
            return [_ONE_OF, pack_path(path), sorted({encode_value(value) for value in values})]
        case Same(path=path, value=value):
            return [_SAME, pack_path(path), _pack_value(value)]
        case StartsWith(path=path, prefix=prefix):
            return [_STARTS_WITH, pack_path(path), prefix]
        case Contains(path=path, value=value):
            return [_CONTAINS, pack_path(path), _pack_value(value)]
        case Exists(path=path):
            return [_EXISTS, pack_path(path)]
        case _:
            raise AssertionError(expression)


def _pack_value(value: object) -> Packed:
    """A value as bytes, a set as an array of such."""
    if isinstance(value, frozenset):
        return sorted(encode_value(element) for element in value)
    return encode_value(value)


def _read(structure: Unpacked, depth: int) -> Expression:
    parts = as_array(structure, what=_WHAT)
    if not parts or not depth:
        raise Malformed("an expression is empty, or nested too deeply")
    kind, rest = as_integer(parts[0], what=_WHAT), parts[1:]
    if kind in (_AND, _OR):
        return joined(And if kind == _AND else Or, [_read(part, depth - 1) for part in rest])
    if kind == _NOT and len(rest) == 1:
        return Not(_read(rest[0], depth - 1))
    if not rest:
        raise Malformed("an expression names no field")
    return _read_leaf(kind, read_path(rest[0]), rest[1:])


def _read_leaf(kind: int, path: FieldPath, rest: Sequence[Unpacked]) -> Expression:
    match kind, rest:
        case (int() as found, [int() as place, operand]) if found == _COMPARE and 0 <= place < len(_ORDERS):
            value = _read_value(operand)
            return Compare(path, _ORDERS[place], value, encode_key(value))
        case (int() as found, [tuple() as operands]) if found == _ONE_OF:
            values = tuple(decode_value(as_bytes(operand, what=_WHAT)) for operand in operands)
            return OneOf(path, values, frozenset(map(encode_key, values)))
        case (int() as found, [str() as prefix]) if found == _STARTS_WITH:
            return StartsWith(path, prefix)
        case (int() as found, [operand]) if found in (_SAME, _CONTAINS):
            value = _read_value(operand)
            return (Same if found == _SAME else Contains)(path, value, encode_key(value))
        case (int() as found, []) if found == _EXISTS:
            return Exists(path)
        case _:
            raise Malformed("an expression has no known form")


def _read_value(structure: Unpacked) -> object:
    if isinstance(structure, tuple):
        return frozenset(decode_value(as_bytes(element, what=_WHAT)) for element in structure)
    return decode_value(as_bytes(structure, what=_WHAT))
