"""Conflicts of a document with other documents: a value that another one has, a reference to nothing."""

from collections.abc import Iterator
from dataclasses import replace

from syncore.codec.values import decode_value
from syncore.constraints.facts import Claim, Presence, Reference
from syncore.core.identifiers import DocumentKey, device_index
from syncore.core.references import OnDelete
from syncore.documents.document import Document as DocumentState
from syncore.documents.operations import FieldKind
from syncore.replica.conflicts import Conflict, ConflictKind, ConflictReader, ConflictSibling
from syncore.replica.constraining import Constraining, Stored
from syncore.replica.sibling_names import sibling_name
from syncore.replica.views import time_of


def constraint_conflicts(
    document: DocumentState, reader: ConflictReader, known: Constraining
) -> list[Conflict]:
    """What constraints hold back of a document, by field: what it has lost is open, all else is settled."""
    if document.restraint is None:
        return []
    stored = known.find(document.key)
    if stored is None:
        return []
    found = [*_lost(document, reader, known, stored), *_nulled(document, reader, known, stored)]
    return sorted(found, key=lambda one: (one.field or "", one.kind.value))


def holder_of(known: Constraining, claim: Claim) -> DocumentKey | None:
    """Which document has what is claimed."""
    first = next(known.ground({}).claimants(claim.constraint, claim.value), None)
    return None if first is None else first.key


def unique_rule(claim: Claim) -> str:
    """A unique constraint as people read it."""
    return f"unique {', '.join(claim.fields)}"


def _lost(
    document: DocumentState, reader: ConflictReader, known: Constraining, stored: Stored
) -> Iterator[Conflict]:
    for claim in stored.facts.claims:
        if claim.constraint not in stored.standing.lost:
            continue
        field, holder = claim.fields[-1], holder_of(known, claim)
        kept = tuple(
            ConflictSibling(
                name=sibling_name(one.dot),
                value=decode_value(one.value),
                kind=FieldKind.REGISTER,
                device=device_index(one.dot.writer),
                author=reader.authors.get(device_index(one.dot.writer)),
                time=time_of(one),
                label=one.label,
            )
            for one in document.record.registers.get(field, ())
        )
        found = reader.conflict(
            document,
            field,
            ConflictKind.UNIQUE,
            siblings=kept,
            value=None,
            rule=unique_rule(claim),
            is_open=True,
        )
        yield replace(found, holder=None if holder is None else (holder.collection, holder.id))


def _nulled(
    document: DocumentState, reader: ConflictReader, known: Constraining, stored: Stored
) -> Iterator[Conflict]:
    """References that are shown as nothing; of a document that is gone, those to what it went with."""
    gone: list[Reference] = sorted(stored.standing.nulled, key=lambda one: (one.field, one.target))
    if stored.standing.presence is Presence.CASCADED:
        gone = [
            one
            for one in stored.facts.references
            if one.on_delete is OnDelete.CASCADE
            and (standing := known.standing(one.target)) is not None
            and not standing.is_live
        ]
    values = document.project(reader.context).values
    for one in gone:
        found = reader.conflict(
            document,
            one.field,
            ConflictKind.REFERENCE,
            siblings=(ConflictSibling(name="reference", value=one.target.id, kind=FieldKind.REGISTER),),
            value=values.get(one.field),
            rule=f"{one.on_delete.value} {one.target.collection}",
            is_open=False,
        )
        yield replace(found, holder=(one.target.collection, one.target.id))
