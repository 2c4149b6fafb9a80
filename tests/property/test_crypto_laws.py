"""Laws of syncore.crypto, for inputs that nobody thought of."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from syncore.core.errors import CryptoError, InvalidInvitation, Malformed, RemoteError
from syncore.core.limits import MAX_SEGMENT_PLAIN_BYTES
from syncore.crypto.derivation import derive
from syncore.crypto.invitations import (
    InvitationKeys,
    SlotContent,
    make_code,
    open_slot,
    parse_code,
    seal_slot,
)
from syncore.crypto.keys import ContentKey
from syncore.crypto.padding import pad, padme, unpad
from syncore.crypto.sealing import OVERHEAD_BYTES, open_sealed, seal
from syncore.crypto.segment_cipher import open_body, seal_body
from syncore.crypto.signing import SigningKey, verify

keys = st.binary(min_size=32, max_size=32)
nonces = st.binary(min_size=24, max_size=24)
secrets = st.binary(min_size=13, max_size=13)
kinds = st.text("abcdefghijklmnopqrstuvwxyz-0123456789", min_size=1, max_size=8)
hosts = st.one_of(
    st.builds("{}:{}".format, st.from_regex(r"[a-z0-9.-]{1,40}", fullmatch=True), st.integers(1, 65535)),
    st.builds(
        "{}://{}".format,
        st.sampled_from(["ws", "wss"]),
        st.from_regex(r"[a-z0-9][a-z0-9./:@?=-]{0,40}", fullmatch=True),
    ),
)


@given(seed=keys, kind=kinds, digest=keys)
def test_every_signature_holds(seed: bytes, kind: str, digest: bytes) -> None:
    """What a key signs, its public half verifies."""
    key = SigningKey(seed)
    verify(key.public, kind, digest, key.sign(kind, digest))


@given(
    public=st.binary(max_size=40),
    digest=keys,
    signature=st.one_of(st.binary(max_size=70), st.binary(min_size=64, max_size=64)),
)
def test_nothing_unsigned_holds(public: bytes, digest: bytes, signature: bytes) -> None:
    """Bytes that nobody signed are refused, whatever their form."""
    with pytest.raises(CryptoError):
        verify(public, "segment", digest, signature)


@given(key=keys, plaintext=st.binary(max_size=300), associated=st.binary(max_size=100), nonce=nonces)
def test_what_is_sealed_opens(key: bytes, plaintext: bytes, associated: bytes, nonce: bytes) -> None:
    """Opening gives back what was sealed, and a seal is longer by a constant."""
    sealed = seal(key, plaintext, associated, nonce)
    assert len(sealed) == len(plaintext) + OVERHEAD_BYTES
    assert open_sealed(key, sealed, associated) == plaintext


@given(key=keys, sealed=st.binary(max_size=300), associated=st.binary(max_size=20))
def test_nothing_unsealed_opens(key: bytes, sealed: bytes, associated: bytes) -> None:
    """Bytes that nobody sealed are refused, whatever their form."""
    with pytest.raises(CryptoError):
        open_sealed(key, sealed, associated)


@given(
    first=st.tuples(keys, kinds, st.binary(max_size=50)),
    second=st.tuples(keys, kinds, st.binary(max_size=50)),
)
def test_derived_keys_differ_with_any_argument(
    first: tuple[bytes, str, bytes], second: tuple[bytes, str, bytes]
) -> None:
    """Two derivations are equal only for equal arguments."""
    assert (derive(*first) == derive(*second)) == (first == second)


@given(length=st.integers(0, 2**40), minimum=st.integers(1, 2**20))
def test_padme_costs_at_most_twelve_percent_and_repeats(length: int, minimum: int) -> None:
    """A padded size is at most 12 % above its content, its own padded size, and of few significant bits."""
    padded = padme(length, minimum=minimum)
    least = max(length, minimum)
    assert least <= padded <= least * 112 / 100
    assert padme(padded, minimum=minimum) == padded
    significant = padded.bit_length() - (padded & -padded).bit_length() + 1
    assert significant <= max(padded.bit_length().bit_length() + 1, 2)


@given(length=st.integers(0, 2**40), more=st.integers(0, 2**20))
def test_padme_never_shrinks(length: int, more: int) -> None:
    """A longer content never has a shorter frame."""
    assert padme(length) <= padme(length + more)


@given(content=st.binary(max_size=2000))
def test_padded_contents_come_back(content: bytes) -> None:
    """A frame holds its content and nothing else."""
    assert unpad(pad(content)) == content


@given(
    padded=st.one_of(st.binary(max_size=600), st.binary(max_size=240).map(lambda rest: pad(rest)[:2] + rest))
)
def test_a_frame_is_canonical_or_malformed(padded: bytes) -> None:
    """What unpads is exactly what padding its content gives."""
    try:
        content = unpad(padded)
    except Malformed:
        return
    assert pad(content) == padded


@given(key=keys, plain=st.binary(max_size=2000), header=st.binary(max_size=200), nonce=nonces)
def test_bodies_open_to_what_was_sealed(key: bytes, plain: bytes, header: bytes, nonce: bytes) -> None:
    """A body gives back its plaintext, and its size is one of PADME's."""
    body = seal_body(ContentKey(key), plain, header, nonce)
    assert open_body(ContentKey(key), body, header, max_plain_bytes=len(plain)) == plain
    assert padme(len(body) - OVERHEAD_BYTES) == len(body) - OVERHEAD_BYTES


@given(inside=st.one_of(st.binary(max_size=400), st.binary(max_size=400).map(pad)))
def test_any_inside_is_a_value_or_a_remote_error(inside: bytes) -> None:
    """Whatever a member seals as a body, opening gives bytes or the sender's fault."""
    key = ContentKey(bytes(32))
    body = seal(derive(bytes(32), "segment"), inside, b"", bytes(24))
    try:
        assert (
            len(open_body(key, body, b"", max_plain_bytes=MAX_SEGMENT_PLAIN_BYTES)) <= MAX_SEGMENT_PLAIN_BYTES
        )
    except RemoteError:
        return


@given(secret=secrets, host=hosts)
def test_codes_come_back(secret: bytes, host: str) -> None:
    """A code gives back its secret and its host, in any case."""
    code = make_code(secret, host)
    assert len(code) == 25 + len(host)
    shown, _, address = code.partition("@")
    for text in (code, f"{shown.lower()}@{address}", f" {'-'.join(shown)} @ {address} "):
        invitation = parse_code(text)
        assert invitation.keys.secret_bytes() == secret
        assert invitation.host == host


@given(text=st.one_of(st.text(max_size=80), st.from_regex(r"[a-zA-Z2-7]{24}@.{0,30}", fullmatch=True)))
@settings(max_examples=300)
def test_any_text_is_an_invitation_or_refused(text: str) -> None:
    """Whatever a person types, the answer is an invitation that could be written again, or a refusal."""
    try:
        invitation = parse_code(text)
    except InvalidInvitation:
        return
    assert parse_code(make_code(invitation.keys.secret_bytes(), invitation.host)) == invitation


@given(
    secret=secrets,
    other=secrets,
    nonce=nonces,
    numbers=st.tuples(*[st.integers(0, 2**32 - 1)] * 2),
    content=st.tuples(*[keys] * 4),
)
def test_slots_open_to_what_was_sealed(
    secret: bytes,
    other: bytes,
    nonce: bytes,
    numbers: tuple[int, int],
    content: tuple[bytes, bytes, bytes, bytes],
) -> None:
    """A slot gives back its content to its own code, and nothing to another."""
    slot = SlotContent(
        space=content[0],
        control_seq=numbers[0],
        control_hash=content[1],
        relay_key=content[2],
        epoch=numbers[1],
        content_key=ContentKey(content[3]),
    )
    sealed = seal_slot(InvitationKeys(secret), slot, nonce)
    assert open_slot(InvitationKeys(secret), sealed) == slot
    assume(other != secret)
    with pytest.raises(CryptoError):
        open_slot(InvitationKeys(other), sealed)
