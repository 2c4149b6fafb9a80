"""The golden vectors of segment.md, control-log.md and session.md, computed without syncore."""

import json
from pathlib import Path
from typing import Any

import pytest

from syncore.codec.packing import pack, unpack
from syncore.core.commits import Commit, Entry
from syncore.core.errors import Malformed, UnsupportedVersion
from syncore.core.hybrid_clock import HybridTime
from syncore.core.identifiers import CommitId, SpaceId, Writer
from syncore.crypto.keys import ContentKey
from syncore.crypto.signing import SigningKey, verify
from syncore.protocol.commit_codec import encode_commit
from syncore.protocol.control_log import ControlLog
from syncore.protocol.control_records import (
    Acceptance,
    AcceptedRecord,
    EndedWriter,
    acceptance_hash,
    decode_acceptance,
    decode_record,
    encode_acceptance,
    encode_record,
    record_type,
    sign_record,
    verify_acceptance,
)
from syncore.protocol.handshake import DeviceHandshake, RelayHandshake, redeem_hash, welcome_hash
from syncore.protocol.items import ControlItem, control_item, decode_item, encode_item, read_accepted
from syncore.protocol.message_codec import decode_message, encode_message
from syncore.protocol.messages import SessionLimits
from syncore.protocol.receipts import (
    Receipt,
    decode_receipt,
    encode_receipt,
    extend_log,
    sign_receipt,
    start_of_log,
)
from syncore.protocol.segments import (
    ClosedWriter,
    SegmentHeader,
    SegmentPlain,
    encode_header,
    encode_plain,
    hash_dependencies,
    open_segment,
    parse_segment,
    verify_segment,
)
from tests.protocol.builders import OneKeyCipher

Vector = dict[str, Any]
"""Any: each section has its own shape, which the test that reads it knows."""

_FOLDER = Path(__file__).parent.parent / "vectors"


def load(name: str) -> Vector:
    """The vectors of one format."""
    vectors: Vector = json.loads((_FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return vectors


SEGMENT, CONTROL, SESSION = load("segment"), load("control"), load("session")


def named(vector: Vector) -> str:
    """The test id of a vector."""
    return str(vector.get("name") or vector.get("why"))


def raw(text: str) -> bytes:
    """Bytes from hexadecimal."""
    return bytes.fromhex(text)


def plainly(structure: object) -> object:
    """An unpacked structure as the vectors write it."""
    if isinstance(structure, bytes):
        return {"bytes": structure.hex()}
    if isinstance(structure, tuple):
        return [plainly(part) for part in structure]
    return structure


# --- segment.md ---


@pytest.mark.parametrize("vector", SEGMENT["segment"], ids=named)
def test_segments_are_those_of_the_format(vector: Vector) -> None:
    """Header, plain content, hash and signature come out as specified; the golden body opens."""
    dependencies = [
        (Writer(writer), number, raw(digest)) for writer, number, digest in vector["dependencies"]
    ]
    header = SegmentHeader(
        space=SpaceId(raw(vector["space"])),
        writer=Writer(vector["writer"]),
        first=vector["first"],
        count=vector["count"],
        prev=raw(vector["prev"]),
        control_seq=vector["control_seq"],
        control_hash=raw(vector["control_hash"]),
        epoch=vector["epoch"],
        dependencies=tuple((writer, number) for writer, number, _ in dependencies),
        dependencies_hash=hash_dependencies(dependencies),
    )
    assert header.dependencies_hash == raw(vector["dependencies_hash"])
    assert encode_header(header) == raw(vector["header"])
    plain = SegmentPlain(
        receipt=None if vector["receipt"] is None else raw(vector["receipt"]),
        closed=tuple(
            ClosedWriter(writer=Writer(writer), number=number, hash=raw(digest), reason=reason)
            for writer, number, digest, reason in vector["closed"]
        ),
        commits=tuple(commit_of(commit) for commit in vector["commits"]),
    )
    assert encode_plain(plain) == raw(vector["plain"])
    segment = parse_segment(raw(vector["header"]) + raw(vector["body"]), raw(vector["signature"]))
    signer = SigningKey(raw(vector["signing_seed"]))
    assert segment.header == header
    assert segment.hash == raw(vector["hash"])
    assert signer.sign("segment", segment.hash) == segment.signature
    verify_segment(segment, public_key=signer.public, verify=verify)
    assert open_segment(segment, cipher=OneKeyCipher(ContentKey(raw(vector["content_key"])))) == plain


def commit_of(vector: Vector) -> Commit:
    """A golden commit, after checking its encoding."""
    entries = tuple(Entry(kind, raw(body)) for kind, body in vector["entries"])
    commit = Commit(CommitId(raw(vector["id"])), HybridTime(vector["time"]), entries)
    assert encode_commit(commit) == raw(vector["bytes"])
    return commit


@pytest.mark.parametrize("vector", SEGMENT["malformed"], ids=named)
def test_malformed_segments_are_refused(vector: Vector) -> None:
    """Every golden mistake is refused."""
    with pytest.raises(Malformed):
        parse_segment(raw(vector["content"]), bytes(64))


@pytest.mark.parametrize("vector", SEGMENT["unsupported"], ids=named)
def test_segments_of_later_versions_are_told_apart(vector: Vector) -> None:
    """Another version or kind is unsupported, not malformed."""
    with pytest.raises(UnsupportedVersion):
        parse_segment(raw(vector["content"]), bytes(64))


# --- control-log.md ---


@pytest.mark.parametrize("vector", CONTROL["record"], ids=named)
def test_records_are_those_of_the_format(vector: Vector) -> None:
    """Bytes, hash, signatures, acceptance and link come out as specified."""
    record = decode_record(raw(vector["bytes"]))
    assert record_type(record) == vector["type"]
    assert (record.seq, record.prev, record.author) == (vector["seq"], raw(vector["prev"]), vector["author"])
    payload = unpack(raw(vector["bytes"])[74:], what="a payload", max_bytes=65536)
    assert plainly(payload) == vector["payload"]
    assert encode_record(record) == raw(vector["bytes"])
    signed = sign_record(record, *(SigningKey(raw(seed)) for seed in vector["signing_seeds"]))
    assert signed.hash == raw(vector["hash"])
    assert record.space == raw(vector["space"])
    assert [signature.hex() for signature in signed.signatures] == vector["signatures"]
    accepted = accepted_of(vector)
    assert accepted.signed == signed
    assert accepted.link == raw(vector["link"])
    if vector["acceptance"] is not None:
        assert accepted.acceptance == acceptance_of(vector["acceptance"])
        assert acceptance_hash(signed, raw(vector["acceptance_bytes"])) == raw(vector["acceptance_hash"])
        assert accepted.acceptance_signature == raw(vector["acceptance_signature"])
        relay = SigningKey(raw(vector["relay_seed"]))
        verify_acceptance(accepted, relay_key=relay.public, verify=verify)


def accepted_of(vector: Vector) -> AcceptedRecord:
    """The record in a golden item, after checking that the item is encoded as specified."""
    item = decode_item(raw(vector["item"]))
    assert isinstance(item, ControlItem)
    accepted = read_accepted(item)
    assert encode_item(control_item(accepted)) == raw(vector["item"])
    return accepted


def acceptance_of(vector: Vector) -> Acceptance:
    """An acceptance from its fields."""
    return Acceptance(
        generation=raw(vector["generation"]),
        offset=vector["offset"],
        time_ms=vector["time_ms"],
        ended=tuple(
            EndedWriter(writer=Writer(writer), number=number, hash=raw(digest))
            for writer, number, digest in vector["ended"]
        ),
    )


def test_the_golden_records_are_a_log() -> None:
    """Genesis, relay, invite and accept fold into a space of two members."""
    control = ControlLog(SpaceId(raw(CONTROL["record"][0]["hash"])))
    for vector in CONTROL["record"]:
        control.append(accepted_of(vector), verify=verify)
    assert len(control.devices) == 2


@pytest.mark.parametrize("vector", CONTROL["acceptance"])
def test_acceptances_are_those_of_the_format(vector: Vector) -> None:
    """An acceptance that ends writers is encoded as specified."""
    assert encode_acceptance(acceptance_of(vector)) == raw(vector["bytes"])
    assert decode_acceptance(raw(vector["bytes"])) == acceptance_of(vector)


@pytest.mark.parametrize("vector", CONTROL["malformed"], ids=named)
def test_malformed_records_are_refused(vector: Vector) -> None:
    """Every golden mistake is refused."""
    with pytest.raises(Malformed):
        decode_record(raw(vector["bytes"]))


@pytest.mark.parametrize("vector", CONTROL["unsupported"], ids=named)
def test_records_of_later_versions_are_told_apart(vector: Vector) -> None:
    """Another version, type or role is unsupported, not malformed."""
    with pytest.raises(UnsupportedVersion):
        decode_record(raw(vector["bytes"]))


# --- session.md ---


@pytest.mark.parametrize("vector", SESSION["handshake"])
def test_the_handshake_is_that_of_the_format(vector: Vector) -> None:
    """Transcript and proofs of both sides come out as specified."""
    relay, device = SigningKey(raw(vector["relay_seed"])), SigningKey(raw(vector["device_seed"]))
    frame_bytes, spaces, requests = vector["limits"]
    limits = SessionLimits(frame_bytes=frame_bytes, spaces=spaces, requests=requests)
    theirs = RelayHandshake(
        signer=relay,
        nonce=raw(vector["relay_nonce"]),
        limits=limits,
        verify=verify,
        admits=lambda *_: True,
    )
    ours = DeviceHandshake(
        signer=device,
        nonce=raw(vector["device_nonce"]),
        token=raw(vector["token"]),
        expected_relay_key=relay.public,
        verify=verify,
    )
    identify = ours.identify(theirs.hello)
    assert ours.transcript == raw(vector["transcript"])
    assert identify.signature == raw(vector["device_signature"])
    assert welcome_hash(ours.transcript, identify.signature, limits) == raw(vector["welcome_hash"])
    welcome = theirs.welcome(identify)
    assert welcome.signature == raw(vector["relay_signature"])
    ours.finish(welcome)
    digest = redeem_hash(ours.transcript, raw(vector["invitation_id"]))
    assert digest == raw(vector["redeem_hash"])
    invitation = SigningKey(raw(vector["invitation_seed"]))
    assert invitation.sign("redeem", digest) == raw(vector["redeem_signature"])


@pytest.mark.parametrize("vector", SESSION["running_hash"])
def test_the_running_hash_is_that_of_the_format(vector: Vector) -> None:
    """R at every offset comes out as specified."""
    hashes = [start_of_log(SpaceId(raw(vector["space"])), raw(vector["generation"]))]
    for offset, item in enumerate(vector["items"], start=1):
        hashes.append(extend_log(hashes[-1], offset, raw(item)))
    assert [running.hex() for running in hashes] == vector["hashes"]


@pytest.mark.parametrize("vector", SESSION["receipt"])
def test_receipts_are_those_of_the_format(vector: Vector) -> None:
    """A receipt's bytes and signature come out as specified."""
    receipt = Receipt(
        space=SpaceId(raw(vector["space"])),
        generation=raw(vector["generation"]),
        offset=vector["offset"],
        running_hash=raw(vector["running_hash"]),
        control_seq=vector["control_seq"],
        control_hash=raw(vector["control_hash"]),
        time_ms=vector["time_ms"],
    )
    signed = sign_receipt(receipt, signer=SigningKey(raw(vector["relay_seed"])))
    assert signed.signature == raw(vector["signature"])
    assert encode_receipt(signed) == raw(vector["bytes"])
    assert decode_receipt(raw(vector["bytes"])) == signed


@pytest.mark.parametrize("vector", SESSION["frame"], ids=named)
def test_frames_are_those_of_the_format(vector: Vector) -> None:
    """A golden frame holds the golden fields, is read, and is written back byte by byte."""
    frame = raw(vector["frame"])
    fields = unpack(frame, what="a frame", max_bytes=len(frame))
    assert plainly(fields) == vector["fields"]
    assert pack(fields) == frame
    assert encode_message(decode_message(frame, len(frame))) == frame


@pytest.mark.parametrize("vector", SESSION["malformed"], ids=named)
def test_malformed_frames_are_refused(vector: Vector) -> None:
    """Every golden mistake is refused."""
    with pytest.raises(Malformed):
        decode_message(raw(vector["frame"]), 65536)
