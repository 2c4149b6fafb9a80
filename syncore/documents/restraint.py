"""What constraints hold back of one document: itself, or values that are shown as nothing.

Owns how that changes a projection. What constraints are, and how it comes about, is in
:mod:`syncore.constraints`; a restraint follows from the states of all documents of a space, and is no part of
any document's state.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from syncore.documents.projection import FieldValue, Projection
from syncore.documents.resolution import Contest


@dataclass(frozen=True, slots=True, kw_only=True)
class Restraint:
    """What is held back of a document.

    Attributes:
        is_there: True where it is there although it was deleted, False where it is not although nobody
            deleted it, None where its state says it.
        lost: Fields that are shown as nothing, because another document has what they claim.
        nulled: The ids of documents that a field names and that are not there, by field; shown as nothing, or
            taken out of a field that holds several.
    """

    is_there: bool | None = None
    lost: frozenset[str] = frozenset()
    nulled: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @property
    def fields(self) -> frozenset[str]:
        """The fields that show something else than they hold."""
        return self.lost | self.nulled.keys()

    def without(self, fields: frozenset[str]) -> "Restraint":
        """The same for a document that somebody writes to, with these fields shown as they are."""
        nulled = {name: gone for name, gone in self.nulled.items() if name not in fields}
        return Restraint(lost=self.lost - fields, nulled=nulled)


def restrain(projection: Projection, restraint: Restraint) -> Projection:
    """What readers find of a document, from what its state alone would show them.

    ``projection`` has the values of a document that is brought back, and is marked as deleted all the same.
    """
    if restraint.is_there is False:
        return replace(
            projection,
            values={},
            kinds={},
            conflicts=(),
            is_deleted=True,
            contest=max(projection.contest, Contest.SETTLED),
        )
    values = dict(projection.values)
    for name, gone in restraint.nulled.items():
        if name in values:
            values[name] = _without(values[name], gone)
    lost = [name for name in restraint.lost if name in values]
    values.update(dict.fromkeys(lost))
    contest = Contest.OPEN if lost else Contest.SETTLED
    return replace(
        projection,
        values=values,
        kinds={name: kind for name, kind in projection.kinds.items() if name not in lost},
        conflicts=tuple(sorted({*projection.conflicts, *lost})),
        is_deleted=projection.is_deleted and restraint.is_there is None,
        contest=max(projection.contest, contest),
    )


def _without(value: FieldValue, gone: frozenset[str]) -> FieldValue:
    """A value without the ids of documents that are not there."""
    if isinstance(value, frozenset):
        return frozenset(one for one in value if one not in gone)
    if isinstance(value, list):
        return [one for one in value if not (isinstance(one, str) and one in gone)]
    return None if value in gone else value
