"""Content that is in a root of the wrong kind: text in a list, list items in a text.

No program of ours makes it, and no delta shows it (an origin names a unit, not the root that the unit is in).
So it is valid, and ignored: a text reads as its text, a list as its items. But pycrdt counts it in positions,
panics when a deletion in a text spans it, and never returns from reading a list with anything beyond ASCII in
it. So it is deleted: from a copy before such a list is read, from the document, for everyone, before a root
that holds some is edited.

Owns: finding it in a state. Must not know: pycrdt.
"""

from syncore.documents.struct_index import StructIndex
from syncore.documents.yjs_update import (
    LIST_ROOT,
    TEXT_ROOT,
    Struct,
    StructId,
    Update,
    merged_deletions,
)


def deleting_foreign(state: Update) -> Update:
    """The update that deletes whatever does not suit its root in a whole document."""
    roots = _Roots(state)
    return Update(
        (),
        merged_deletions(
            (section.client, struct.clock, struct.clock + struct.length)
            for section in state.sections
            for struct in section.structs
            if _is_foreign(struct, roots.root_of(section.client, struct))
        ),
    )


def _is_foreign(struct: Struct, root: str) -> bool:
    if isinstance(struct.content, str):
        return root.startswith(LIST_ROOT)
    return struct.content is not None and root.startswith(TEXT_ROOT)


class _Roots:
    """The root of every struct: the one it names, or else its origin's, or else its right origin's."""

    def __init__(self, state: Update) -> None:
        self._index = StructIndex(state.sections)
        self._known: dict[StructId, str] = {}

    def root_of(self, client: int, struct: Struct) -> str:
        """The name of a struct's root, or nothing where it leads nowhere."""
        path: list[StructId] = []
        root: str | None = None
        at: StructId | None = StructId(client, struct.clock)
        while at is not None and root is None:
            root = self._known.get(at)
            if root is None:
                self._known[at] = ""  # should the path come back here, it leads nowhere
                path.append(at)
                root, at = self._step(at)
        for passed in path:
            self._known[passed] = root or ""
        return root or ""

    def _step(self, first: StructId) -> tuple[str | None, StructId | None]:
        """The root that the struct at ``first`` names, or the first clock of the struct that it follows."""
        found = self._index.find(first)
        if found is None:
            return None, None
        named = found.origin or found.right_origin
        target = self._index.find(named) if named else None
        return found.root, StructId(named.client, target.clock) if named and target else None
