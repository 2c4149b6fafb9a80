"""Tests of syncore.protocol.ports: what satisfies them; mypy checks the assignments, and these what they do.

Ciphers are in ``tests/conformance/test_body_cipher.py``, the replica's index in ``test_segment_index.py``.
"""

import pytest

from relay.ledger import Draft, Ledger
from syncore.core.errors import CryptoError
from syncore.crypto.signing import SigningKey, verify
from syncore.protocol.items import encode_item, segment_item
from syncore.protocol.ports import SIGNATURE_BYTES, Head, SegmentIndex, Signer, Verify
from tests.protocol.builders import GENERATION, MemoryIndex, Space, fill


def test_a_signing_key_is_a_signer_for_its_verifier() -> None:
    """What a key signs holds under its public key, for that purpose and that digest alone."""
    signer: Signer = SigningKey(fill("seed"))
    verifying: Verify = verify
    signature = signer.sign("kind", fill("digest"))
    assert len(signature) == SIGNATURE_BYTES
    assert len(signer.public) == 32
    verifying(signer.public, "kind", fill("digest"), signature)
    for key, kind, digest in (
        (SigningKey(fill("other")).public, "kind", fill("digest")),
        (signer.public, "other", fill("digest")),
        (signer.public, "kind", fill("other")),
    ):
        with pytest.raises(CryptoError):
            verifying(key, kind, digest, signature)


def test_a_relays_draft_and_the_tests_own_index_answer_alike() -> None:
    """Heads, ends of segments, and what is neither: both indexes that segments are judged by say the same."""
    space = Space(devices=2)
    segments = [space.write(0, count=2), space.write(0), space.write(1), space.write(0, incarnation=7)]
    memory = MemoryIndex()
    draft = Draft(Ledger(space.id, GENERATION), {})
    for segment in segments:
        memory.add(segment)
        draft.add_segment(segment, encode_item(segment_item(segment)))
    indexes: list[SegmentIndex] = [memory, draft]
    for index in indexes:
        assert index.head(space.writer(0)) == Head(3, segments[1].hash)
        assert index.head(space.writer(0, 7)) == Head(1, segments[3].hash)
        assert index.head(space.writer(1, 7)) is None
        held = [index.hash_at(space.writer(0), number) for number in range(5)]
        assert held == [None, None, segments[0].hash, segments[1].hash, None]
