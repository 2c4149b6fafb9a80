"""How characters are kept in rich texts."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncore.documents.rich_characters import keep, kept_bytes, show

VECTORS: dict[str, Any] = json.loads(
    (Path(__file__).parent.parent / "vectors" / "rich-update.json").read_text("utf-8")
)
TRICKY = st.text(st.sampled_from("aé\ud7ff\ue000\ue402\ue403\ue802\ue803\ufffd\uffff\U00010000\U0010ffff😀"))


@given(st.text() | TRICKY)
def test_every_text_comes_back_as_it_was(text: str) -> None:
    """Showing what is kept gives the text, and no character that is kept takes two UTF-16 units."""
    kept = keep(text)
    assert show(kept) == text
    assert all(character <= "\uffff" for character in kept)


@given(st.text() | TRICKY)
def test_the_size_of_a_prefix_is_told_from_the_shown_text_alone(text: str) -> None:
    """Every prefix of a shown text takes as many bytes as it does where it is kept."""
    for end in range(len(text) + 1):
        assert kept_bytes(text[:end]) == len(keep(text[:end]).encode())


@given(st.text(st.sampled_from("a\ue000\ue402\ue403\ue404\ue802\ufffd")))
def test_torn_halves_are_shown_and_measured(kept: str) -> None:
    """Whatever is kept can be shown, without halves, and its size follows from what is shown."""
    shown = show(kept)
    assert kept_bytes(shown) == len(kept.encode())


@pytest.mark.parametrize(("text", "kept"), VECTORS["characters"])
def test_golden_characters(text: str, kept: str) -> None:
    """The golden characters are kept as the golden ones, and shown again."""
    assert keep(text) == kept
    assert show(kept) == text


@pytest.mark.parametrize("kept", ["\ue000", "\ue403", "\ue403\ue000", "\ue402\ue406"])
def test_halves_without_meaning_are_replaced(kept: str) -> None:
    """A half alone, halves in the wrong order and a pair that stands for nothing are U+FFFD each."""
    assert show(kept) == "\ufffd" * len(kept)
