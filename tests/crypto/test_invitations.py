"""Tests of syncore.crypto.invitations."""

import random

import pytest

from syncore.core.errors import CryptoError, InvalidInvitation, Malformed, Misused
from syncore.core.limits import MAX_ADDRESS_BYTES, MAX_SLOT_BYTES
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
from syncore.crypto.sealing import seal
from tests.crypto.vectors import PRIMITIVES, Vector, flipped

SECRET = bytes(range(13))
KEYS = InvitationKeys(SECRET)
HOST = "127.0.0.1:8787"
CODE = make_code(SECRET, HOST)
NONCE = bytes(range(24))
CONTENT = SlotContent(
    space=bytes([1]) * 32,
    control_seq=7,
    control_hash=bytes([2]) * 32,
    relay_key=bytes([3]) * 32,
    epoch=1,
    content_key=ContentKey(bytes([4]) * 32),
)
SLOT = seal_slot(KEYS, CONTENT, NONCE)


@pytest.mark.parametrize("vector", PRIMITIVES["invitation"])
def test_codes_and_keys_are_those_of_the_format(vector: Vector) -> None:
    """A secret gives the golden code and keys, and the code gives them back."""
    secret = bytes.fromhex(vector["secret"])
    assert make_code(secret, vector["host"]) == vector["code"]
    invitation = parse_code(vector["code"])
    assert invitation.host == vector["host"]
    assert invitation.keys == InvitationKeys(secret)
    assert invitation.keys.id.hex() == vector["id"]
    assert invitation.keys.signing.secret_bytes().hex() == vector["signing_seed"]
    assert invitation.keys.signing.public.hex() == vector["signing_public"]
    assert invitation.keys.box.secret_bytes().hex() == vector["box_seed"]
    assert invitation.keys.box.public.hex() == vector["box_public"]
    assert derive(secret, "inv-slot").hex() == vector["slot_key"]


@pytest.mark.parametrize("text", PRIMITIVES["invitation_spellings"])
def test_case_spaces_and_hyphens_do_not_matter(text: str) -> None:
    """However a person writes a code down, it is the same invitation."""
    invitation = parse_code(text)
    assert invitation.keys.secret_bytes() == SECRET
    assert invitation.host == HOST


@pytest.mark.parametrize("vector", PRIMITIVES["invitation_refused"])
def test_a_mistyped_code_says_which_part_is_wrong(vector: Vector) -> None:
    """Length, character, checksum and host are told apart, each with advice."""
    with pytest.raises(InvalidInvitation) as caught:
        parse_code(vector["text"])
    assert caught.value.details["part"] == vector["part"]
    assert caught.value.hint


def test_no_single_typing_mistake_goes_unnoticed() -> None:
    """A character replaced by any other, left out, doubled, or swapped with the next, is refused."""
    code, _, host = CODE.partition("@")
    for position, character in enumerate(code):
        mistakes = [
            code[:position] + other + code[position + 1 :] for other in "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
        ]
        mistakes += [code[:position] + code[position + 1 :], code[:position] + character + code[position:]]
        mistakes += [code[:position] + code[position : position + 2][::-1] + code[position + 2 :]]
        for mistake in mistakes:
            if mistake != code:
                with pytest.raises(InvalidInvitation):
                    parse_code(f"{mistake}@{host}")


def test_a_refusal_does_not_repeat_the_code() -> None:
    """The message for a mistyped code can be logged: no six characters of the code are in it."""
    code = CODE.partition("@")[0]
    for mistake in (
        code,
        code[:-1] + "@" + HOST,
        "0" + CODE[1:],
        flipped(CODE.encode(), 9).decode(),
        CODE + "x",
    ):
        with pytest.raises(InvalidInvitation) as caught:
            parse_code(mistake)
        shown = f"{caught.value} {caught.value.details}".upper()
        assert not any(code[start : start + 6] in shown for start in range(len(code) - 5))


def test_every_character_of_a_code_can_be_anything() -> None:
    """Any character in any place gives an invitation or InvalidInvitation, whatever Unicode folds it to."""
    characters = [chr(number) for number in range(0x250)] + [
        "\u2028",
        "\ufeff",
        "\ud800",
        "\U0001f600",
        "\u0661",
        "\uff21",
    ]
    for position in (0, 11, 23, 24, 25, len(CODE) - 1):
        for character in characters:
            outcome_of(CODE[:position] + character + CODE[position + 1 :])


def test_random_text_is_an_invitation_or_refused() -> None:
    """Mutilated codes give an invitation or InvalidInvitation, and nothing else."""
    generator = random.Random(3)
    for _ in range(3000):
        start, end = sorted(generator.sample(range(len(CODE)), 2))
        inserted = "".join(generator.choices("ABC234-@ :/.\0\n\u00e9wsWS[]?#", k=generator.randrange(6)))
        outcome_of(CODE[:start] + inserted + CODE[end:])


def outcome_of(text: str) -> str:
    """The host of what was read, or the refusal."""
    try:
        return parse_code(text).host
    except InvalidInvitation as error:
        return error.message


@pytest.mark.parametrize(
    "host",
    [
        "localhost:1",
        "[::1]:8787",
        "ws://127.0.0.1:8787",
        "wss://relay.example.org/a?b=c",
        "WSS://bücher.example",
    ],
)
def test_hosts_are_kept_as_given(host: str) -> None:
    """Host and port, or a whole URL, come back unchanged."""
    assert parse_code(make_code(SECRET, host)).host == host


@pytest.mark.parametrize(
    "host",
    [
        "",
        "a",
        "a:",
        ":1",
        "a:x",
        "a:70000",
        "a:\u0661",
        "http://a",
        "ws://",
        "ws:///x",
        "a b:1",
        "a\n:1",
        "a@b:1",
    ],
)
def test_what_could_not_be_read_is_not_made(host: str) -> None:
    """Making a code with an address that parsing refuses is a mistake of the caller."""
    with pytest.raises(Misused):
        make_code(SECRET, host)
    with pytest.raises(InvalidInvitation):
        parse_code(CODE.partition("@")[0] + "@" + host)


def test_limits_of_codes() -> None:
    """An address has up to 255 bytes, a secret exactly 13."""
    longest = "a" * (MAX_ADDRESS_BYTES - 2) + ":1"
    assert parse_code(make_code(SECRET, longest)).host == longest
    with pytest.raises(Misused):
        make_code(SECRET, "a" + longest)
    for size in (0, 12, 14):
        with pytest.raises(Misused):
            make_code(bytes(size), HOST)


@pytest.mark.parametrize("vector", PRIMITIVES["slot"])
def test_slots_are_those_of_the_format(vector: Vector) -> None:
    """A content gives the golden slot, and comes back from it."""
    keys = InvitationKeys(bytes.fromhex(vector["secret"]))
    content = SlotContent(
        space=bytes.fromhex(vector["space"]),
        control_seq=vector["control_seq"],
        control_hash=bytes.fromhex(vector["control_hash"]),
        relay_key=bytes.fromhex(vector["relay_key"]),
        epoch=vector["epoch"],
        content_key=ContentKey(bytes.fromhex(vector["content_key"])),
    )
    sealed = bytes.fromhex(vector["sealed"])
    assert seal_slot(keys, content, bytes.fromhex(vector["nonce"])) == sealed
    assert open_slot(keys, sealed) == content
    assert len(sealed) <= MAX_SLOT_BYTES


@pytest.mark.parametrize("position", range(len(SLOT)))
def test_no_byte_of_a_slot_can_be_changed(position: int) -> None:
    """A slot with one bit turned over, or cut anywhere, does not open."""
    with pytest.raises(CryptoError):
        open_slot(KEYS, flipped(SLOT, position, bit=position % 8))
    with pytest.raises(CryptoError):
        open_slot(KEYS, SLOT[:position])


def test_a_slot_opens_with_its_own_code_alone() -> None:
    """Another invitation's keys do not open it, and the same slot key under another id does not either."""
    with pytest.raises(CryptoError):
        open_slot(InvitationKeys(bytes(13)), SLOT)
    moved = seal(derive(SECRET, "inv-slot"), bytes(136), bytes(16), NONCE)
    with pytest.raises(CryptoError):
        open_slot(KEYS, moved)


@pytest.mark.parametrize("size", [0, 1, 135, 137, 1000])
def test_slots_with_another_content_are_malformed(size: int) -> None:
    """What somebody with the code sealed in the wrong size is Malformed; any 136 bytes are a content."""
    key = derive(SECRET, "inv-slot")
    with pytest.raises(Malformed):
        open_slot(KEYS, seal(key, bytes(size), KEYS.id, NONCE))
    assert open_slot(KEYS, seal(key, b"\xff" * 136, KEYS.id, NONCE)).control_seq == 2**32 - 1


def test_printing_a_slot_does_not_show_the_content_key() -> None:
    """The content of a slot can be logged but for its key."""
    shown = repr(open_slot(KEYS, SLOT))
    assert "ContentKey: secret" in shown
    assert repr(bytes([4]) * 4)[2:-1] not in shown
