"""The golden vectors of docs/formats/entries.md."""

import json
from pathlib import Path
from typing import Any

import msgpack
import pytest

from syncore.core.commits import Entry
from syncore.core.errors import Malformed
from syncore.core.hybrid_clock import HybridTime
from syncore.core.identifiers import Dot
from syncore.documents.document import Document
from syncore.documents.entries import (
    decode_record_entry,
    decode_rich_entry,
    encode_record_entry,
    encode_rich_entry,
)
from syncore.documents.projection_encoding import decode_projection, encode_projection
from syncore.documents.record_encoding import decode_record, encode_record
from tests.documents.worlds import KEY, decode, writer

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "entries.json").read_text())


def structure_of(described: Any) -> Any:  # noqa: ANN401 - JSON
    """A structure as JSON describes it: byte strings are text that starts with 0x."""
    if isinstance(described, list):
        return [structure_of(part) for part in described]
    if isinstance(described, str) and described.startswith("0x"):
        return bytes.fromhex(described[2:])
    return described


@pytest.mark.parametrize("vector", VECTORS["record_entries"], ids=lambda vector: vector["what"])
def test_record_entries_are_the_packed_structures(vector: dict[str, str]) -> None:
    """A record entry is what plain msgpack makes of its structure, and is read and written as that."""
    data = bytes.fromhex(vector["hex"])
    assert msgpack.packb(structure_of(vector["structure"])) == data
    assert encode_record_entry(decode_record_entry(data)) == data


@pytest.mark.parametrize("vector", VECTORS["rich_entries"], ids=lambda vector: vector["what"])
def test_rich_entries_are_the_packed_structures(vector: dict[str, str]) -> None:
    """A rich entry is what plain msgpack makes of its structure, and is read and written as that."""
    data = bytes.fromhex(vector["hex"])
    assert msgpack.packb(structure_of(vector["structure"])) == data
    assert encode_rich_entry(decode_rich_entry(data)) == data


@pytest.mark.parametrize("vector", VECTORS["malformed_record_entries"], ids=lambda vector: vector["why"])
def test_what_breaks_a_rule_is_malformed(vector: dict[str, str]) -> None:
    """What the format's document forbids is refused."""
    with pytest.raises(Malformed):
        decode_record_entry(bytes.fromhex(vector["hex"]))


@pytest.mark.parametrize("vector", VECTORS["histories"], ids=lambda vector: vector["name"])
def test_histories_end_in_the_promised_bytes(vector: dict[str, Any]) -> None:
    """Applying the commits gives the record, the projection and the digest of the vector."""
    document = Document(KEY, writer=writer(9))
    for commit in vector["commits"]:
        dot = Dot(commit["writer"], commit["number"])
        for entry in commit["entries"]:
            decoded = decode(Entry(entry["kind"], bytes.fromhex(entry["body"])))
            document.apply(decoded, dot=dot, time=HybridTime(commit["time"]))
    assert encode_record(document.record).hex() == vector["record"]
    assert encode_projection(document.project()).hex() == vector["projection"]
    assert document.digest().hex() == vector["digest"]
    assert decode_record(bytes.fromhex(vector["record"])) == document.record
    assert decode_projection(bytes.fromhex(vector["projection"])) == document.project()
