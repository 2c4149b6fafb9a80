"""A document in memory: its record and, where it has text or lists, its rich part, kept in step.

Owns how decoded entries are applied and what a whole document says of itself. Whoever applies entries has
delivered each of them once, after everything that it depends on, and has judged it valid. Knows nothing of
where documents are stored, or of what is pending and what is confirmed.
"""

from collections.abc import Iterable

from syncore.codec.packing import Packed, pack
from syncore.core.hashing import hash_parts
from syncore.core.hybrid_clock import HybridTime
from syncore.core.identifiers import DocumentKey, Dot, Writer
from syncore.documents.entries import RecordEntry, RichEntry
from syncore.documents.projection import NO_CONTENTS, Contents, Projection, Shown, is_hidden, project
from syncore.documents.record import Record
from syncore.documents.record_encoding import encode_record
from syncore.documents.resolution import ResolutionContext
from syncore.documents.restraint import Restraint, restrain
from syncore.documents.rich import RichPart

NO_CONTEXT = ResolutionContext()


class Document:
    """One document's state.

    Attributes:
        key: Where the document lives.
        writer: Who writes to it here; the client id of its rich part.
        record: Registers, sets, counters, deletions.
        rich: Text and lists; None where there are none yet, or where the caller did not load them. What is
            not loaded may not be asked for: projecting, digesting or planning would be wrong, and is refused.
        restraint: What constraints hold back of it; None where that is nothing.
    """

    __slots__ = ("_contents", "_shown", "key", "record", "restraint", "rich", "writer")

    def __init__(
        self, key: DocumentKey, *, writer: Writer, record: Record | None = None, rich: RichPart | None = None
    ) -> None:
        """Join the two parts of a document, or make one that nobody has written to yet."""
        self.key = key
        self.writer = writer
        self.record = Record() if record is None else record
        self.rich = rich
        self.restraint: Restraint | None = None
        self._contents: Contents | None = None
        self._shown: dict[str, Shown] = {}

    @property
    def is_empty(self) -> bool:
        """Whether nobody ever wrote to the document."""
        return not self.record.vector

    def is_live(self, context: ResolutionContext = NO_CONTEXT) -> bool:
        """Whether the document is there for its readers."""
        if self.restraint is not None and self.restraint.is_there is not None:
            return self.restraint.is_there
        return not self.is_empty and not is_hidden(self.record, context.rules_of(self.key.collection))

    @property
    def is_loaded(self) -> bool:
        """Whether the rich part is in memory, or there is none."""
        return self.rich is not None or not self.record.clocks

    def apply(self, entry: RecordEntry | RichEntry, *, dot: Dot, time: HybridTime) -> None:
        """Take in one entry of a commit.

        Raises:
            IntegrityError: the rich part broke on the delta; this object must not be used any further.
        """
        assert entry.key == self.key
        if isinstance(entry, RecordEntry):
            self.record.apply_operations(entry.operations, dot=dot, time=time)
            return
        assert entry.clock_before == self.record.clocks.get(dot.writer, 0), "a delta continues its writer's"
        self.rich_part().apply(entry.update)
        self.note_rich(dot, entry.clock_after)

    def rich_part(self) -> RichPart:
        """The rich part, to be changed; made when the document has none."""
        assert self.is_loaded
        if self.rich is None:
            self.rich = RichPart(self.writer)
        return self.rich

    def note_rich(self, dot: Dot, clock_after: int) -> None:
        """Take note of a delta that is in the rich part already."""
        self.record.note_rich(dot, clock_after)
        self._forget_contents()

    def contents(self) -> Contents:
        """The texts and lists that are not empty."""
        assert self.is_loaded
        if self.rich is None:
            return NO_CONTENTS
        if self._contents is None:
            self._contents = _read_contents(self.rich)
            self._forget_shown({*self._contents.texts, *self._contents.lists})
        return self._contents

    def project(self, context: ResolutionContext = NO_CONTEXT) -> Projection:
        """The document as it is read."""
        rules = context.rules_of(self.key.collection)
        restraint = self.restraint
        is_brought_back = restraint is not None and restraint.is_there is True
        if not is_brought_back and is_hidden(
            self.record, rules
        ):  # shows nothing, so nothing has to be loaded
            return project(self.record, NO_CONTENTS, context, rules)
        contents = self.contents()
        self._forget_shown(self.record.changed)
        self.record.changed.clear()
        shown = project(
            self.record, contents, context, rules, known=self._shown, is_brought_back=is_brought_back
        )
        return shown if restraint is None else restrain(shown, restraint)

    def known_beside(self, changed: Iterable[str]) -> dict[str, Shown]:
        """What fields are known to show, but for those that are about to change: for :func:`project`."""
        self._forget_shown(self.record.changed)
        self.record.changed.clear()
        known = dict(self._shown)
        for name in changed:
            known.pop(name, None)
        return known

    def remember_shown(self, known: dict[str, Shown]) -> None:
        """What fields show is known from a draft, all of whose operations were applied just now."""
        self._shown = known
        self.record.changed.clear()

    def digest(self) -> bytes:
        """32 bytes that are equal on two replicas exactly when the document's state is.

        Covers siblings, sets, counters, deletions, texts, lists and the vector, never resolved values.
        """
        contents = self.contents()
        texts: list[Packed] = [[name, text] for name, text in sorted(contents.texts.items())]
        lists: list[Packed] = [[name, list(items)] for name, items in sorted(contents.lists.items())]
        return hash_parts("document", pack([encode_record(self.record), texts, lists]))

    def _forget_contents(self) -> None:
        if self._contents is not None:
            self._forget_shown({*self._contents.texts, *self._contents.lists})
            self._contents = None

    def _forget_shown(self, names: Iterable[str]) -> None:
        """Fields with these names may show something else than before."""
        for name in names:
            self._shown.pop(name, None)


def _read_contents(rich: RichPart) -> Contents:
    texts: dict[str, str] = {}
    lists: dict[str, list[bytes]] = {}
    for kind, name in rich.fields():
        if kind == "t":
            texts[name] = rich.text(name)
        else:
            lists[name] = list(rich.items(name))
    return Contents(
        texts={name: text for name, text in texts.items() if text},
        lists={name: items for name, items in lists.items() if items},
    )
