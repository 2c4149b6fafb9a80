"""Typed reading: the right type within its bounds, or Malformed."""

from collections.abc import Callable
from functools import partial

import pytest

from syncore.codec.fields import as_array, as_bytes, as_integer, as_text
from syncore.codec.packing import Unpacked
from syncore.core.errors import Malformed


def test_what_fits_comes_back() -> None:
    """Each reader returns what it was given."""
    assert as_array((1, "a"), what="it", length=2, max_length=2) == (1, "a")
    assert as_integer(5, what="it", low=5, high=5) == 5
    assert as_bytes(b"ab", what="it", length=2, max_length=2) == b"ab"
    assert as_text("é", what="it", max_bytes=2) == "é"


@pytest.mark.parametrize(
    ("read", "structure", "says"),
    [
        (as_array, 1, "must be an array"),
        (as_array, "ab", "must be an array"),
        (partial(as_array, length=1), (), "has 0 items, not 1"),
        (partial(as_array, max_length=1), (1, 2), "has 2 items; 1 are allowed"),
        (as_integer, True, "must be an integer"),
        (as_integer, 1.0, "must be an integer"),
        (as_integer, -1, "from 0 to"),
        (partial(as_integer, high=1), 2, "from 0 to 1"),
        (as_bytes, "a", "must be bytes"),
        (partial(as_bytes, length=1), b"", "has 0 bytes, not 1"),
        (partial(as_bytes, max_length=1), b"ab", "has 2 bytes; 1 are allowed"),
        (partial(as_text, max_bytes=1), "é", "at most 1 bytes"),
        (partial(as_text, max_bytes=1), b"a", "must be text"),
    ],
)
def test_what_does_not_fit_says_why(read: Callable[..., object], structure: Unpacked, says: str) -> None:
    """The message names what was read and what is wrong with it."""
    with pytest.raises(Malformed, match=f"it {says}" if says.startswith(("must", "has")) else says):
        read(structure, what="it")
