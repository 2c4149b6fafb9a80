"""Tests of syncore.protocol.commit_codec."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncore.codec.packing import pack
from syncore.core.commits import Commit, Entry
from syncore.core.errors import Malformed, TooLarge
from syncore.core.hybrid_clock import HybridTime
from syncore.core.identifiers import CommitId
from syncore.core.limits import MAX_COMMIT_BYTES, MAX_ENTRIES_PER_COMMIT, MAX_HYBRID_TIME
from syncore.protocol.commit_codec import decode_commit, encode_commit
from tests.protocol.builders import commit, mutations
from tests.protocol.fuzzing import check_every_byte, check_parser

COMMITS = st.builds(
    Commit,
    st.binary(min_size=8, max_size=8).map(CommitId),
    st.integers(0, MAX_HYBRID_TIME).map(HybridTime),
    st.lists(st.builds(Entry, st.integers(1, 255), st.binary(max_size=40)), max_size=5).map(tuple),
)
EXAMPLE = encode_commit(commit(7, b"one", b"two"))


@given(COMMITS)
def test_a_commit_comes_back(made: Commit) -> None:
    """What is encoded decodes to an equal commit."""
    assert decode_commit(encode_commit(made)) == made


@given(st.one_of(st.binary(max_size=80), mutations(EXAMPLE)))
def test_any_bytes_are_a_commit_or_malformed(data: bytes) -> None:
    """Decoding arbitrary or damaged bytes gives a commit in its one encoding, or a RemoteError."""
    check_parser(lambda read: encode_commit(decode_commit(read)), data)


def test_every_byte_is_read() -> None:
    """No prefix of a commit is a commit, and no changed byte does worse than a RemoteError."""
    check_every_byte(decode_commit, EXAMPLE)


def test_a_commit_too_large_to_send_is_refused_when_it_is_made() -> None:
    """The byte limit holds for the encoding: the largest commit passes, one byte more does not."""
    overhead = len(encode_commit(commit(1, bytes(MAX_COMMIT_BYTES // 2)))) - MAX_COMMIT_BYTES // 2
    largest = commit(1, bytes(MAX_COMMIT_BYTES - overhead))
    assert len(encode_commit(largest)) == MAX_COMMIT_BYTES
    with pytest.raises(TooLarge):
        encode_commit(commit(1, bytes(MAX_COMMIT_BYTES - overhead + 1)))


def test_too_many_entries_are_refused_at_both_ends() -> None:
    """Neither encoding nor decoding lets through more entries than one commit may have."""
    entries = (Entry(1, b""),) * (MAX_ENTRIES_PER_COMMIT + 1)
    with pytest.raises(TooLarge):
        encode_commit(Commit(CommitId(bytes(8)), HybridTime(0), entries))
    with pytest.raises(Malformed):
        decode_commit(pack([bytes(8), 0, [[1, b""]] * (MAX_ENTRIES_PER_COMMIT + 1)]))


def test_entry_kinds_of_later_versions_are_kept() -> None:
    """A kind that this version does not know is kept as it is; 0 and 256 are no kinds."""
    later = Commit(CommitId(bytes(8)), HybridTime(0), (Entry(255, b"later"),))
    assert decode_commit(encode_commit(later)) == later
    for kind in (0, 256):
        with pytest.raises(Malformed):
            decode_commit(pack([bytes(8), 0, [[kind, b""]]]))
