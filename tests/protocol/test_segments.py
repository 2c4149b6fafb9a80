"""Tests of syncore.protocol.segments."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncore.codec.packing import Packed, pack
from syncore.core.errors import CryptoError, InvalidSegment, Malformed, UnsupportedVersion
from syncore.core.identifiers import Writer
from syncore.core.limits import (
    MAX_CLOSED_WRITERS,
    MAX_COMMIT_BYTES,
    MAX_COMMITS_PER_SEGMENT,
    MAX_DEPENDENCIES,
    MAX_SEGMENT_BYTES,
)
from syncore.crypto.keys import ContentKey
from syncore.crypto.signing import verify
from syncore.protocol.commit_codec import encode_commit
from syncore.protocol.segments import (
    MAX_COMMIT_NUMBER,
    ClosedWriter,
    SegmentHeader,
    SegmentPlain,
    decode_header,
    decode_plain,
    decode_segment,
    encode_header,
    encode_plain,
    encode_segment,
    header_problem,
    open_segment,
    parse_segment,
    seal_segment,
    segment_hash,
    verify_segment,
)
from tests.protocol.builders import OneKeyCipher, Space, commit, device_key, fill, mutations
from tests.protocol.fuzzing import check_canonical, check_every_byte, check_parser

SPACE = Space(devices=2)
SPACE.write(1)
SEGMENT = SPACE.segment(0, count=2, dependencies=[(SPACE.writer(1), 1)])
ENCODED = encode_segment(SEGMENT)
PLAIN = SegmentPlain(
    receipt=bytes(196),
    closed=(ClosedWriter(writer=Writer(5), number=0, hash=fill("bad"), reason="names a dot it never saw"),),
    commits=(commit(1), commit(2)),
)


def test_a_sealed_segment_comes_back_and_opens() -> None:
    """Decoding keeps every part of a segment, its signature holds, and members read its commits."""
    read = decode_segment(ENCODED)
    assert read == SEGMENT
    assert parse_segment(SEGMENT.content, SEGMENT.signature) == SEGMENT
    verify_segment(read, public_key=device_key(0).public, verify=verify)
    plain = open_segment(read, cipher=OneKeyCipher())
    assert plain.commits == (commit(1), commit(2))


def test_the_hash_covers_header_and_body_but_not_the_signature() -> None:
    """The same content with another signature is the same segment; any other content is another one."""
    other = parse_segment(SEGMENT.content, bytes(64))
    assert other.hash == SEGMENT.hash
    for position in (90, len(SEGMENT.header_bytes) - 1, len(SEGMENT.header_bytes), len(SEGMENT.content) - 1):
        changed = bytearray(SEGMENT.content)
        changed[position] ^= 1
        assert parse_segment(bytes(changed), SEGMENT.signature).hash != SEGMENT.hash
    assert segment_hash(b"ab", b"c") != segment_hash(b"a", b"bc")


def test_a_signature_by_another_device_does_not_hold() -> None:
    """Verification is under the key that the caller names, and raises."""
    with pytest.raises(CryptoError):
        verify_segment(SEGMENT, public_key=device_key(1).public, verify=verify)


def test_a_body_under_another_header_or_key_is_invalid() -> None:
    """The body is bound to its header, and to the epoch's key."""
    header = replace(SEGMENT.header, control_seq=0)
    moved = replace(SEGMENT, header=header, header_bytes=encode_header(header))
    with pytest.raises(InvalidSegment):
        open_segment(moved, cipher=OneKeyCipher())
    with pytest.raises(InvalidSegment):
        open_segment(SEGMENT, cipher=OneKeyCipher(ContentKey(bytes(32))))


def test_a_segment_that_holds_other_commits_than_it_says_is_invalid() -> None:
    """The count in the header is checked against the commits in the body."""
    cipher = OneKeyCipher()
    header = SPACE.header(SPACE.writer(0), count=3)
    body = cipher.seal(1, encode_plain(PLAIN), encode_header(header))
    with pytest.raises(InvalidSegment, match="as many commits"):
        open_segment(
            replace(SEGMENT, header=header, header_bytes=encode_header(header), body=body), cipher=cipher
        )


def test_a_body_that_is_no_plain_content_is_invalid() -> None:
    """What a key holder sealed and nobody can read is the author's fault."""
    cipher = OneKeyCipher()
    body = cipher.seal(1, b"\xc1", SEGMENT.header_bytes)
    with pytest.raises(InvalidSegment):
        open_segment(replace(SEGMENT, body=body), cipher=cipher)


def test_the_largest_segment_fits() -> None:
    """A full target and the largest commit behind it, incompressible, still fit into a segment."""
    noise = b"".join(fill(f"noise {n}") for n in range((64 * 1024) // 32))
    large = b"".join(fill(f"more {n}") for n in range(MAX_COMMIT_BYTES // 32 - 2))
    segment = seal_segment(
        SPACE.header(SPACE.writer(0), count=2),
        SegmentPlain(receipt=None, closed=(), commits=(commit(1, noise), commit(2, large))),
        cipher=OneKeyCipher(),
        signer=device_key(0),
    )
    assert len(segment.content) <= MAX_SEGMENT_BYTES
    assert decode_segment(encode_segment(segment)) == segment


BAD_HEADERS = {
    "writer of no device": {"writer": Writer((2**21 - 1) << 32)},
    "writer over 53 bits": {"writer": Writer(2**53)},
    "no commits": {"count": 0},
    "too many commits": {"count": MAX_COMMITS_PER_SEGMENT + 1},
    "number 0": {"first": 0},
    "numbers out of range": {"first": MAX_COMMIT_NUMBER},
    "first segment follows something": {"first": 1, "prev": bytes(32)},
    "epoch 0": {"epoch": 0},
    "dependency on itself": {"dependencies": ((SPACE.writer(0), 1),)},
    "dependency on nothing": {"dependencies": ((SPACE.writer(1), 0),)},
    "unsorted": {"dependencies": ((Writer(9), 1), (Writer(8), 1))},
    "twice": {"dependencies": ((Writer(9), 1), (Writer(9), 2))},
    "too many dependencies": {"dependencies": tuple((Writer(n), 1) for n in range(1, MAX_DEPENDENCIES + 2))},
}


@pytest.mark.parametrize("changes", BAD_HEADERS.values(), ids=BAD_HEADERS.keys())
def test_headers_out_of_range_are_malformed(changes: dict[str, object]) -> None:
    """A header that breaks a rule of its own layout is refused when it is read, whoever wrote it."""
    header: SegmentHeader = replace(SEGMENT.header, **changes)  # type: ignore[arg-type]
    assert header_problem(header)
    with pytest.raises(Malformed):
        decode_header(_encode_unchecked(header) + bytes(100))


def test_other_versions_and_kinds_are_not_guessed_at() -> None:
    """A later version or kind is reported as such, not as garbage."""
    for position in (0, 1):
        changed = bytearray(SEGMENT.content)
        changed[position] = 2
        with pytest.raises(UnsupportedVersion):
            parse_segment(bytes(changed), SEGMENT.signature)


def test_oversized_segments_are_refused_before_they_are_hashed() -> None:
    """Length is the first thing that is looked at."""
    with pytest.raises(Malformed, match="are allowed"):
        parse_segment(bytes(MAX_SEGMENT_BYTES + 1), bytes(64))


def test_every_byte_of_a_header_is_read() -> None:
    """No cut or changed header does worse than a RemoteError."""
    for position in range(len(SEGMENT.header_bytes)):
        check_parser(decode_segment, ENCODED[:position])
        for byte in (0, 1, 0x7F, 0x80, 0xFF, ENCODED[position] ^ 1):
            check_parser(decode_segment, ENCODED[:position] + bytes([byte]) + ENCODED[position + 1 :])


@given(st.one_of(st.binary(max_size=400), mutations(ENCODED)))
def test_any_bytes_are_a_segment_or_a_remote_error(data: bytes) -> None:
    """Decoding arbitrary or damaged bytes gives a segment in its one encoding, or a RemoteError."""
    check_canonical(decode_segment, encode_segment, data)


def test_plain_content_comes_back() -> None:
    """Receipt, reports and commits survive encoding; every byte of it is read."""
    assert decode_plain(encode_plain(PLAIN)) == PLAIN
    check_every_byte(decode_plain, encode_plain(PLAIN))


@given(st.one_of(st.binary(max_size=120), mutations(encode_plain(PLAIN))))
def test_any_plain_content_is_read_or_malformed(data: bytes) -> None:
    """Decoding damaged plain content gives a value in its one encoding, or a RemoteError."""
    check_canonical(decode_plain, encode_plain, data)


def test_plain_content_over_its_limits_is_malformed() -> None:
    """A receiver never takes in more reports, commits or bytes than a segment may hold."""
    one = encode_commit(commit(1))
    report: Packed = [5, 1, bytes(32), "reason"]
    too_large = pack([bytes(8), 0, [[1, bytes(MAX_COMMIT_BYTES)]]])
    structures: list[Packed] = [
        [None, [], [one] * (MAX_COMMITS_PER_SEGMENT + 1)],
        [None, [report] * (MAX_CLOSED_WRITERS + 1), [one]],
        [None, [[5, 1, bytes(32), "x" * 256]], [one]],
        [bytes(513), [], [one]],
        [None, [], [too_large]],
        [None, [[2**53, 1, bytes(32), "reason"]], [one]],
    ]
    for structure in structures:
        with pytest.raises(Malformed):
            decode_plain(pack(structure))


def _encode_unchecked(header: SegmentHeader) -> bytes:
    parts = [
        bytes([1, 1]),
        header.space,
        header.writer.to_bytes(8, "big"),
        header.first.to_bytes(8, "big"),
        header.count.to_bytes(2, "big"),
        header.prev,
        header.control_seq.to_bytes(4, "big"),
        header.control_hash,
        header.epoch.to_bytes(4, "big"),
        len(header.dependencies).to_bytes(2, "big"),
        *(writer.to_bytes(8, "big") + number.to_bytes(8, "big") for writer, number in header.dependencies),
        header.dependencies_hash,
    ]
    return b"".join(parts)


def test_the_header_is_laid_out_as_specified() -> None:
    """An independent writer of the documented layout makes the same bytes."""
    assert _encode_unchecked(SEGMENT.header) == SEGMENT.header_bytes
