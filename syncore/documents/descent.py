"""What the value of a register says of itself: by whose authority it is, and of what texts it was made.

Owns the two items that a set-field operation and a sibling carry behind the rest where there is something to
say (``docs/formats/entries.md``), and their bounds, which are part of validity.
"""

from typing import NamedTuple

from syncore.codec.fields import as_array, as_text
from syncore.codec.packing import Packed, Unpacked
from syncore.core.errors import Malformed
from syncore.core.identifiers import Dot
from syncore.core.limits import MAX_ANCESTOR_BYTES, MAX_ANCESTORS
from syncore.documents.structures import as_name, as_number, as_writer


class Ancestor(NamedTuple):
    """A text that a register held once, under the name of the commit that wrote it."""

    dot: Dot
    text: str


def pack_descent(label: str, ancestors: tuple[Ancestor, ...]) -> list[Packed]:
    """A label and ancestors as two items; nothing where there is nothing to say."""
    if not label and not ancestors:
        return []
    return [label, [[*ancestor.dot, ancestor.text] for ancestor in ancestors]]


def as_descent(parts: tuple[Unpacked, ...]) -> tuple[str, tuple[Ancestor, ...]]:
    """Read what :func:`pack_descent` wrote.

    Raises:
        Malformed: it did not write that.
    """
    if not parts:
        return "", ()
    label = "" if parts[0] == "" else as_name(parts[0], what="the label of an authority")
    found = as_array(parts[1], what="ancestors", max_length=MAX_ANCESTORS)
    ancestors = tuple(_as_ancestor(part) for part in found)
    if not label and not ancestors:
        raise Malformed("what has neither a label nor ancestors has the short form")
    if len(set(ancestors)) < len(ancestors):
        raise Malformed("an ancestor is named twice")
    if sum(len(ancestor.text.encode()) for ancestor in ancestors) > MAX_ANCESTOR_BYTES:
        raise Malformed(f"ancestors take more than {MAX_ANCESTOR_BYTES} bytes")
    return label, ancestors


def _as_ancestor(structure: Unpacked) -> Ancestor:
    writer, number, text = as_array(structure, what="an ancestor", length=3)
    dot = Dot(as_writer(writer), as_number(number))
    return Ancestor(dot, as_text(text, what="an ancestor's text", max_bytes=MAX_ANCESTOR_BYTES))
