"""The segment: one or more commits of one writer, sealed and signed once (``docs/formats/segment.md``).

Owns the header's layout, the hash, and what is inside the body. Must not know how a body is sealed
(:class:`~syncore.protocol.ports.BodyCipher`), nor what an entry means, nor whether a segment is valid
(:mod:`syncore.protocol.segment_rules`).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from struct import Struct

from syncore.codec.fields import as_array, as_bytes, as_integer, as_text
from syncore.codec.packing import Unpacked, pack, unpack
from syncore.core.commits import Commit
from syncore.core.errors import CryptoError, InvalidSegment, Malformed, UnsupportedVersion
from syncore.core.hashing import hash_parts
from syncore.core.identifiers import HASH_BYTES, NOT_ADMITTED, WRITER_BITS, SpaceId, Writer, device_index
from syncore.core.limits import (
    MAX_CLOSED_WRITERS,
    MAX_COMMITS_PER_SEGMENT,
    MAX_DEPENDENCIES,
    MAX_NAME_BYTES,
    MAX_SEGMENT_BYTES,
    MAX_SEGMENT_PLAIN_BYTES,
)
from syncore.protocol.commit_codec import decode_commit, encode_commit
from syncore.protocol.ports import SIGNATURE_BYTES, BodyCipher, Signer, Verify

SEGMENT_VERSION = 1
KIND_COMMITS = 1
SIGNING_KIND = "segment"

MAX_COMMIT_NUMBER = 2**63 - 1
"""Stores keep numbers as signed integers of 64 bits."""
MAX_REPORT_BYTES = MAX_NAME_BYTES
"""The reason in a report of an invalid writer: one sentence."""
MAX_SEEN_RECEIPT_BYTES = 512
"""The last receipt seen; one of this version has 196 bytes. What it says never decides validity."""
MIN_BODY_BYTES = 40
"""A nonce and the tag of an empty body."""

_FIXED = Struct(">BB32sQQH32sI32sIH")
_DEPENDENCY = Struct(">QQ")
MAX_HEADER_BYTES = _FIXED.size + MAX_DEPENDENCIES * _DEPENDENCY.size + HASH_BYTES


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentHeader:
    """What everybody may read of a segment, the relay included.

    Attributes:
        space: The space it belongs to.
        writer: Its author.
        first: The number of its first commit, from 1.
        count: How many commits it holds, 1 .. ``MAX_COMMITS_PER_SEGMENT``.
        prev: Hash of the writer's segment before it; the space's id for the first one.
        control_seq: The control record that the author knew as the last one.
        control_hash: That record's link.
        epoch: The epoch whose content key seals the body.
        dependencies: Heads of other writers that changed since the author's previous segment: (writer,
            number) sorted.
        dependencies_hash: Covers the segment hashes behind those numbers (:func:`hash_dependencies`).
    """

    space: SpaceId
    writer: Writer
    first: int
    count: int
    prev: bytes
    control_seq: int
    control_hash: bytes
    epoch: int
    dependencies: tuple[tuple[Writer, int], ...]
    dependencies_hash: bytes

    @property
    def last(self) -> int:
        """The number of its last commit."""
        return self.first + self.count - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """A sealed segment with its hash; the signature is not verified by decoding."""

    header: SegmentHeader
    header_bytes: bytes
    body: bytes
    signature: bytes
    hash: bytes

    @property
    def content(self) -> bytes:
        """Header and body, as they travel beside the signature."""
        return self.header_bytes + self.body


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedWriter:
    """A report: the finder closed a writer because of an invalid segment.

    Attributes:
        writer: Who is closed.
        number: Its last valid commit; 0 when there is none.
        hash: The invalid segment.
        reason: One sentence for the author's log.
    """

    writer: Writer
    number: int
    hash: bytes
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentPlain:
    """What a segment's body holds, for members only."""

    receipt: bytes | None
    closed: tuple[ClosedWriter, ...]
    commits: tuple[Commit, ...]


def hash_dependencies(dependencies: Iterable[tuple[Writer, int, bytes]]) -> bytes:
    """The hash over (writer, commit number, hash of the segment that ends with it), sorted by writer."""
    return hash_parts(
        "deps", *(_DEPENDENCY.pack(writer, number) + digest for writer, number, digest in dependencies)
    )


def segment_hash(header_bytes: bytes, body: bytes) -> bytes:
    """The name of a segment: covers header and body, not the signature."""
    return hash_parts("segment", header_bytes, hash_parts("body", body))


def seal_segment(
    header: SegmentHeader, plain: SegmentPlain, *, cipher: BodyCipher, signer: Signer
) -> Segment:
    """Seal and sign commits; the caller stores the result durably before sending it.

    Raises:
        TooLarge: a commit over its limits (the caller checked them when it was made).
    """
    assert header.count == len(plain.commits)
    header_bytes = encode_header(header)
    body = cipher.seal(header.epoch, encode_plain(plain), header_bytes)
    digest = segment_hash(header_bytes, body)
    assert len(header_bytes) + len(body) <= MAX_SEGMENT_BYTES
    return Segment(
        header=header,
        header_bytes=header_bytes,
        body=body,
        signature=signer.sign(SIGNING_KIND, digest),
        hash=digest,
    )


def verify_segment(segment: Segment, *, public_key: bytes, verify: Verify) -> None:
    """Check the author's signature; ``public_key`` is that of the device whose index is in the writer number.

    Raises:
        CryptoError: it does not hold. That says nothing about the author: whoever delivered the segment is at
            fault.
    """
    verify(public_key, SIGNING_KIND, segment.hash, segment.signature)


def open_segment(segment: Segment, *, cipher: BodyCipher) -> SegmentPlain:
    """What is inside a segment whose signature was verified.

    Raises:
        InvalidSegment: the body does not open under the epoch's key or does not hold what the header says: a
            verdict on the author.
    """
    try:
        plain_bytes = cipher.open(segment.header.epoch, segment.body, segment.header_bytes)
        plain = decode_plain(plain_bytes)
    except (CryptoError, Malformed) as error:
        raise InvalidSegment(f"a segment's body cannot be read: {error.message}") from error
    if len(plain.commits) != segment.header.count:
        raise InvalidSegment("a segment does not hold as many commits as its header says")
    return plain


def encode_segment(segment: Segment) -> bytes:
    """Header, body and signature as one string of bytes."""
    return segment.header_bytes + segment.body + segment.signature


def decode_segment(data: bytes) -> Segment:
    """Read what :func:`encode_segment` wrote.

    Raises:
        Malformed: not a segment.
        UnsupportedVersion: a segment of another version or kind.
    """
    if len(data) < SIGNATURE_BYTES:
        raise Malformed("a segment is cut short")
    return parse_segment(data[:-SIGNATURE_BYTES], data[-SIGNATURE_BYTES:])


def parse_segment(content: bytes, signature: bytes) -> Segment:
    """A segment from header and body, and its signature beside them.

    Raises:
        Malformed: not a segment.
        UnsupportedVersion: a segment of another version or kind.
    """
    if len(content) > MAX_SEGMENT_BYTES:
        raise Malformed(f"a segment has {len(content)} bytes; {MAX_SEGMENT_BYTES} are allowed")
    if len(signature) != SIGNATURE_BYTES:
        raise Malformed(f"a signature has {SIGNATURE_BYTES} bytes")
    header, size_bytes = decode_header(content)
    header_bytes, body = content[:size_bytes], content[size_bytes:]
    if len(body) < MIN_BODY_BYTES:
        raise Malformed("a segment's body is cut short")
    return Segment(
        header=header,
        header_bytes=header_bytes,
        body=body,
        signature=signature,
        hash=segment_hash(header_bytes, body),
    )


def encode_header(header: SegmentHeader) -> bytes:
    """The bytes of a header."""
    assert not header_problem(header), header_problem(header)
    assert len(header.space) == len(header.prev) == HASH_BYTES
    assert len(header.control_hash) == len(header.dependencies_hash) == HASH_BYTES
    fixed = _FIXED.pack(
        SEGMENT_VERSION,
        KIND_COMMITS,
        header.space,
        header.writer,
        header.first,
        header.count,
        header.prev,
        header.control_seq,
        header.control_hash,
        header.epoch,
        len(header.dependencies),
    )
    named = b"".join(_DEPENDENCY.pack(writer, number) for writer, number in header.dependencies)
    return fixed + named + header.dependencies_hash


def decode_header(content: bytes) -> tuple[SegmentHeader, int]:
    """The header at the start of ``content``, and its size in bytes.

    Raises:
        Malformed: not a header.
        UnsupportedVersion: a segment of another version or kind.
    """
    if content[:1] not in (b"", bytes([SEGMENT_VERSION])):
        raise UnsupportedVersion(f"a segment has version {content[0]}; this program reads {SEGMENT_VERSION}")
    if len(content) < _FIXED.size:
        raise Malformed("a segment's header is cut short")
    _, kind, space, writer, first, count, prev, control_seq, control_hash, epoch, named = _FIXED.unpack_from(
        content
    )
    if kind != KIND_COMMITS:
        raise UnsupportedVersion(f"a segment is of kind {kind}, which this program does not know")
    end = _FIXED.size + named * _DEPENDENCY.size
    if named > MAX_DEPENDENCIES or len(content) < end + HASH_BYTES:
        raise Malformed("a segment's dependencies are cut short or too many")
    header = SegmentHeader(
        space=SpaceId(space),
        writer=Writer(writer),
        first=first,
        count=count,
        prev=prev,
        control_seq=control_seq,
        control_hash=control_hash,
        epoch=epoch,
        dependencies=tuple(
            (Writer(other), number) for other, number in _DEPENDENCY.iter_unpack(content[_FIXED.size : end])
        ),
        dependencies_hash=content[end : end + HASH_BYTES],
    )
    problem = header_problem(header)
    if problem:
        raise Malformed(problem)
    return header, end + HASH_BYTES


def header_problem(header: SegmentHeader) -> str:
    """Which rule of its own layout a header breaks, or the empty string."""
    if not is_writer(header.writer):
        return "a segment's writer is no writer number"
    if not 1 <= header.count <= MAX_COMMITS_PER_SEGMENT:
        return f"a segment holds {header.count} commits; 1 to {MAX_COMMITS_PER_SEGMENT} are allowed"
    if header.first < 1 or header.last > MAX_COMMIT_NUMBER:
        return "a segment's commit numbers are out of range"
    if header.first == 1 and header.prev != header.space:
        return "a writer's first segment must follow the space's id"
    if header.epoch < 1:
        return "epochs count from 1"
    if len(header.dependencies) > MAX_DEPENDENCIES:
        return f"a segment names more than {MAX_DEPENDENCIES} writers"
    return _dependencies_problem(header)


def _dependencies_problem(header: SegmentHeader) -> str:
    previous = -1
    for writer, number in header.dependencies:
        if writer <= previous or not is_writer(writer) or not 1 <= number <= MAX_COMMIT_NUMBER:
            return "a segment's dependencies are unsorted or out of range"
        if writer == header.writer:
            return "a segment names its own writer as a dependency"
        previous = writer
    return ""


def is_writer(number: int) -> bool:
    """Whether a number from outside is a writer number that some device could have."""
    return 0 <= number < 1 << WRITER_BITS and device_index(Writer(number)) != NOT_ADMITTED


def encode_plain(plain: SegmentPlain) -> bytes:
    """The bytes that are sealed.

    Raises:
        TooLarge: a commit over its limits.
    """
    assert len(plain.closed) <= MAX_CLOSED_WRITERS
    assert 1 <= len(plain.commits) <= MAX_COMMITS_PER_SEGMENT
    encoded = pack(
        [
            plain.receipt,
            [[closed.writer, closed.number, closed.hash, closed.reason] for closed in plain.closed],
            [encode_commit(commit) for commit in plain.commits],
        ]
    )
    assert len(encoded) <= MAX_SEGMENT_PLAIN_BYTES
    return encoded


def decode_plain(data: bytes) -> SegmentPlain:
    """Read what :func:`encode_plain` wrote.

    Raises:
        Malformed: not the plain content of a segment.
    """
    structure = unpack(data, what="a segment's content", max_bytes=MAX_SEGMENT_PLAIN_BYTES)
    receipt, closed, commits = as_array(structure, what="a segment's content", length=3)
    if receipt is not None:
        receipt = as_bytes(receipt, what="a receipt", max_length=MAX_SEEN_RECEIPT_BYTES)
    return SegmentPlain(
        receipt=receipt,
        closed=tuple(
            _closed_writer(report)
            for report in as_array(closed, what="reports", max_length=MAX_CLOSED_WRITERS)
        ),
        commits=tuple(
            decode_commit(as_bytes(commit, what="a commit"))
            for commit in as_array(commits, what="commits", max_length=MAX_COMMITS_PER_SEGMENT)
        ),
    )


def _closed_writer(structure: Unpacked) -> ClosedWriter:
    writer, number, digest, reason = as_array(structure, what="a report", length=4)
    writer = as_integer(writer, what="a writer")
    if not is_writer(writer):
        raise Malformed("a report names no writer number")
    return ClosedWriter(
        writer=Writer(writer),
        number=as_integer(number, what="a commit number", high=MAX_COMMIT_NUMBER),
        hash=as_bytes(digest, what="a segment hash", length=HASH_BYTES),
        reason=as_text(reason, what="a reason", max_bytes=MAX_REPORT_BYTES),
    )
