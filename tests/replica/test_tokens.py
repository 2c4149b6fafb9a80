"""Version tokens as text."""

import base64
import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncore.core.errors import InvalidToken
from syncore.core.identifiers import SpaceId, Writer
from syncore.replica.tokens import decode_token, encode_token

SPACE = SpaceId(b"s" * 32)
VECTORS = st.dictionaries(st.integers(0, 2**53 - 1).map(Writer), st.integers(1, 2**63 - 1), max_size=5)


@given(VECTORS)
def test_a_token_is_what_was_read(vector: dict[Writer, int]) -> None:
    """A token gives back its vector, and travels as plain text in a URL."""
    token = encode_token(SPACE, vector)
    assert decode_token(token, SPACE) == vector
    assert all(character.isalnum() or character in "-_" for character in token)


def test_equal_reads_have_equal_tokens() -> None:
    """The order in which a vector was built does not show."""
    assert encode_token(SPACE, {Writer(1): 2, Writer(3): 4}) == encode_token(
        SPACE, {Writer(3): 4, Writer(1): 2}
    )


def test_a_token_of_another_space_is_refused() -> None:
    """A token says which space it was read in."""
    with pytest.raises(InvalidToken, match="another space"):
        decode_token(encode_token(SpaceId(b"t" * 32), {Writer(1): 1}), SPACE)


@given(
    st.text(max_size=60) | st.binary(max_size=60).map(lambda data: base64.urlsafe_b64encode(data).decode())
)
def test_what_is_no_token_is_refused(text: str) -> None:
    """Any text is a token or an InvalidToken."""
    with contextlib.suppress(InvalidToken):
        decode_token(text, SPACE)


def test_every_changed_character_is_a_token_or_refused() -> None:
    """A mistyped token is another vector or an InvalidToken, and nothing else."""
    token = encode_token(SPACE, {Writer(2**52): 7, Writer(3): 2**40})
    for position in range(len(token)):
        for character in "A_z=\0é ":
            with contextlib.suppress(InvalidToken):
                decode_token(token[:position] + character + token[position + 1 :], SPACE)
        with pytest.raises(InvalidToken):
            decode_token(token[:position], SPACE)


@pytest.mark.parametrize("value", [None, 3, b"token", ["token"]])
def test_what_is_no_text_is_refused(value: object) -> None:
    """A token is a str."""
    with pytest.raises(InvalidToken):
        decode_token(value, SPACE)  # type: ignore[arg-type]
