"""Facts and standings as they are stored (``docs/formats/replica-file.md``)."""

from collections.abc import Iterable

from syncore.codec.fields import as_array, as_bytes, as_integer, as_text
from syncore.codec.packing import Packed, Unpacked, pack, unpack
from syncore.constraints.facts import Claim, DocumentFacts, Presence, Reference, Standing
from syncore.core.errors import Malformed
from syncore.core.hybrid_clock import HybridTime
from syncore.core.identifiers import DocumentKey, Writer
from syncore.core.limits import MAX_HYBRID_TIME
from syncore.core.references import OnDelete

_FACTS = "the facts of a document"
_STANDING = "the standing of a document"
_MAX_BYTES = 1_000_000_000
"""What SQLite can hold in one value; the facts grow with the document."""
_MAX_NAME_BYTES = 65_536
_ON_DELETE = tuple(OnDelete)
_PRESENCES = tuple(Presence)


def encode_facts(facts: DocumentFacts) -> bytes:
    """Facts as bytes."""
    claims: list[Packed] = [
        [one.constraint, one.value, list(one.fields), one.time, one.writer] for one in facts.claims
    ]
    return pack([facts.is_deleted, _pack_references(facts.references), claims])


def decode_facts(data: bytes) -> DocumentFacts:
    """The facts that ``data`` encodes.

    Raises:
        Malformed: not the encoding of any.
    """
    parts = as_array(unpack(data, what=_FACTS, max_bytes=_MAX_BYTES), what=_FACTS, length=3)
    is_deleted, references, claims = parts
    if type(is_deleted) is not bool:
        raise Malformed("whether a document is deleted must be a boolean")
    return DocumentFacts(
        is_deleted=is_deleted,
        references=_read_references(references),
        claims=tuple(_read_claim(claim) for claim in as_array(claims, what=_FACTS)),
    )


def encode_standing(standing: Standing) -> bytes:
    """A standing as bytes."""
    nulled = _pack_references(sorted(standing.nulled, key=lambda one: (one.field, one.target)))
    return pack([_PRESENCES.index(standing.presence), nulled, sorted(standing.lost)])


def decode_standing(data: bytes) -> Standing:
    """The standing that ``data`` encodes.

    Raises:
        Malformed: not the encoding of one.
    """
    parts = as_array(unpack(data, what=_STANDING, max_bytes=_MAX_BYTES), what=_STANDING, length=3)
    presence, nulled, lost = parts
    number = as_integer(presence, what=_STANDING, high=len(_PRESENCES) - 1)
    return Standing(
        presence=_PRESENCES[number],
        nulled=frozenset(_read_references(nulled)),
        lost=frozenset(_text(name) for name in as_array(lost, what=_STANDING)),
    )


def _pack_references(references: Iterable[Reference]) -> list[Packed]:
    return [[one.field, *one.target, _ON_DELETE.index(one.on_delete)] for one in references]


def _read_references(structure: Unpacked) -> tuple[Reference, ...]:
    return tuple(_read_reference(one) for one in as_array(structure, what="references"))


def _read_reference(structure: Unpacked) -> Reference:
    what = "a reference"
    field, collection, id_, edition, on_delete = as_array(structure, what=what, length=5)
    target = DocumentKey(_text(collection), _text(id_), as_integer(edition, what=what))
    rule = _ON_DELETE[as_integer(on_delete, what=what, high=len(_ON_DELETE) - 1)]
    return Reference(_text(field), target, rule)


def _read_claim(structure: Unpacked) -> Claim:
    what = "a claim"
    constraint, value, fields, time, writer = as_array(structure, what=what, length=5)
    return Claim(
        constraint=_text(constraint),
        value=as_bytes(value, what=what),
        fields=tuple(_text(name) for name in as_array(fields, what=what)),
        time=HybridTime(as_integer(time, what=what, high=MAX_HYBRID_TIME)),
        writer=Writer(as_integer(writer, what=what)),
    )


def _text(structure: Unpacked) -> str:
    return as_text(structure, what="a name", max_bytes=_MAX_NAME_BYTES)
