"""Long projections: edits write the parts that they reach into, and damage to any part is found."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncore.core.errors import IntegrityError
from syncore.core.identifiers import DocumentKey
from syncore.core.ports import SqlConnection
from syncore.storage.document_rows import DocumentRows
from syncore.storage.long_projections import (
    HEAD_BYTES,
    LONG_BYTES,
    MAX_PART_BYTES,
    PART_BYTES,
    Layout,
    LongProjections,
    lay_out,
)

KEY = DocumentKey("notes", "a")


def content(size: int, seed: int = 1) -> bytes:
    """Bytes without a pattern that could make parts look alike."""
    return b"\x96" + random.Random(seed).randbytes(size - 1)


def whole(layout: Layout) -> bytes:
    """What a layout stands for."""
    return b"".join([layout.head, *layout.parts])


@pytest.fixture
def rows(sql: SqlConnection) -> DocumentRows:
    """The documents of a space, with what is remembered of them."""
    return DocumentRows(sql, 1, LongProjections())


def parts(sql: SqlConnection) -> dict[int, bytes]:
    """The stored parts by number."""
    found = sql.rows("SELECT part, bytes FROM projection_parts ORDER BY part")
    return {number: blob for number, blob in found if isinstance(number, int) and isinstance(blob, bytes)}


def test_a_keystroke_writes_one_part(sql: SqlConnection, rows: DocumentRows) -> None:
    """With a new vector in front and a character in the middle, all parts but one stay as they are."""
    before = content(100_000)
    row = rows.add(KEY, before, is_deleted=False)
    stored = parts(sql)
    after = b"\x97" + before[1:50_000] + b"!" + before[50_000:]
    rows.write_projections([(row, after, False, 0)])
    assert rows.projection(KEY) == after
    assert sum(stored[number] != blob for number, blob in parts(sql).items()) == 1
    assert [found.projection for found in rows.page("notes", after="", limit=1)] == [after]


def test_another_opening_writes_the_whole_and_reads_the_same(sql: SqlConnection, rows: DocumentRows) -> None:
    """What was remembered is a means to write less, never a part of what is stored."""
    row = rows.add(KEY, content(50_000), is_deleted=False)
    for size in (60_000, 30_000):
        DocumentRows(sql, 1).write_projections([(row, content(size, 2), False, 0)])
        assert DocumentRows(sql, 1).projection(KEY) == content(size, 2)


def test_nothing_stays_of_what_became_short(sql: SqlConnection, rows: DocumentRows) -> None:
    """A text that was deleted is not in the file any more, whoever shortens it; nor that of a removed
    space.
    """
    row = rows.add(KEY, content(LONG_BYTES), is_deleted=False)
    DocumentRows(sql, 1, LongProjections()).write_projections([(row, b"\x96", False, 0)])
    assert (parts(sql), rows.projection(KEY)) == ({}, b"\x96")
    DocumentRows(sql, 1).write_projections([(row, content(LONG_BYTES), False, 0)])
    rows.remove_space()
    assert parts(sql) == {}


def test_just_below_the_limit_a_projection_is_one_blob(sql: SqlConnection, rows: DocumentRows) -> None:
    """Only long projections are cut."""
    rows.add(KEY, content(LONG_BYTES - 1), is_deleted=False)
    assert parts(sql) == {}
    assert rows.projection(KEY) == content(LONG_BYTES - 1)


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM projection_parts WHERE part = 2",
        "UPDATE projection_parts SET bytes = x'00' WHERE part = 2",
        (
            "UPDATE projection_parts SET bytes = (SELECT bytes FROM projection_parts WHERE part = 1)"
            " WHERE part = 2"
        ),
        "UPDATE projection_parts SET document = document + 1",
    ],
)
def test_damage_to_a_part_is_found(sql: SqlConnection, rows: DocumentRows, damage: str) -> None:
    """A part that is lost, changed, or an intact one of another place is told as damage."""
    rows.add(KEY, content(50_000), is_deleted=False)
    sql.execute(damage)
    with pytest.raises(IntegrityError, match="long projection is damaged"):
        rows.projection(KEY)


@given(
    size=st.integers(LONG_BYTES, 3 * LONG_BYTES),
    edits=st.lists(
        st.tuples(st.floats(0, 1), st.integers(0, 3 * PART_BYTES), st.integers(0, 3 * PART_BYTES)),
        max_size=6,
    ),
)
def test_any_edits_keep_the_whole(size: int, edits: list[tuple[float, int, int]]) -> None:
    """Whatever is replaced, the layout stands for the projection, in parts of bounded size."""
    projection = content(size)
    layout = lay_out(projection)
    for number, (place, delete, insert) in enumerate(edits):
        start = int(place * len(projection))
        inserted = content(insert + 1, number)[:insert]
        projection = projection[:start] + inserted + projection[start + delete :]
        if len(projection) <= HEAD_BYTES:
            return
        layout = lay_out(projection, layout)
        assert whole(layout) == projection
        assert all(len(part) <= MAX_PART_BYTES for part in layout.parts)


def test_typing_at_one_place_cuts_anew_once_a_part_is_full() -> None:
    """Parts grow by what is typed into them and no further than their limit, so few of them are written."""
    projection = content(LONG_BYTES)
    layout = lay_out(projection)
    written = 0
    for _ in range(2 * PART_BYTES):
        projection = projection[:8_000] + b"x" + projection[8_000:]
        after = lay_out(projection, layout)
        written += sum(blob not in layout.blobs for blob in after.blobs)
        layout = after
    assert whole(layout) == projection
    assert written < 2 * PART_BYTES + 3 * len(layout.parts)


def test_a_document_may_become_long_and_short_again_and_again(sql: SqlConnection, rows: DocumentRows) -> None:
    """That a document has no parts is remembered, and forgotten as soon as it has some."""
    row = rows.add(KEY, content(100), is_deleted=False)
    for number, size in enumerate((100, 50_000, 100, 100, 60_000, 100)):
        rows.write_projections([(row, content(size, number), False, 0)])
        assert rows.projection(KEY) == content(size, number)
        assert bool(parts(sql)) is (size >= LONG_BYTES)
