"""The verdict on what the ledgers say and what the replicas hold at the end. Pure.

What was acknowledged must have an effect at the end:

* a value of a register is one of its siblings (the one that shows, or one kept beside it), or was superseded
  by an edit whose ledger row says that it had seen it, and which itself took effect;
* a counter stands at what was acknowledged, or more by what was not confirmed;
* an element of a set is there, unless somebody removed it having seen it; a removed one is not there;
* a line of the text stands there exactly once, and nothing else does;
* a transaction shows in all of its documents or in none;
* an imported document is there, and its fields that nobody edited read as they were imported.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from syncore.cli.demo.ledger import LedgerEdit, LedgerWrite
from syncore.cli.demo.scenario import (
    HEADING,
    Json,
    Place,
    WriteKind,
    edit_of,
)

Field = tuple[Place, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """What a replica holds at the end.

    Attributes:
        shown: The fields of every document.
        siblings: All values of the registers of the documents that were edited.
    """

    shown: Mapping[Place, Mapping[str, Json]]
    siblings: Mapping[Place, Mapping[str, Sequence[Json]]]


@dataclass(slots=True)
class _Writes:
    """All writes of one kind to one field."""

    acknowledged: list[tuple[str, LedgerWrite]] = field(default_factory=list)
    unconfirmed: list[tuple[str, LedgerWrite]] = field(default_factory=list)

    @property
    def all(self) -> list[tuple[str, LedgerWrite]]:
        return self.acknowledged + self.unconfirmed


def find_losses(
    edits: Sequence[LedgerEdit], ending: Ending, imported: Mapping[Place, Mapping[str, Json]]
) -> list[str]:
    """What was acknowledged and did not last, and what shows by halves, in words; nothing if all is well.

    Args:
        edits: Those of all ledgers.
        ending: What a replica holds.
        imported: What was imported, by document.
    """
    sorted_writes = {kind: _by_field(edits, kind) for kind in WriteKind}
    return [
        *_lost_imports(edits, ending, imported),
        *_lost_values(sorted_writes[WriteKind.REGISTER], ending),
        *_wrong_counters(sorted_writes[WriteKind.COUNTER], ending),
        *_wrong_sets(sorted_writes[WriteKind.ADD], sorted_writes[WriteKind.REMOVE], ending),
        *_wrong_texts(sorted_writes[WriteKind.TEXT], ending),
        *_half_visible(edits, ending),
    ]


def _by_field(edits: Iterable[LedgerEdit], kind: WriteKind) -> dict[Field, _Writes]:
    found: defaultdict[Field, _Writes] = defaultdict(_Writes)
    for edit in edits:
        for write in edit.writes:
            if write.kind is kind:
                writes = found[write.place, write.field]
                (writes.acknowledged if edit.is_acknowledged else writes.unconfirmed).append((edit.id, write))
    return found


def _lost_imports(
    edits: Iterable[LedgerEdit], ending: Ending, imported: Mapping[Place, Mapping[str, Json]]
) -> Iterator[str]:
    edited = {(write.place, write.field) for edit in edits for write in edit.writes}
    for edit in edits:
        if not edit.is_acknowledged:
            continue
        for place in edit.imported:
            shown = ending.shown.get(place)
            if shown is None:
                yield f"{edit.id}: {place} is gone"
                continue
            for name, value in imported.get(place, {}).items():
                if (place, name) not in edited and shown.get(name) != value:
                    yield f"{edit.id}: {place} {name} reads {shown.get(name)!r}, imported as {value!r}"


def _lost_values(by_field: Mapping[Field, _Writes], ending: Ending) -> Iterator[str]:
    for (place, name), writes in by_field.items():
        kept = {edit_of(value) or "" for value in ending.siblings.get(place, {}).get(name, ())}
        shown = ending.shown.get(place, {}).get(name)
        known = {edit for edit, _ in writes.all}
        acknowledged = {edit for edit, _ in writes.acknowledged}
        took_effect = acknowledged | kept | {seen for _, write in writes.all for seen in write.saw}
        superseded = {seen for edit, write in writes.all if edit in took_effect for seen in write.saw}
        where = f"{place} {name}"
        for edit in sorted(acknowledged - kept - superseded):
            yield f"{edit}: its value of {where} is neither shown nor a sibling, and nobody superseded it"
        for edit in sorted(kept & superseded):
            yield f"{where}: the value of {edit or 'the import'} is back although it was superseded"
        for edit in sorted(kept - known - {""}):
            yield f"{where}: there is a value of {edit}, which no ledger tells of"
        if (kept or shown is not None) and (edit_of(shown) or "") not in kept:
            yield f"{where}: what shows, {shown!r}, is none of its values"


def _wrong_counters(by_field: Mapping[Field, _Writes], ending: Ending) -> Iterator[str]:
    for (place, name), writes in by_field.items():
        low = sum(_amount(write) for _, write in writes.acknowledged)
        high = low + sum(_amount(write) for _, write in writes.unconfirmed)
        shown = ending.shown.get(place, {}).get(name, 0)
        if not isinstance(shown, int) or not low <= shown <= high:
            yield f"{place} {name} stands at {shown!r}, which is not within {low} and {high}"


def _wrong_sets(
    added: Mapping[Field, _Writes], removed: Mapping[Field, _Writes], ending: Ending
) -> Iterator[str]:
    for place, name in {**added, **removed}:
        elements = ending.shown.get(place, {}).get(name, [])
        shown = {str(element) for element in elements} if isinstance(elements, list) else set()
        adds = added.get((place, name), _Writes())
        removals = removed.get((place, name), _Writes())
        maybe_gone = {str(write.value) for _, write in removals.all}
        surely_gone = {str(write.value) for _, write in removals.acknowledged}
        for edit, write in adds.acknowledged:
            if write.value not in shown | maybe_gone:
                yield f"{edit}: {write.value!r} is not in {place} {name}, and nobody removed it"
        for element in sorted(shown & surely_gone):
            yield f"{element!r} is in {place} {name} although it was removed"
        for element in sorted(shown - {str(write.value) for _, write in adds.all}):
            yield f"{element!r} is in {place} {name}, and no ledger tells of it"


def _wrong_texts(by_field: Mapping[Field, _Writes], ending: Ending) -> Iterator[str]:
    for (place, name), writes in by_field.items():
        text = ending.shown.get(place, {}).get(name)
        lines = Counter(text.splitlines(keepends=True) if isinstance(text, str) else ())
        for edit, write in writes.acknowledged:
            if lines[str(write.value)] != 1:
                yield f"{edit}: its line stands {lines[str(write.value)]} times in {place} {name}"
        for edit, write in writes.unconfirmed:
            if lines[str(write.value)] > 1:
                yield f"{edit}: its line stands {lines[str(write.value)]} times in {place} {name}"
        known = {HEADING, *(str(write.value) for _, write in writes.all)}
        for line in sorted(set(lines) - known):
            yield f"{place} {name} has a line that nobody wrote: {line!r}"
        if lines[HEADING] != 1:
            yield f"{place} {name} has lost its heading"


def _half_visible(edits: Iterable[LedgerEdit], ending: Ending) -> Iterator[str]:
    for edit in edits:
        if not edit.is_transaction:
            continue
        lasting = [write for write in edit.writes if write.kind in {WriteKind.ADD, WriteKind.TEXT}]
        missing = [write for write in lasting if not _lasts(write, ending)]
        if 0 < len(missing) < len(lasting):
            places = ", ".join(str(write.place) for write in missing)
            yield f"{edit.id}: half of the transaction shows; it is missing in {places}"


def _lasts(write: LedgerWrite, ending: Ending) -> bool:
    shown = ending.shown.get(write.place, {}).get(write.field)
    if isinstance(shown, list):
        return write.value in shown
    return isinstance(shown, str) and str(write.value) in shown


def _amount(write: LedgerWrite) -> int:
    assert isinstance(write.value, int)
    return write.value
