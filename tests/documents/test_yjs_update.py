"""The codec of Yjs updates: exact for what pycrdt emits, deaf to everything else."""

import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pycrdt import Array, Doc, Map, Text

from syncore.core.errors import Malformed
from syncore.core.limits import MAX_COMMIT_BYTES, MAX_STRUCT_CLOCK, MAX_STRUCTS_PER_UPDATE
from syncore.documents.yjs_primitives import write_number
from syncore.documents.yjs_update import (
    Deletions,
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
from tests.documents.rich_authors import ALICE, BOB, CAROL

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parent.parent / "vectors" / "rich-update.json").read_text("utf-8")
)


class Replica:
    """A bare pycrdt document that keeps what its observer emits."""

    def __init__(self, client: int) -> None:
        self.client = client
        self.emitted: list[bytes] = []
        self.doc: Doc[Any] = Doc(client_id=client)
        self.doc.observe(lambda event: self.emitted.append(event.update))

    def edit(self, random_numbers: random.Random) -> bytes | None:
        """One transaction of random edits of two texts and two lists, any characters included."""
        self.emitted.clear()
        with self.doc.transaction():
            for _ in range(random_numbers.randint(1, 5)):
                self._splice(random_numbers)
        return self.emitted[0] if self.emitted else None

    def _splice(self, random_numbers: random.Random) -> None:
        deleted = random_numbers.randint(0, 5) if random_numbers.random() < 0.45 else 0
        if random_numbers.random() < 0.6:
            shared = self.doc.get("t:" + random_numbers.choice("ab"), type=Text)
            text = str(shared)
            position = random_numbers.randint(0, len(text))
            start = len(text[:position].encode())
            del shared[start : start + len(text[position : position + deleted].encode())]
            inserted = "".join(
                random_numbers.choice("aé😀\u2028") for _ in range(random_numbers.randint(0, 4))
            )
            shared.insert(start, inserted)
            return
        array = self.doc.get("l:" + random_numbers.choice("xy"), type=Array)
        position = random_numbers.randint(0, len(array))
        del array[position : min(len(array), position + deleted)]
        for offset in range(random_numbers.randint(0, 4)):
            array.insert(position + offset, random_numbers.randbytes(random_numbers.randint(0, 3)))


def real_deltas(seed: int, transactions: int) -> list[tuple[int, bytes]]:
    """What three replicas emit while they edit and now and then merge."""
    random_numbers = random.Random(seed)
    replicas = [Replica(writer) for writer in (ALICE, BOB, CAROL)]
    deltas = []
    for _ in range(transactions):
        author, reader = random_numbers.sample(replicas, 2)
        delta = author.edit(random_numbers)
        if delta is not None:
            deltas.append((author.client, delta))
        if random_numbers.random() < 0.5:
            reader.doc.apply_update(author.doc.get_update(reader.doc.get_state()))
    for replica in replicas:
        state = replica.doc.get_update()
        assert encode_update(decode_state(state)) == state
    return deltas


@pytest.mark.parametrize("seed", range(16))
def test_real_deltas_come_back_byte_for_byte(seed: int) -> None:
    """Whatever pycrdt emits for texts and lists is decoded, has one section at most, its author's, and names
    only what came before it; encoding gives the same bytes.
    """
    for client, delta in real_deltas(seed, 200):
        update = decode_update(delta)
        assert encode_update(update) == delta
        assert [section.client for section in update.sections] in ([], [client])
        for section in update.sections:
            for struct in section.structs:
                for named in (struct.origin, struct.right_origin):
                    assert named is None or named.client != client or named.clock < struct.clock


@given(st.binary(max_size=80))
def test_any_bytes_are_an_update_or_malformed(data: bytes) -> None:
    """Random bytes are refused as malformed, or encode to themselves."""
    try:
        update = decode_update(data)
    except Malformed:
        return
    assert encode_update(update) == data


@pytest.mark.parametrize("seed", range(4))
def test_mutated_deltas_are_an_update_or_malformed(seed: int) -> None:
    """Every byte of real deltas, changed, doubled or missing, gives a canonical update or Malformed."""
    random_numbers = random.Random(seed)
    for _, delta in real_deltas(100 + seed, 25):
        for position in range(len(delta)):
            for replacement in (
                bytes([random_numbers.randrange(256)]),
                bytes([delta[position] ^ 1 << random_numbers.randrange(8)]),
                b"",
                delta[position : position + 1] * 2,
            ):
                mutated = delta[:position] + replacement + delta[position + 1 :]
                try:
                    update = decode_update(mutated)
                except Malformed:
                    continue
                assert encode_update(update) == mutated
        for end in range(len(delta)):
            with pytest.raises(Malformed):
                decode_update(delta[:end])


def other_content(fill: Callable[[Doc[Any]], object]) -> bytes:
    """The update of a document that ``fill`` put something into."""
    doc: Doc[Any] = Doc(client_id=ALICE)
    with doc.transaction():
        fill(doc)
    return doc.get_update()


@pytest.mark.parametrize(
    ("fill", "what"),
    [
        (lambda doc: doc.get("l:a", type=Array).append(1), "not a byte string"),
        (lambda doc: doc.get("l:a", type=Array).append("text"), "not a byte string"),
        (lambda doc: doc.get("l:a", type=Array).append([b"x"]), "not a byte string"),
        (lambda doc: doc.get("l:a", type=Array).append(Text("x")), "a nested type"),
        (lambda doc: doc.get("l:a", type=Array).append(Doc()), "a document"),
        (lambda doc: doc.get("m:a", type=Map).update({"key": b"x"}), "unknown kind"),
        (lambda doc: doc.get("t:a", type=Text).insert(0, "x", {"bold": True}), "a format"),
        (lambda doc: doc.get("t:a", type=Text).insert_embed(0, b"x"), "an embed"),
    ],
    ids=["integer", "string", "list", "nested", "document", "map", "format", "embed"],
)
def test_other_content_is_refused_by_its_name(fill: Callable[[Doc[Any]], object], what: str) -> None:
    """Maps, nested types, formats, embeds and items that are not byte strings do not get in."""
    with pytest.raises(Malformed, match=what):
        decode_update(other_content(fill))


@pytest.mark.parametrize("case", VECTORS["valid"], ids=lambda case: case["name"])
def test_golden_updates(case: dict[str, Any]) -> None:
    """The golden bytes decode to the golden structure and come back."""
    data = bytes.fromhex(case["hex"])
    update = decode_update(data)
    assert as_json(update) == {"sections": case["sections"], "deletions": case["deletions"]}
    assert encode_update(update) == data


@pytest.mark.parametrize("case", VECTORS["malformed"], ids=lambda case: case["name"])
def test_golden_refusals(case: dict[str, Any]) -> None:
    """The golden refusals are refused."""
    with pytest.raises(Malformed):
        decode_update(bytes.fromhex(case["hex"]))


def as_json(update: Update) -> dict[str, Any]:
    """An update in the form of the golden vectors."""
    return {
        "sections": [
            {
                "client": section.client,
                "clocks": [section.before, section.after],
                "structs": [struct_as_json(struct) for struct in section.structs],
            }
            for section in update.sections
        ],
        "deletions": [[client, [list(pair) for pair in ranges]] for client, ranges in update.deletions],
    }


def struct_as_json(struct: Struct) -> dict[str, Any]:
    """A struct in the form of the golden vectors."""
    content: Any = struct.content
    if isinstance(content, tuple):
        content = [item.hex() for item in content]
    return {
        "clock": struct.clock,
        "length": struct.length,
        "content": content,
        "origin": list(struct.origin) if struct.origin else None,
        "right_origin": list(struct.right_origin) if struct.right_origin else None,
        "root": struct.root,
    }


def deleted(clock: int, length: int) -> Struct:
    """A struct of deleted content."""
    return Struct(clock, length, None, None, None, "t:a")


@pytest.mark.parametrize(
    "update",
    [
        Update((Section(ALICE, MAX_STRUCT_CLOCK - 2, MAX_STRUCT_CLOCK, (deleted(0, 2),)),), ()),
        Update((Section(ALICE, 0, 0, (deleted(0, MAX_STRUCT_CLOCK - 1), deleted(0, 1))),), ()),
        Update((), (Deletions(ALICE, ((MAX_STRUCT_CLOCK - 1, MAX_STRUCT_CLOCK),)),)),
        Update((), (Deletions(ALICE, ((0, 2**32 - 1),)),)),
    ],
    ids=["one run", "two runs", "deletion", "wrapping"],
)
def test_clocks_end_below_the_limit(update: Update) -> None:
    """No struct and no deletion reaches the clock at which arithmetic elsewhere would wrap."""
    with pytest.raises(Malformed):
        decode_update(encode_update(update))


def test_structs_and_deletions_share_one_limit() -> None:
    """As many as the limit are read, one more is not."""
    structs = tuple(deleted(clock, 1) for clock in range(10))
    section = Section(ALICE, 0, 10, structs)
    room = MAX_STRUCTS_PER_UPDATE - 10
    full = Update((section,), (Deletions(BOB, tuple((2 * i, 2 * i + 1) for i in range(room))),))
    assert decode_update(encode_update(full)) == full
    over = Update((section,), (Deletions(BOB, tuple((2 * i, 2 * i + 1) for i in range(room + 1))),))
    with pytest.raises(Malformed):
        decode_update(encode_update(over))


def test_length_and_counts_are_bounded_before_anything_is_read() -> None:
    """An update longer than a commit and counts beyond the limits are refused at once."""
    with pytest.raises(Malformed):
        decode_update(bytes(MAX_COMMIT_BYTES + 1))
    counts = bytearray()
    write_number(counts, MAX_STRUCTS_PER_UPDATE + 1)
    for prefix in (b"", b"\x01", b"\x00", b"\x00\x01\x05"):
        with pytest.raises(Malformed):
            decode_update(prefix + bytes(counts) + bytes(100))


def test_what_an_update_builds_on_and_what_its_author_made() -> None:
    """The least clocks are behind the last unit named, the author's own ones aside."""
    update = Update(
        (
            Section(
                ALICE,
                7,
                9,
                (
                    Struct(7, 1, "a", StructId(ALICE, 6), StructId(BOB, 4), None),
                    Struct(8, 1, "b", StructId(BOB, 2), None, None),
                ),
            ),
        ),
        merged_deletions([(CAROL, 0, 3), (CAROL, 5, 9), (BOB, 1, 2), (ALICE, 0, 8)]),
    )
    assert builds_on(update, ALICE) == {BOB: 5, CAROL: 9}
    assert builds_on(update, CAROL) == {BOB: 5, ALICE: 8}
    assert section_of(update, ALICE) == (7, 9)
    assert section_of(update, BOB) is None


@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.integers(0, 30), st.integers(1, 5)).map(
            lambda drawn: (drawn[0], drawn[1], drawn[1] + drawn[2])
        )
    )
)
def test_merged_deletions_cover_the_same_clocks(ranges: list[tuple[int, int, int]]) -> None:
    """Merging loses and adds no clock, and its result is in the one order that is accepted."""
    merged = merged_deletions(ranges)
    covered = {(client, clock) for client, pairs in merged for pair in pairs for clock in range(*pair)}
    assert covered == {(client, clock) for client, start, end in ranges for clock in range(start, end)}
    update = Update((), merged)
    assert decode_update(encode_update(update)) == update
