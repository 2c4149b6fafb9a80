"""Tests of syncore.protocol.presence."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncore.codec.packing import Packed, pack
from syncore.codec.values import encode_value
from syncore.core.errors import CryptoError, Malformed, UnsupportedVersion
from syncore.core.identifiers import SpaceId, Writer
from syncore.core.limits import MAX_PRESENCE_BYTES, MAX_PRESENCE_TTL_MS, MAX_PRESENCE_VALUE_BYTES
from syncore.crypto.keys import ContentKey
from syncore.crypto.signing import SigningKey, verify
from syncore.protocol.presence import (
    PresenceHeader,
    PresenceMessage,
    PresencePlain,
    decode_presence_plain,
    encode_presence_header,
    encode_presence_plain,
    open_presence,
    parse_presence,
    presence_hash,
    seal_presence,
    verify_presence,
)
from tests.protocol.builders import device_key, fill, mutations
from tests.protocol.fuzzing import check_canonical, check_every_byte, check_parser
from tests.protocol.presences import OneKeyPresenceCipher, header_of, presence, shows

Vector = dict[str, Any]
"""Any: each section has its own shape, which the test that reads it knows."""

VECTORS: Vector = json.loads(
    (Path(__file__).parent.parent / "vectors" / "presence.json").read_text(encoding="utf-8")
)
SPACE_ID = SpaceId(fill("space"))
MESSAGE = presence(SPACE_ID, 3, shows({"cursor": ["movies", "alien"]}))
PLAIN = encode_presence_plain(shows({"cursor": ["movies", "alien"]}, asks=True))


def named(vector: Vector) -> str:
    """The test id of a vector."""
    return str(vector.get("name") or vector.get("why"))


def raw(text: str) -> bytes:
    """Bytes from hexadecimal."""
    return bytes.fromhex(text)


def plain_of(vector: Vector) -> PresencePlain:
    """What a golden message says."""
    return PresencePlain(asks=vector["asks"], ttl_ms=vector["ttl_ms"], value=raw(vector["value"]))


@pytest.mark.parametrize("vector", VECTORS["message"], ids=named)
def test_messages_are_those_of_the_format(vector: Vector) -> None:
    """Header, hash and signature come out as specified; the golden message parses, verifies and opens."""
    header = PresenceHeader(
        space=SpaceId(raw(vector["space"])),
        writer=Writer(vector["writer"]),
        session=raw(vector["session"]),
        counter=vector["counter"],
        epoch=vector["epoch"],
    )
    assert encode_presence_header(header) == raw(vector["header"])
    assert presence_hash(raw(vector["header"]), raw(vector["body"])) == raw(vector["hash"])
    message = parse_presence(raw(vector["header"]) + raw(vector["body"]), raw(vector["signature"]))
    assert message.header == header
    assert message.hash == raw(vector["hash"])
    assert message.content == raw(vector["header"]) + raw(vector["body"])
    signer = SigningKey(raw(vector["signing_seed"]))
    assert signer.public == raw(vector["public_key"])
    assert signer.sign("presence", message.hash) == message.signature
    verify_presence(message, public_key=signer.public, verify=verify)
    opened = decode_presence_plain(raw(vector["plain"]))
    assert opened == plain_of(vector)
    if vector["epoch"] == 1:
        cipher = OneKeyPresenceCipher(ContentKey(raw(vector["content_key"])))
        assert open_presence(message, cipher=cipher) == opened


@pytest.mark.parametrize("vector", VECTORS["malformed"], ids=named)
def test_malformed_messages_are_refused(vector: Vector) -> None:
    """Every golden mistake is refused."""
    with pytest.raises(Malformed):
        parse_presence(raw(vector["content"]), bytes(64))


@pytest.mark.parametrize("vector", VECTORS["unsupported"], ids=named)
def test_messages_of_later_versions_are_told_apart(vector: Vector) -> None:
    """Another version is unsupported, not malformed, whatever its size."""
    with pytest.raises(UnsupportedVersion):
        parse_presence(raw(vector["content"]), bytes(64))


@pytest.mark.parametrize("vector", VECTORS["plain"], ids=named)
def test_contents_are_those_of_the_format(vector: Vector) -> None:
    """What is inside is encoded as specified, and read back."""
    assert encode_presence_plain(plain_of(vector)) == raw(vector["plain"])
    assert decode_presence_plain(raw(vector["plain"])) == plain_of(vector)


@pytest.mark.parametrize("vector", VECTORS["malformed_plain"], ids=named)
def test_malformed_contents_are_refused(vector: Vector) -> None:
    """Every golden mistake inside is refused."""
    with pytest.raises(Malformed):
        decode_presence_plain(raw(vector["plain"]))


def test_a_message_comes_back_and_every_byte_counts() -> None:
    """What was sealed parses and opens; no prefix does, and other bytes give a value or a RemoteError."""

    def parse(content: bytes) -> PresenceMessage:
        return parse_presence(content, MESSAGE.signature)

    assert parse(MESSAGE.content) == MESSAGE
    check_every_byte(parse, MESSAGE.content)
    check_every_byte(decode_presence_plain, PLAIN)


@given(st.one_of(st.binary(max_size=500), mutations(MESSAGE.content)), st.binary(max_size=65))
def test_any_bytes_are_a_message_or_a_remote_error(content: bytes, signature: bytes) -> None:
    """Arbitrary and damaged bytes give a message that is exactly them, or a RemoteError."""
    check_parser(lambda data: parse_presence(data, signature), content)
    check_canonical(lambda data: parse_presence(data, bytes(64)), lambda found: found.content, content)


@given(st.one_of(st.binary(max_size=300), mutations(PLAIN)))
def test_any_bytes_inside_are_a_content_or_a_remote_error(data: bytes) -> None:
    """Whatever a member seals gives a content in its one encoding, or a RemoteError."""
    check_canonical(decode_presence_plain, encode_presence_plain, data)


FIELDS = st.none() | st.booleans() | st.integers(0, 2**64 - 1) | st.binary(max_size=9) | st.text(max_size=9)


@given(st.lists(FIELDS, max_size=4))
def test_any_fields_inside_are_a_content_or_a_remote_error(fields: list[Packed]) -> None:
    """Fields of any type and number give a content or a RemoteError."""
    check_parser(decode_presence_plain, pack(fields))


def test_no_change_goes_unnoticed() -> None:
    """A bit turned over in the header, the body or the signature breaks the signature."""
    key = device_key(3).public
    verify_presence(MESSAGE, public_key=key, verify=verify)
    for position in range(1, len(MESSAGE.content), 5):
        changed = bytearray(MESSAGE.content)
        changed[position] ^= 1
        try:
            message = parse_presence(bytes(changed), MESSAGE.signature)
        except Malformed:
            continue
        with pytest.raises(CryptoError):
            verify_presence(message, public_key=key, verify=verify)
    with pytest.raises(CryptoError):
        verify_presence(MESSAGE, public_key=device_key(2).public, verify=verify)


def test_a_body_belongs_to_its_header() -> None:
    """The body of one message does not open under the header of the next, though both are well signed."""
    later = encode_presence_header(header_of(SPACE_ID, 3, counter=2))
    moved = parse_presence(later + MESSAGE.body, MESSAGE.signature)
    with pytest.raises(CryptoError):
        open_presence(moved, cipher=OneKeyPresenceCipher())


def test_the_largest_value_fits() -> None:
    """A value of the largest size is within the bound of a message; one more byte is not."""
    value = bytes(MAX_PRESENCE_VALUE_BYTES - 3)
    message = presence(SPACE_ID, 0, shows(value, ttl_ms=MAX_PRESENCE_TTL_MS, asks=True))
    assert len(message.content) <= MAX_PRESENCE_BYTES
    assert open_presence(message, cipher=OneKeyPresenceCipher()).value == encode_value(value)
    longer = seal_presence(
        header_of(SPACE_ID, 0), shows(value + b"\0"), cipher=OneKeyPresenceCipher(), signer=device_key(0)
    )
    with pytest.raises(Malformed):
        open_presence(longer, cipher=OneKeyPresenceCipher())
