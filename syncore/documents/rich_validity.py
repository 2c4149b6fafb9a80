"""When a rich delta is valid: a verdict on its bytes and its author's causal past, never on a state.

Owns: the rules, in prose in ``docs/formats/rich-update.md``. Must not know: pycrdt, arrival order, what is
held beyond the author's past. yrs trusts its input: it takes structs over a gap, kills clocks that do not
exist yet, and renumbers what reaches beyond 2**32. So whatever a delta names must have existed when it was
made.
"""

from collections.abc import Mapping

from syncore.core.errors import InvalidSegment, Malformed
from syncore.core.identifiers import Dot, Writer, name_problem
from syncore.documents.entries import RichEntry
from syncore.documents.yjs_update import (
    LIST_ROOT,
    TEXT_ROOT,
    Section,
    Struct,
    StructId,
    Update,
    decode_update,
)


def check_rich_entry(entry: RichEntry, *, dot: Dot, held: Mapping[Writer, int]) -> Update:
    """Check an entry against what its author had seen; its update, decoded.

    What is between what is another question: :mod:`syncore.documents.rich_places`.

    Args:
        entry: The entry, decoded.
        dot: The commit that it is part of.
        held: The rich clocks of the document in the author's causal past, own commits below ``dot`` included.

    Raises:
        InvalidSegment: a rule is broken.
    """
    try:
        update = decode_update(entry.update)
    except Malformed as error:
        raise InvalidSegment(f"commit {dot.number}: {error.message}") from error
    problem = (
        _clocks_problem(entry, dot.writer, held)
        or _section_problem(entry, dot.writer, update)
        or _references_problem(entry, dot.writer, update)
    )
    if problem:
        raise InvalidSegment(f"commit {dot.number}: a rich delta {problem}")
    return update


def _clocks_problem(entry: RichEntry, author: Writer, held: Mapping[Writer, int]) -> str:
    if entry.clock_before != held.get(author, 0):
        return f"starts at clock {entry.clock_before}, its author stands at {held.get(author, 0)}"
    if author in entry.builds_on:
        return "names its author among the others that it builds on"
    for writer, clock in entry.builds_on.items():
        if clock > held.get(writer, 0):
            return f"builds on clock {clock} of a writer of whom its author held {held.get(writer, 0)}"
    return ""


def _section_problem(entry: RichEntry, author: Writer, update: Update) -> str:
    """One section at most, the author's, from clock_before to clock_after."""
    if not update.sections:
        if not update.deletions:
            return "changes nothing"
        return (
            "" if entry.clock_before == entry.clock_after else "holds no structs and moves its author's clock"
        )
    section = update.sections[0]
    if len(update.sections) > 1 or section.client != author:
        return "holds structs of another writer than its author"
    if (section.before, section.after) != (entry.clock_before, entry.clock_after):
        return "holds other clocks than its entry says"
    return ""


def _references_problem(entry: RichEntry, author: Writer, update: Update) -> str:
    """Whatever is named must have existed: below what the entry builds on, or made by the author before."""
    for section in update.sections:
        problem = _structs_problem(entry, author, section)
        if problem:
            return problem
    for client, ranges in update.deletions:
        limit = entry.clock_after if client == author else entry.builds_on.get(Writer(client), 0)
        if ranges[-1][1] > limit:
            return "deletes clocks that its author had not seen"
    return ""


def _structs_problem(entry: RichEntry, author: Writer, section: Section) -> str:
    known = entry.builds_on
    for struct in section.structs:
        _, _, _, origin, right_origin, root = struct
        if origin is not None and origin.clock >= (
            struct.clock if origin.client == author else _limit(known, origin)
        ):
            return "has an origin that its author had not seen"
        if right_origin is not None:
            limit = struct.clock if right_origin.client == author else _limit(known, right_origin)
            if right_origin.clock >= limit:
                return "has a right origin that its author had not seen"
            if right_origin == origin:
                return "puts content between a unit and itself"
        if isinstance(struct.content, str) and len(struct.content) != struct.length:
            return "holds a character beyond U+FFFF, which is kept as two others"
        if root is not None:
            problem = _root_problem(struct, root)
            if problem:
                return problem
    return ""


def _limit(known: Mapping[Writer, int], named: StructId) -> int:
    return known.get(Writer(named.client), 0)


def _root_problem(struct: Struct, root: str) -> str:
    """A root is a text or a list by its name, and content that names its root must be of that kind."""
    prefix, name = root[:2], root[2:]
    if prefix not in (TEXT_ROOT, LIST_ROOT) or name_problem(name):
        return "names a root that is no field"
    if isinstance(struct.content, str) and prefix != TEXT_ROOT:
        return "puts text into a list"
    if isinstance(struct.content, tuple) and prefix != LIST_ROOT:
        return "puts list items into a text"
    return ""
