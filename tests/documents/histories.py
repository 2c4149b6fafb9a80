"""Random writes to a document, over all kinds of fields, that fit whatever state they meet."""

import random

from syncore.core.errors import InvalidChange
from syncore.core.identifiers import Writer
from syncore.documents.changes import UNSET, Counter, List, Set, Text, add, increment, remove, splice
from syncore.documents.operations import FieldKind
from syncore.documents.planning import DocumentPlan
from tests.documents.worlds import Device, Sent

FIELDS = ("a", "b", "c")
ALPHABET = "abé🎬"


def write_something(device: Device, source: random.Random, *, keep_token: list[dict[Writer, int]]) -> Sent:
    """One commit of one to three changes; now and then upon a token that was kept long ago."""

    def work(plan: DocumentPlan) -> None:
        for _ in range(source.randint(1, 3)):
            seen = source.choice(keep_token) if keep_token and source.random() < 0.25 else None
            _write(plan, source, seen)

    sent = device.write(work)
    if source.random() < 0.3:
        keep_token.append(dict(device.document.project().vector))
    return sent


def _write(plan: DocumentPlan, source: random.Random, seen: dict[Writer, int] | None) -> None:
    projection = plan.preview()
    if projection.is_deleted or (not projection.vector and not plan.is_changed):
        plan.insert({name: _initial(source) for name in FIELDS if source.random() < 0.7})
    elif source.random() < 0.08:
        plan.delete(seen=seen)
    else:
        name = source.choice(FIELDS)
        kind = projection.kinds.get(name, FieldKind.REGISTER) if name in projection.values else None
        change = _change(source, kind, projection.values.get(name))
        try:
            plan.update({name: change}, seen=seen)
        except InvalidChange:
            # Upon an old token UNSET leaves what is newer, and the field may still be of another kind.
            assert seen is not None
            assert isinstance(change, tuple)
            plan.update({})


def _initial(source: random.Random) -> object:
    return source.choice(
        [
            source.randint(0, 9),
            Counter(source.randint(-2, 2)),
            Set(source.sample(range(5), source.randint(0, 3))),
            Text("".join(source.choices(ALPHABET, k=source.randint(0, 5)))),
            List(source.sample(range(5), source.randint(0, 3))),
        ]
    )


def _change(source: random.Random, kind: FieldKind | None, value: object) -> object:
    if kind is None:
        return _initial(source)
    if source.random() < 0.15:
        return UNSET if source.random() < 0.5 else (UNSET, _initial(source))
    if kind is FieldKind.REGISTER:
        return source.randint(0, 9)
    if kind is FieldKind.COUNTER:
        return source.choice([increment(source.randint(-3, 3)), Counter(source.randint(-2, 2))])
    if kind is FieldKind.SET:
        elements = source.sample(range(5), source.randint(0, 2))
        return source.choice([add(*elements), remove(*elements), Set(elements)])
    assert isinstance(value, str | list)
    position = source.randint(0, len(value))
    delete = source.randint(0, min(3, len(value) - position))
    if kind is FieldKind.TEXT:
        inserted = "".join(source.choices(ALPHABET, k=source.randint(0, 3)))
        return source.choice([splice(position, delete, inserted), Text(inserted)])
    items = source.sample(range(9), source.randint(0, 3))
    return source.choice([splice(position, delete, items), List(items)])
