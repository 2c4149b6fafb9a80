"""Making planned edits of texts and lists, after checking what they take: they cannot be taken back.

Owns the step from edits to a rich entry. Knows nothing of records or of why an edit is made.
"""

from collections.abc import Sequence
from typing import NamedTuple

from syncore.core.errors import IntegrityError, Malformed, TooLarge
from syncore.core.limits import MAX_COMMIT_BYTES, MAX_STRUCT_CLOCK, MAX_STRUCTS_PER_UPDATE
from syncore.documents.document import Document
from syncore.documents.drafts import ListEdit, TextEdit
from syncore.documents.entries import RichEntry, encode_rich_entry
from syncore.documents.rich import RichPart
from syncore.documents.yjs_update import Update, builds_on, decode_update, section_of

_EDIT_BYTES = 1_024
"""More than what one edit adds to a delta beside its content: a root's name and a few references."""
_DELETED_BYTES = 32
"""More than what one deleted character or item adds: two code units, each a range of a client of its own."""
_UNITS_PER_CHARACTER = 2
_SAFE_BYTES = MAX_COMMIT_BYTES // 2

Edits = Sequence[TextEdit | ListEdit]


def check_edits(document: Document, edits: Edits) -> None:
    """Make sure that the edits fit into one commit, without touching the document.

    Raises:
        TooLarge: they do not.
    """
    if not edits:
        return
    content_bytes = sum(_content_bytes(edit) for edit in edits)
    units = sum(_UNITS_PER_CHARACTER * len(edit.insert) for edit in edits)
    deleted = sum(_UNITS_PER_CHARACTER * edit.delete for edit in edits)
    if content_bytes > MAX_COMMIT_BYTES:
        raise TooLarge(f"edits of texts and lists hold {content_bytes} bytes; {MAX_COMMIT_BYTES} are allowed")
    if document.record.clocks.get(document.writer, 0) + units >= MAX_STRUCT_CLOCK:
        raise TooLarge("this device has written as much into the texts and lists of the document as one may")
    most_bytes = content_bytes + _EDIT_BYTES * len(edits) + _DELETED_BYTES * deleted
    if most_bytes > _SAFE_BYTES or 3 * len(edits) + units + deleted > MAX_STRUCTS_PER_UPDATE:
        _rehearse(document, edits)


class MadeEdits(NamedTuple):
    """The entry that tells others of edits, and its update, decoded."""

    entry: RichEntry
    update: Update


def make_edits(document: Document, edits: Edits) -> MadeEdits | None:
    """Make the edits; None without any.

    Raises:
        IntegrityError: the rich part broke.
    """
    if not edits:
        return None
    try:
        return _edit(document, document.rich_part(), edits)
    except Malformed as error:
        raise IntegrityError("an edit came out as an invalid delta", key=document.key) from error


def _rehearse(document: Document, edits: Edits) -> None:
    """Make the edits in a copy, and see."""
    updates = [] if document.rich is None else [document.rich.state()]
    try:
        entry, _ = _edit(document, RichPart.load(updates, document.writer), edits)
    except Malformed as error:
        raise TooLarge(
            "edits of texts and lists are too many or too large for one commit",
            hint=f"{MAX_COMMIT_BYTES} bytes, and a character above U+FFFF takes six; use several commits",
        ) from error
    if len(encode_rich_entry(entry)) > MAX_COMMIT_BYTES:
        raise TooLarge(f"edits of texts and lists take more than the {MAX_COMMIT_BYTES} bytes allowed")


def _edit(document: Document, rich: RichPart, edits: Edits) -> MadeEdits:
    """Make the edits in the document's rich part, or in a copy of it."""
    with rich.edit() as made:
        for edit in edits:
            if isinstance(edit, TextEdit):
                made.splice_text(edit.field, edit.position, edit.delete, edit.insert, place=edit.place)
            else:
                made.splice_list(edit.field, edit.position, edit.delete, edit.insert, place=edit.place)
    assert made.delta is not None, "an edit that inserts or deletes has a delta"
    update = decode_update(made.delta)
    before = document.record.clocks.get(document.writer, 0)
    section = section_of(update, document.writer) or (before, before)
    if section[0] != before:
        raise IntegrityError("a rich part does not continue where its record says", key=document.key)
    entry = RichEntry(
        key=document.key,
        clock_before=before,
        clock_after=section[1],
        builds_on=builds_on(update, document.writer),
        update=made.delta,
    )
    return MadeEdits(entry, update)


def _content_bytes(edit: TextEdit | ListEdit) -> int:
    if isinstance(edit, TextEdit):
        return len(edit.insert.encode())
    return sum(len(item) for item in edit.insert)
