"""The rich part of a document: its texts and lists, in one pycrdt document.

Owns: pycrdt. Nothing else sees it, its positions (bytes of UTF-8) or its exceptions. Must not know:
commits, validity (:mod:`syncore.documents.rich_validity`), storage. Roots are named ``t:`` and the field of
a text, ``l:`` and the field of a list; a list item is a byte string (``docs/formats/rich-update.md``).

The caller's duty: updates are applied without a gap, each after what it builds on, and never twice with other
content. yrs drops what has to wait for a predecessor from a state without a word.

An observer makes a pycrdt document immortal (they hold each other through Rust, where Python's collector
does not see it), so there is one only while an edit is made.
"""

import json
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from pycrdt import Array, Doc, Text, TransactionEvent

from syncore.core.errors import IntegrityError, Misused
from syncore.core.identifiers import Writer
from syncore.documents.rich_characters import REPLACEMENT, kept_bytes, show
from syncore.documents.rich_edit import ListSplice, RichEdit, TextSplice
from syncore.documents.rich_foreign import deleting_foreign
from syncore.documents.yjs_primitives import MAX_CLIENT, UpdateReader
from syncore.documents.yjs_update import (
    LIST_ROOT,
    MAX_CLOCK,
    TEXT_ROOT,
    Place,
    Section,
    Struct,
    StructId,
    Update,
    decode_first_struct,
    decode_state,
    decode_update,
    encode_clocks,
    encode_update,
)

_MANY_ITEMS: Final = 32
"""From here on items are inserted as one run: one by one, yrs walks past all before, 6 s for 10,000."""


_LATEST: Final = 2
_SHORT_BYTES: Final = 128
"""So many updates, of at most so many bytes, are looked into before pycrdt is asked: who types names what was
typed last."""


class RichPart:
    """The texts and lists of one document, as one writer sees and edits them.

    Reading never changes what is sent or stored. After an ``IntegrityError`` every further use raises one:
    the object is lost, and the document has to be made afresh from what is stored.

    Raises (all methods): ``IntegrityError`` when pycrdt fails on what it was given, panics included.
    """

    __slots__ = (
        "_changes",
        "_clocks",
        "_doc",
        "_foreign",
        "_is_quarantined",
        "_latest",
        "_lists",
        "_roots",
        "_texts",
        "writer",
    )

    def __init__(self, writer: Writer) -> None:
        assert 0 <= writer <= MAX_CLIENT
        self.writer = writer
        self._doc: Doc[Any] = Doc(client_id=writer)
        self._is_quarantined = False
        self._changes = 0
        self._texts: dict[str, str] = {}
        self._lists: dict[str, list[bytes]] = {}
        self._foreign: set[str] = set()
        self._roots: set[str] | None = None
        self._clocks: dict[Writer, int] | None = None
        self._latest: deque[bytes] = deque(maxlen=_LATEST)

    @classmethod
    def load(cls, updates: Iterable[bytes], writer: Writer) -> "RichPart":
        """A rich part with these updates, for a writer who continues from its own clock in them."""
        part = cls(writer)
        part.apply_all(updates)
        return part

    def apply(self, update: bytes) -> None:
        """Take in one update that is valid and follows what is held."""
        self.apply_all((update,))
        if len(update) <= _SHORT_BYTES:
            self._latest.append(update)

    def apply_all(self, updates: Iterable[bytes]) -> None:
        """Take in several updates, in their order and at half the price of one by one."""
        with self._quarantining():
            with self._doc.transaction():
                for update in updates:
                    self._doc.apply_update(update)
            self._forget()

    @contextmanager
    def edit(self) -> Iterator[RichEdit]:
        """Edit texts and lists: the splices of the ``with`` block become one delta at its end.

        Nothing is touched before; so when the block raises, nothing was touched at all.

        Raises:
            Misused: the rich part was changed otherwise meanwhile.
        """
        changes = self._changes
        edit = RichEdit(read_text=self.text, read_list=self.items)
        yield edit
        if changes != self._changes:
            raise Misused("a rich part was changed while an edit of it was open")
        if edit.splices:
            self._make(edit)

    def text(self, field: str) -> str:
        """The text of a field; empty when there is none."""
        text = self._texts.get(field)
        if text is None:
            with self._quarantining():
                text = self._texts[field] = self._read_text(TEXT_ROOT + field)
        return text

    def items(self, field: str) -> list[bytes]:
        """The items of a field's list; empty when there is none."""
        items = self._lists.get(field)
        if items is None:
            with self._quarantining():
                items = self._lists[field] = self._read_list(LIST_ROOT + field)
        return list(items)

    def fields(self) -> list[tuple[str, str]]:
        """What texts and lists there are, empty ones too: sorted pairs of kind ("l" or "t") and field."""
        with self._quarantining():
            return sorted((name[0], name[2:]) for name in self._names() if name[:2] in (TEXT_ROOT, LIST_ROOT))

    def state(self) -> bytes:
        """One update that holds everything, to be stored. Two equal documents can have different ones."""
        with self._quarantining():
            return self._doc.get_update()

    def clocks(self) -> dict[Writer, int]:
        """How far every writer is held; the price grows with the number of writers alone."""
        if self._clocks is None:
            with self._quarantining():
                reader = UpdateReader(self._doc.get_state())
                count = reader.read_number(len(reader.data))
                self._clocks = {
                    Writer(reader.read_client()): reader.read_number(MAX_CLOCK) for _ in range(count)
                }
        return dict(self._clocks)

    def struct_from(self, unit: StructId) -> Struct | None:
        """The struct that a unit is in, or the rest of it from there on; it says where the unit was put.

        None where the unit is not here. The price grows with what its writer made since, and with how much
        is deleted, at a few nanoseconds each.
        """
        for update in reversed(self._latest):
            found = _find(update, unit)
            if found is not None:
                return found
        clocks = self.clocks()
        if unit.clock >= clocks.get(Writer(unit.client), 0):
            return None
        clocks[Writer(unit.client)] = unit.clock
        with self._quarantining():
            return decode_first_struct(self._doc.get_update(encode_clocks(clocks)))

    def _names(self) -> set[str]:
        """The names of all roots; pycrdt makes an object of each to tell them."""
        if self._roots is None:
            self._roots = set(self._doc.keys())
        return self._roots

    def _forget(self) -> None:
        """Drop what was read: the document changed."""
        self._changes += 1
        self._clocks = None
        self._texts.clear()
        self._lists.clear()
        self._foreign.clear()
        self._roots = None

    def _read_text(self, root: str) -> str:
        if root not in self._names():  # asking for it would make it
            return ""
        shared = self._doc.get(root, type=Text)
        kept = str(shared)
        if len(shared) != _utf8_bytes(kept):
            self._foreign.add(root)
        return show(kept)

    def _read_list(self, root: str) -> list[bytes]:
        if root not in self._names():
            return []
        if _is_suitable(self._doc, root):
            return _items(self._doc.get(root, type=Array))
        self._foreign.add(root)
        copy: Doc[Any] = Doc(client_id=self.writer)
        copy.apply_update(self._doc.get_update())
        _drop_foreign(copy, [root])
        return _items(copy.get(root, type=Array))

    def _make(self, edit: RichEdit) -> None:
        with self._quarantining():
            deltas: list[bytes] = []

            def keep_delta(event: TransactionEvent) -> None:
                deltas.append(event.update)

            subscription = self._doc.observe(keep_delta)
            try:
                with self._doc.transaction():
                    if not self._foreign.isdisjoint(_roots(edit)):
                        _drop_foreign(self._doc, sorted(self._foreign))
                        self._foreign.clear()
                    for splice in edit.splices:
                        self._splice(splice)
            finally:
                self._doc.unobserve(subscription)
            assert len(deltas) <= 1
            edit.delta = deltas[0] if deltas else None
            self._remember(edit)

    def _splice(self, splice: TextSplice | ListSplice) -> None:
        start, end = splice.start, splice.start + splice.delete
        if splice.place is not None:
            self._insert_at(splice.place, splice.insert)
            return
        if isinstance(splice, TextSplice):
            text = self._doc.get(TEXT_ROOT + splice.field, type=Text)
            if splice.delete:
                del text[start:end]
            if splice.insert:
                text.insert(start, splice.insert)
            return
        array = self._doc.get(LIST_ROOT + splice.field, type=Array)
        if splice.delete:
            del array[start:end]
        if len(splice.insert) < _MANY_ITEMS:
            for index, item in enumerate(splice.insert, start):
                array.insert(index, item)
        else:
            self._insert_run(array, start, splice.insert)

    def _insert_at(self, place: Place, content: str | tuple[bytes, ...]) -> None:
        """Insert what comes back as one struct between the units of a place."""
        self._clocks = None  # what they were before this edit
        clock = self.clocks().get(self.writer, 0)
        length = len(content)  # kept text has one unit a character
        struct = Struct(clock, length, content, place.after, place.before, root=None)
        section = Section(self.writer, clock, clock + length, (struct,))
        self._doc.apply_update(encode_update(Update((section,), ())))

    def _insert_run(self, array: "Array[Any]", start: int, items: tuple[bytes, ...]) -> None:
        """Insert many items: the first by pycrdt, the others as one struct that follows it."""
        state = self._doc.get_state()
        array.insert(start, items[0])
        section = next(
            s for s in decode_state(self._doc.get_update(state)).sections if s.client == self.writer
        )
        first = section.structs[-1]
        rest = Struct(
            clock=section.after,
            length=len(items) - 1,
            content=items[1:],
            origin=StructId(self.writer, section.after - 1),
            right_origin=first.right_origin,
            root=None,
        )
        run = Section(self.writer, rest.clock, rest.clock + rest.length, (rest,))
        self._doc.apply_update(encode_update(Update((run,), ())))

    def _remember(self, edit: RichEdit) -> None:
        """Keep what the edit left, where pycrdt's lengths agree; anything else is read again."""
        self._changes += 1
        self._clocks = None
        if self._roots is not None:
            self._roots |= _roots(edit)
        for name, text in edit.texts.items():
            self._texts[name] = text
            size_bytes = len(self._doc.get(TEXT_ROOT + name, type=Text))
            if size_bytes != kept_bytes(text) or REPLACEMENT in text:  # halves may have found each other
                del self._texts[name]
        for name, items in edit.lists.items():
            self._lists[name] = items
            if len(self._doc.get(LIST_ROOT + name, type=Array)) != len(items):
                del self._lists[name]

    @contextmanager
    def _quarantining(self) -> Iterator[None]:
        """Turn what pycrdt raises, panics of Rust included, into an error, and lock this object for good."""
        if self._is_quarantined:
            raise IntegrityError("a document is quarantined: its rich part failed before", hint=_HINT)
        try:
            yield
        except BaseException as error:
            self._is_quarantined = True
            self._forget()
            if isinstance(error, Exception) or type(error).__name__ == "PanicException":
                raise IntegrityError(
                    "a document is quarantined: its rich part cannot be used", hint=_HINT
                ) from error
            raise


_HINT: Final = "its stored updates are kept; load it again, or restore it from the relay"


def _find(update: bytes, unit: StructId) -> Struct | None:
    """The struct of an update that a unit is in."""
    for section in decode_update(update).sections:
        if section.client == unit.client and section.before <= unit.clock < section.after:
            return next(one for one in section.structs if unit.clock < one.clock + one.length)
    return None


def _roots(edit: RichEdit) -> set[str]:
    """The names of the roots that an edit changes."""
    return {TEXT_ROOT + field for field in edit.texts} | {LIST_ROOT + field for field in edit.lists}


def _is_suitable(doc: "Doc[Any]", root: str) -> bool:
    """Whether a root holds only content of its kind.

    Read as a text, any root gives the text in it: nothing in a list, and in a text as much as pycrdt counts.
    """
    shared = doc.get(root, type=Text)
    text = str(shared)
    return not text if root.startswith(LIST_ROOT) else len(shared) == _utf8_bytes(text)


def _drop_foreign(doc: "Doc[Any]", roots: Iterable[str]) -> None:
    """Delete content that does not suit its root; see :mod:`syncore.documents.rich_foreign`."""
    doc.apply_update(encode_update(deleting_foreign(decode_state(doc.get_update()))))
    if not all(_is_suitable(doc, root) for root in roots):
        raise IntegrityError("a text or list holds what does not belong there and cannot be deleted")


def _items(array: "Array[Any]") -> list[bytes]:
    """The byte strings of a list; as JSON (each a list of numbers), because one by one would be quadratic."""
    return [bytes(item) for item in json.loads(str(array))]


def _utf8_bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())
