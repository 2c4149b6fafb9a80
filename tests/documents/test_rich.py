"""The rich part: texts and lists in pycrdt, and nothing of pycrdt outside."""

import contextlib
import gc
import random
import weakref

import pytest
from pycrdt import Doc, Text

from syncore.core.errors import IntegrityError, InvalidChange, InvalidSegment, Misused
from syncore.core.identifiers import Dot
from syncore.documents.rich import RichPart
from syncore.documents.rich_places import Places
from syncore.documents.yjs_update import (
    Deletions,
    Struct,
    StructId,
    Update,
    decode_update,
    encode_update,
    section_of,
)
from tests.documents.rich_authors import (
    ALICE,
    BOB,
    CAROL,
    Author,
    contents_of,
    hostile_update,
    random_splice,
    update_with,
)


def written(writer: int = ALICE) -> RichPart:
    """A rich part that holds "héllo😀" in the text body and two items in the list body."""
    part = RichPart(ALICE if writer == ALICE else BOB)
    with part.edit() as edit:
        edit.splice_text("body", 0, 0, "héllo😀")
        edit.splice_list("body", 0, 0, [b"one", b"two"])
    return part


def test_an_edit_of_several_fields_is_one_delta_that_others_can_apply() -> None:
    """One edit gives one delta of the writer's own clocks, and a replica that applies it holds the same."""
    part = RichPart(ALICE)
    with part.edit() as edit:
        edit.splice_text("body", 0, 0, "hello")
        edit.splice_text("body", 5, 0, "😀!")
        edit.splice_text("title", 0, 0, "t")
        edit.splice_list("tags", 0, 0, [b"a", b""])
        assert part.text("body") == ""
    assert edit.delta is not None
    assert section_of(decode_update(edit.delta), ALICE) == (0, 11)
    other = RichPart(BOB)
    other.apply(edit.delta)
    for holder in (part, other, RichPart.load([edit.delta], CAROL)):
        assert holder.text("body") == "hello😀!"
        assert holder.text("title") == "t"
        assert holder.items("tags") == [b"a", b""]
        assert holder.fields() == [("l", "tags"), ("t", "body"), ("t", "title")]
        assert holder.clocks() == {ALICE: 11}


def test_an_edit_that_changes_nothing_has_no_delta() -> None:
    """No splices, and splices of nothing, leave neither a delta nor a field."""
    part = RichPart(ALICE)
    with part.edit() as nothing:
        pass
    with part.edit() as empty:
        empty.splice_text("body", 0, 0, "")
        empty.splice_list("tags", 0, 0, [])
    assert nothing.delta is None
    assert empty.delta is None
    assert part.fields() == []
    assert part.state() == b"\x00\x00"


def test_reading_a_field_does_not_make_it() -> None:
    """Fields that nobody wrote are empty, and stay unlisted when they are read."""
    part = written()
    assert part.text("tags") == ""
    assert part.items("title") == []
    assert part.fields() == [("l", "body"), ("t", "body")]


def test_an_impossible_splice_leaves_everything_untouched() -> None:
    """When the last splice of an edit is out of range, none of the edit happens."""
    part = written()
    before = part.state()

    def edit_in_vain() -> None:
        with part.edit() as edit:
            edit.splice_text("body", 0, 0, "lost")
            edit.splice_list("tags", 0, 0, [b"lost"])
            edit.splice_text("body", 99, 0, "x")

    with pytest.raises(InvalidChange):
        edit_in_vain()
    assert part.state() == before
    assert part.text("body") == "héllo😀"
    assert part.fields() == [("l", "body"), ("t", "body")]


def test_a_change_under_an_open_edit_is_refused() -> None:
    """Positions of an edit would mean something else after another change, so the edit is not made."""
    part, other = written(), RichPart(BOB)
    with other.edit() as foreign:
        foreign.splice_text("body", 0, 0, "x")
    assert foreign.delta is not None
    delta = foreign.delta

    def edit_and_apply() -> None:
        with part.edit() as edit:
            edit.splice_text("body", 0, 0, "y")
            part.apply(delta)

    with pytest.raises(Misused):
        edit_and_apply()
    assert sorted(part.text("body")) == sorted("xhéllo😀")


@pytest.mark.parametrize("seed", range(12))
def test_what_an_edit_shows_is_what_comes_of_it(seed: int) -> None:
    """After random edits, what is remembered, what a reader got and what a reload shows is the same."""
    random_numbers = random.Random(seed)
    part, copy = RichPart(ALICE), RichPart(BOB)
    texts: dict[str, str] = {}
    lists: dict[str, list[bytes]] = {}
    for _ in range(40):
        with part.edit() as edit:
            for _ in range(random_numbers.randint(0, 4)):
                random_splice(edit, random_numbers)
        texts.update(edit.texts)
        lists.update(edit.lists)
        if edit.delta is not None:
            assert encode_update(decode_update(edit.delta)) == edit.delta
            copy.apply(edit.delta)
    expected = (
        {name: text for name, text in texts.items() if text},
        {name: items for name, items in lists.items() if items},
    )
    assert contents_of(part) == contents_of(copy) == expected
    assert contents_of(RichPart.load([part.state()], CAROL)) == expected


def test_many_items_are_one_run() -> None:
    """A thousand items inserted at once are one struct, between the items that were there."""
    part = written()
    items = [b"%d" % number for number in range(1_000)]
    with part.edit() as edit:
        edit.splice_list("body", 1, 0, items)
        edit.splice_list("body", 1_001, 0, items[:100])
    assert edit.delta is not None
    (section,) = decode_update(edit.delta).sections
    assert section.structs == (
        Struct(9, 1_100, (*items, *items[:100]), StructId(ALICE, 7), StructId(ALICE, 8), None),
    )
    assert part.items("body") == [b"one", *items, *items[:100], b"two"]
    assert RichPart.load([part.state()], BOB).items("body") == part.items("body")


def test_a_writer_continues_from_its_own_clock() -> None:
    """A rich part loaded for a writer that is in the state goes on where the state ends."""
    part = RichPart.load([written().state()], ALICE)
    with part.edit() as edit:
        edit.splice_text("body", 0, 1, "H")
    assert edit.delta is not None
    assert section_of(decode_update(edit.delta), ALICE) == (9, 10)
    assert part.clocks() == {ALICE: 10}


def test_what_was_returned_can_be_changed_freely() -> None:
    """A list that was read is the reader's own."""
    part = written()
    part.items("body").append(b"mine")
    assert part.items("body") == [b"one", b"two"]


def test_a_dropped_rich_part_is_freed() -> None:
    """Editing leaves no observer behind that would keep the pycrdt document alive."""
    part = written()
    document: weakref.ref[object] = weakref.ref(part._doc)  # noqa: SLF001 - only it can tell
    del part
    gc.collect()
    assert document() is None


@pytest.mark.parametrize(
    "garbage", [b"", b"\xff\xff\xff", b"\x01\x01\x05\x00\x84"], ids=["none", "bits", "cut"]
)
def test_bytes_that_are_no_update_quarantine_the_document(garbage: bytes) -> None:
    """What pycrdt cannot read is an integrity error with its cause, and so is every use after it."""
    part = written()
    with pytest.raises(IntegrityError, match="quarantined") as raised:
        part.apply(garbage)
    assert raised.value.__cause__ is not None
    for use in (
        part.state,
        part.fields,
        part.clocks,
        lambda: part.text("body"),
        lambda: part.items("body"),
        lambda: part.apply(b"\x00\x00"),
    ):
        with pytest.raises(IntegrityError, match="quarantined"):
            use()
    with pytest.raises(IntegrityError), part.edit() as edit:
        edit.splice_text("body", 0, 0, "x")


def test_a_panic_quarantines_the_document(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """A panic of Rust, which is no Exception, becomes an integrity error that names it as its cause."""
    doc: Doc[Text] = Doc()
    part = written()

    def panic(_: bytes) -> None:
        text = doc.get("t", type=Text)
        text += "abc"
        del text[0:7]

    monkeypatch.setattr(part._doc, "apply_update", panic)  # noqa: SLF001 - no valid update is known to panic
    with pytest.raises(IntegrityError, match="quarantined") as raised:
        part.apply(b"\x00\x00")
    assert not isinstance(raised.value.__cause__, Exception)
    assert type(raised.value.__cause__).__name__ == "PanicException"
    assert "panicked" in capfd.readouterr().err
    with pytest.raises(IntegrityError, match="failed before"):
        part.text("body")


def foreign_in_text() -> bytes:
    """A delta of Bob's that puts list items into Alice's text "héllo😀", behind its second character."""
    struct = Struct(0, 2, (b"x", b"y"), StructId(ALICE, 1), StructId(ALICE, 2), None)
    return encode_update(update_with(BOB, 0, struct))


def foreign_in_list() -> bytes:
    """A delta of Bob's that puts text into Alice's list, between its two items."""
    struct = Struct(0, 3, "aé\ue000", StructId(ALICE, 7), StructId(ALICE, 8), None)
    return encode_update(update_with(BOB, 0, struct))


def test_content_in_a_root_of_the_wrong_kind_is_ignored() -> None:
    """List items in a text and text in a list are not shown, and reading leaves the state as it is."""
    part = written()
    part.apply_all([foreign_in_text()])
    assert part.text("body") == "héllo😀"
    other = written()
    other.apply(foreign_in_list())
    state = other.state()
    assert other.items("body") == [b"one", b"two"]
    assert other.state() == state


def test_editing_deletes_content_of_the_wrong_kind_for_everyone() -> None:
    """The next edit of such a root meets its positions, deletes what does not belong there, and says so."""
    part, other = written(), RichPart(CAROL)
    other.apply(part.state())
    part.apply(foreign_in_text())
    other.apply(foreign_in_text())
    with part.edit() as edit:
        edit.splice_text("body", 1, 5, "E")
    assert edit.delta is not None
    assert Deletions(BOB, ((0, 2),)) in decode_update(edit.delta).deletions
    other.apply(edit.delta)
    assert part.text("body") == other.text("body") == "hE"


def test_editing_a_list_with_text_in_it_meets_its_positions() -> None:
    """The same for lists; fields that are not edited keep what they hold."""
    part = written()
    part.apply(foreign_in_list())
    assert part.text("body") == "héllo😀"
    with part.edit() as edit:
        edit.splice_list("body", 1, 1, [b"2"])
    assert part.items("body") == [b"one", b"2"]
    assert edit.delta is not None
    assert Deletions(BOB, ((0, 3),)) in decode_update(edit.delta).deletions
    assert RichPart.load([part.state()], CAROL).items("body") == [b"one", b"2"]


def test_foreign_content_elsewhere_is_remembered_over_an_edit() -> None:
    """Editing one field does not make another one, which holds foreign content, look clean."""
    part = written()
    part.apply(foreign_in_text())
    assert part.text("body") == "héllo😀"
    with part.edit() as edit:
        edit.splice_text("title", 0, 0, "t")
    with part.edit() as edit:
        edit.splice_text("body", 0, 6, "new")
    assert part.text("body") == "new"


def test_a_torn_character_is_shown_as_replacements_and_can_be_edited() -> None:
    """Text put between the halves of a character tears it, for everybody alike, and positions still fit."""
    part = written()
    part.apply(
        encode_update(update_with(BOB, 0, Struct(0, 1, "-", StructId(ALICE, 5), StructId(ALICE, 6), None)))
    )
    assert part.text("body") == "héllo\ufffd-\ufffd"
    with part.edit() as edit:
        edit.splice_text("body", 6, 1, "")
    assert part.text("body") == "héllo😀"
    copy = RichPart.load([part.state()], CAROL)
    assert copy.text("body") == "héllo😀"


@pytest.mark.parametrize("seed", range(10))
def test_hostile_deltas_neither_break_nor_stop_a_replica(seed: int) -> None:
    """Whatever valid deltas a hostile writer makes up, reading and editing go on; own deltas are valid."""
    random_numbers = random.Random(seed)
    author = Author.fresh(ALICE)
    for _ in range(20):
        if random_numbers.random() < 0.5:
            before = author.held.get(BOB, 0)
            for _ in range(30):
                update = decode_update(hostile_update(BOB, before, author.held, random_numbers))
                with contextlib.suppress(InvalidSegment):
                    Places(author.part).check(update, dot=Dot(BOB, 1))
                    author.part.apply(encode_update(update))
                    author.held[BOB] = (section_of(update, BOB) or (0, before))[1]
                    break
        else:
            author.edit(random_numbers)
        author.contents()
        assert author.part.clocks() == author.held


def test_updates_without_content_are_taken() -> None:
    """The empty update changes nothing."""
    part = written()
    part.apply(encode_update(Update((), ())))
    assert part.text("body") == "héllo😀"
