"""Our codec of updates against Yjs itself: what Yjs writes we read, what we accept Yjs applies."""

import random
from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from syncore.core.errors import Malformed
from syncore.core.identifiers import Dot, Writer
from syncore.documents.entries import RichEntry
from syncore.documents.rich import RichPart
from syncore.documents.yjs_update import (
    Section,
    Struct,
    StructId,
    Update,
    builds_on,
    decode_state,
    decode_update,
    encode_update,
    merged_deletions,
    section_of,
)
from tests.documents.rich_authors import KEY, contents_of
from tests.yjs.participants import Delta, Participant, assert_same, is_valid
from tests.yjs.peer import Yjs, require_yjs

require_yjs()

SEEDS = st.integers(0, 2**31 - 1)
READER = Writer(9)
AUTHORS = [Writer(1 << 32 | 7), Writer(2 << 32 | 0xBAD_CAFE), Writer(40)]


@given(seed=SEEDS)
@settings(max_examples=15)
def test_what_yjs_writes_is_read_and_written_back(seed: int, yjs: Yjs) -> None:
    """Every delta and every state of documents in Yjs comes back from our codec as the same bytes."""
    yjs.begin(seed, AUTHORS)
    random_numbers = random.Random(seed)
    for _ in range(30):
        index = random_numbers.randrange(len(AUTHORS))
        update = yjs.edit(index)
        if update is not None:
            assert encode_update(decode_update(update)) == update
        yjs.stir(random_numbers.randint(0, 4))
    yjs.settle()  # before, a state can have gaps, which no state of ours has
    state = yjs.read(0).state
    assert encode_update(decode_state(state)) == state


@given(seed=SEEDS)
@settings(max_examples=15)
def test_what_we_write_yjs_reads_and_writes_back(seed: int, yjs: Yjs) -> None:
    """Every delta and every state of ours comes back from Yjs's codec as the same bytes."""
    base, made = _history(random.Random(seed))
    for delta in made:
        assert yjs.rewrite(delta.entry.update) == delta.entry.update
    state = base.state()
    assert yjs.rewrite(state) == state


@given(seed=SEEDS)
@settings(max_examples=40)
def test_what_is_accepted_is_the_same_to_all(seed: int, yjs: Yjs) -> None:
    """A delta that somebody changed, in its bytes or in what it says, is refused by our checks, or pycrdt and
    Yjs both apply it and show the same.
    """
    random_numbers = random.Random(seed)
    _, made = _history(random_numbers)
    forger = Participant(random_numbers.choice(AUTHORS))
    own = [delta for delta in made if delta.dot.writer == forger.writer]
    known = forger.take([*own, *random_numbers.sample(made, len(made) // 2)], random_numbers)
    unknown = [delta for delta in made if delta not in known]
    if any(delta in unknown for delta in own):  # he knows what he wrote
        known += forger.take(made, random_numbers)
        unknown = []
    delta = _next(forger, random_numbers)
    accepted = [one for one in _changed(delta, forger.part, random_numbers) if is_valid(one, forger.part)]
    for changed in accepted[:3]:
        earlier, later = Participant(READER), Participant(READER)
        earlier.take([*known, changed], random_numbers)
        earlier.take(unknown, random_numbers)
        later.take(made, random_numbers)
        later.take([changed], random_numbers)
        assert contents_of(earlier.part) == contents_of(later.part)
        updates = [one.entry.update for one in [*made, changed]]
        assert_same(earlier.part, yjs.load(updates))
        assert_same(earlier.part, yjs.load(random_numbers.sample(updates, len(updates))))


def _history(random_numbers: random.Random) -> tuple[RichPart, list[Delta]]:
    """What three authors made, and a rich part with all of it."""
    authors = [Participant(writer) for writer in AUTHORS]
    made: list[Delta] = []
    for _ in range(8):
        author = random_numbers.choice(authors)
        author.take(random_numbers.sample(made, len(made) // 2), random_numbers)
        made += filter(None, [author.edit(random_numbers)])
    reader = Participant(READER)
    reader.take(made, random_numbers)
    return reader.part, made


def _next(forger: Participant, random_numbers: random.Random) -> Delta:
    """What one of the authors would honestly make next."""
    made = None
    while made is None:
        made = forger.copy(forger.writer).edit(random_numbers)
    return made


def _changed(delta: Delta, base: RichPart, random_numbers: random.Random) -> list[Delta]:
    """The delta with its bytes damaged, and with other things in it, as a careful forger would send it."""
    update = decode_update(delta.entry.update)
    changed = [_damaged(delta.entry.update, random_numbers) for _ in range(40)]
    units = [StructId(client, clock) for client, reach in base.clocks().items() for clock in range(reach)]
    for _ in range(40):
        change = random_numbers.choice(CHANGES)
        changed.append(encode_update(change(update, units, random_numbers)))
    random_numbers.shuffle(changed)
    return [made for made in (_delta(update, delta.dot, base) for update in changed) if made is not None]


def _damaged(update: bytes, random_numbers: random.Random) -> bytes:
    damaged = bytearray(update)
    for _ in range(random_numbers.randint(1, 2)):
        damaged[random_numbers.randrange(len(damaged))] = random_numbers.choice(
            [0, 1, 0x44, 0x84, 0xC4, 0x61]
        )
    return bytes(damaged)


def _delta(update: bytes, dot: Dot, base: RichPart) -> Delta | None:
    """The update in an entry that fits it as well as can be; None where there is none."""
    try:
        decoded = decode_update(update)
    except Malformed:
        return None
    here = base.clocks().get(dot.writer, 0)
    before, after = section_of(decoded, dot.writer) or (here, here)
    entry = RichEntry(
        key=KEY,
        clock_before=before,
        clock_after=after,
        builds_on=builds_on(decoded, dot.writer),
        update=update,
    )
    return Delta(dot, entry)


def _with_struct(update: Update, change: Callable[[Struct], Struct], random_numbers: random.Random) -> Update:
    """The update with one struct changed, the clocks of those behind it moved along."""
    if not update.sections:
        return update
    section = update.sections[0]
    place = random_numbers.randrange(len(section.structs))
    clock = section.before
    structs = []
    for number, struct in enumerate(section.structs):
        made = change(struct) if number == place else struct
        structs.append(made._replace(clock=clock))
        clock += made.length
    return Update((Section(section.client, section.before, clock, tuple(structs)),), update.deletions)


def _moved(update: Update, units: list[StructId], random_numbers: random.Random) -> Update:
    """Somewhere else: perhaps where somebody can have seen it."""

    def move(struct: Struct) -> Struct:
        left = random_numbers.choice([None, struct.origin, *units])
        right = random_numbers.choice([None, struct.right_origin, *units])
        root = random_numbers.choice(["t:body", "l:body"]) if left is None and right is None else None
        return struct._replace(origin=left, right_origin=right, root=root)

    return _with_struct(update, move, random_numbers)


def _refilled(update: Update, _: list[StructId], random_numbers: random.Random) -> Update:
    """Other content: of another kind, deleted, or torn."""

    def refill(struct: Struct) -> Struct:
        content = random_numbers.choice(["x", "\ue000", "\ue802y", (b"",), (b"x", b"y"), None])
        return struct._replace(content=content, length=3 if content is None else len(content))

    return _with_struct(update, refill, random_numbers)


def _killing(update: Update, units: list[StructId], random_numbers: random.Random) -> Update:
    """Other deletions."""
    killed = random_numbers.sample(units, min(len(units), random_numbers.randint(0, 4)))
    ranges = ((unit.client, unit.clock, unit.clock + random_numbers.randint(1, 2)) for unit in killed)
    return Update(update.sections, merged_deletions(ranges))


CHANGES = (_moved, _moved, _refilled, _killing)
