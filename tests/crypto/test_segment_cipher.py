"""Tests of syncore.crypto.segment_cipher."""

import random

import pytest

from syncore.codec.compression import compress
from syncore.core.errors import CryptoError, Malformed, Misused, RemoteError
from syncore.core.limits import MAX_SEGMENT_BYTES, MAX_SEGMENT_PLAIN_BYTES
from syncore.crypto.derivation import derive
from syncore.crypto.keys import ContentKey
from syncore.crypto.padding import pad
from syncore.crypto.sealing import OVERHEAD_BYTES, seal
from syncore.crypto.segment_cipher import open_body, seal_body
from tests.crypto.vectors import PRIMITIVES, Vector, flipped

KEY = ContentKey(bytes(range(32)))
HEADER = b"the header of a segment"
NONCE = bytes(range(24))
PLAIN = b"two commits, " * 40
BODY = seal_body(KEY, PLAIN, HEADER, NONCE)


def seal_inside(inside: bytes) -> bytes:
    """A body whose seal holds, around whatever a hostile member puts inside."""
    return seal(derive(KEY.secret_bytes(), "segment"), inside, HEADER, NONCE)


def opened(body: bytes) -> bytes:
    """The body's plaintext."""
    return open_body(KEY, body, HEADER, max_plain_bytes=MAX_SEGMENT_PLAIN_BYTES)


@pytest.mark.parametrize("vector", PRIMITIVES["segment_body"])
def test_bodies_are_those_of_the_format(vector: Vector) -> None:
    """A golden zstd frame, padded and sealed, is the golden body, and opens to the plaintext."""
    key, header, nonce, frame, plain, body = (
        bytes.fromhex(vector[name]) for name in ("content_key", "header", "nonce", "frame", "plain", "body")
    )
    assert seal(derive(key, "segment"), pad(frame), header, nonce) == body
    assert open_body(ContentKey(key), body, header, max_plain_bytes=len(plain)) == plain


@pytest.mark.parametrize("vector", PRIMITIVES["malformed_body"], ids=lambda vector: vector["why"])
def test_bad_insides_are_malformed(vector: Vector) -> None:
    """A body whose seal holds around something that no author may write is Malformed."""
    key, header, body = (bytes.fromhex(vector[name]) for name in ("content_key", "header", "body"))
    with pytest.raises(Malformed):
        open_body(ContentKey(key), body, header, max_plain_bytes=MAX_SEGMENT_PLAIN_BYTES)


def test_small_bodies_all_have_one_size() -> None:
    """Whether a character or a sentence was written does not show."""
    sizes = {len(seal_body(KEY, bytes(range(size)), HEADER, NONCE)) for size in (0, 1, 50, 200)}
    assert sizes == {256 + OVERHEAD_BYTES}


def test_the_same_arguments_give_the_same_body() -> None:
    """Sealing draws no randomness of its own."""
    assert seal_body(KEY, PLAIN, HEADER, NONCE) == BODY


@pytest.mark.parametrize("position", range(len(BODY)))
def test_no_byte_of_a_body_can_be_changed(position: int) -> None:
    """A body with one bit turned over does not open."""
    with pytest.raises(CryptoError):
        opened(flipped(BODY, position, bit=position % 8))


@pytest.mark.parametrize("size", range(0, len(BODY), 7))
def test_no_part_of_a_body_opens(size: int) -> None:
    """A body cut short does not open."""
    with pytest.raises(CryptoError):
        opened(BODY[:size])


def test_a_body_is_bound_to_its_key_and_header() -> None:
    """A body does not open under another epoch's key, nor under another segment's header."""
    with pytest.raises(CryptoError):
        open_body(ContentKey(bytes(32)), BODY, HEADER, max_plain_bytes=4096)
    for header in (b"", HEADER[:-1], HEADER + b"\0", flipped(HEADER, 3)):
        with pytest.raises(CryptoError):
            open_body(KEY, BODY, header, max_plain_bytes=4096)


def test_every_byte_inside_is_checked() -> None:
    """Under a seal, a flipped bit in the zstd frame gives a value or a RemoteError, elsewhere Malformed."""
    inside = pad(compress(PLAIN))
    content_end = 4 + len(compress(PLAIN))
    for position in range(len(inside)):
        body = seal_inside(flipped(inside, position, bit=position % 8))
        if 4 <= position < content_end:
            assert isinstance(result_of(body), bytes | RemoteError)
        else:
            assert isinstance(result_of(body), Malformed)


def test_anything_inside_is_a_value_or_malformed() -> None:
    """Under a seal that holds, random and mutilated insides give a value or a RemoteError alone."""
    generator = random.Random(2)
    inside = pad(compress(PLAIN))
    for _ in range(500):
        start, end = sorted(generator.sample(range(len(inside)), 2))
        replaced = inside[:start] + generator.randbytes(generator.randrange(20)) + inside[end:]
        for content in (replaced, pad(replaced[4:]), generator.randbytes(256), pad(generator.randbytes(60))):
            assert isinstance(result_of(seal_inside(content)), bytes | RemoteError)


def result_of(body: bytes) -> bytes | RemoteError:
    """What opening gives: the plaintext, or the sender's fault."""
    try:
        return opened(body)
    except RemoteError as error:
        return error


def test_what_decompresses_beyond_the_limit_is_malformed() -> None:
    """A small body that would become large is refused by its declared size."""
    body = seal_inside(pad(compress(bytes(MAX_SEGMENT_PLAIN_BYTES + 1))))
    assert len(body) < 1000
    with pytest.raises(Malformed):
        opened(body)
    with pytest.raises(Malformed):
        open_body(KEY, BODY, HEADER, max_plain_bytes=len(PLAIN) - 1)


def test_the_largest_plaintext_fits_into_a_segment() -> None:
    """Even incompressible commits up to the limit seal to a body that leaves room for the largest header."""
    plain = random.Random(1).randbytes(MAX_SEGMENT_PLAIN_BYTES)
    body = seal_body(KEY, plain, HEADER, NONCE)
    assert len(body) <= MAX_SEGMENT_BYTES - 100 * 1024
    assert opened(body) == plain


def test_more_than_a_segment_is_neither_sealed_nor_opened() -> None:
    """Beyond the limits sealing is a mistake of the caller, and opening does not hold."""
    with pytest.raises(Misused):
        seal_body(KEY, bytes(MAX_SEGMENT_PLAIN_BYTES + 1), HEADER, NONCE)
    with pytest.raises(CryptoError):
        opened(seal_inside(pad(bytes(MAX_SEGMENT_BYTES))))
