"""A fresh process's view of a replica file: its digest, all that it shows, and no trace of the look."""

import asyncio
import hashlib
import json
from pathlib import Path

import pytest

from syncore import Replica, Text
from syncore.cli.demo.inspection import Inspected, main, read_inspection
from syncore.cli.demo.ledger import Ledger, LedgerWrite
from syncore.cli.demo.scenario import Place, WriteKind

ROME, OSLO, TEXT = Place("airports", "FCO"), Place("airports", "OSL"), Place("texts", "travellers")


async def make_replica(folder: Path) -> str:
    """A replica with three documents, a field of one of them in conflict, and a ledger; the digest."""
    async with Replica.open(folder / "a.db", keystore=folder / "keys") as replica:
        airports = replica.collection("airports")
        rome = await airports.insert({"name": "Rome", "tags": {"b", "a"}}, id="FCO")
        await airports.insert({"name": "Oslo"}, id="OSL")
        await replica.collection("texts").insert({"body": Text("«d1#2» late\n")}, id="travellers")
        await airports.update("FCO", name="Roma", seen=rome.token)
        await airports.update("FCO", name="Rom", seen=rome.token)
        digest = await replica.space.digest()
    for number, place in ((1, ROME), (2, TEXT)):
        ledger = Ledger.open(folder / f"d{number}.ledger")
        write = LedgerWrite(place=place, field="name", kind=WriteKind.REGISTER, value="")
        await ledger.before(f"d{number}#1", writes=[write])
        ledger.close()
    return digest


def inspect(folder: Path, *ledgers: str) -> Inspected:
    """Run the process's work; what it has written down."""
    arguments = ["--replica", folder / "a.db", "--keystore", folder / "no keys", "--into", folder / "into"]
    for ledger in ledgers:
        arguments += ["--ledger", folder / ledger]
    assert main([*map(str, arguments)]) == 0
    return read_inspection(folder / "into")


def test_a_file_is_read_as_programs_see_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The digest is that of the program that wrote it; every document is shown, every conflict counted."""
    digest = asyncio.run(make_replica(tmp_path))
    found = inspect(tmp_path)
    assert json.loads(capsys.readouterr().out) == {"answer": {"digest": digest}}
    assert found == Inspected(
        digest=digest,
        shown={
            ROME: {"name": "Rom", "tags": ["a", "b"]},
            OSLO: {"name": "Oslo"},
            TEXT: {"body": "«d1#2» late\n"},
        },
        siblings={},
        conflicts=1,
    )


def test_siblings_are_those_of_the_documents_in_any_ledger(tmp_path: Path) -> None:
    """What somebody edited is looked at more closely, with the values that lost."""
    asyncio.run(make_replica(tmp_path))
    found = inspect(tmp_path, "d1.ledger", "d2.ledger", "absent.ledger").siblings
    assert found.keys() == {ROME, TEXT}
    assert sorted(map(str, found[ROME]["name"])) == ["Rom", "Roma"]
    assert found[TEXT] == {}


def test_the_file_and_its_keys_stay_as_they_were(tmp_path: Path) -> None:
    """Inspecting neither changes the replica file nor makes a keystore."""
    asyncio.run(make_replica(tmp_path))
    before = hashlib.sha256((tmp_path / "a.db").read_bytes()).digest()
    inspect(tmp_path)
    assert hashlib.sha256((tmp_path / "a.db").read_bytes()).digest() == before
    assert not (tmp_path / "no keys").exists()


def test_a_file_that_is_not_there_is_not_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A missing file is an error, and nothing is said or written down."""
    with pytest.raises(Exception, match=r"a\.db"):
        inspect(tmp_path)
    assert list(tmp_path.iterdir()) == []
    assert capsys.readouterr().out == ""
