"""Explaining: every part of a field is traced to its commit, and the segment that carries it is checked."""

import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from syncore.core.errors import DocumentNotFound, InvalidChange
from syncore.core.identifiers import DocumentKey
from syncore.crypto.signing import verify
from syncore.documents.changes import UNSET, Counter, List, Text, add, increment, splice
from syncore.documents.operations import FieldKind
from syncore.documents.record_encoding import decode_record, encode_record
from syncore.replica.explaining import MAX_LISTED, explain
from syncore.replica.explanations import Evidence, Explanation, Origin, Part
from syncore.replica.space_keys import SpaceCipher
from syncore.storage.protection import protect, recover
from tests.replica.world import Device, SeededEntropy, make_world

ALIEN = DocumentKey("films", "alien")


@pytest.fixture
async def devices(tmp_path: Path) -> AsyncIterator[list[Device]]:
    """Two members of a space, up to date."""
    _, devices = make_world(tmp_path, "explaining", 2)
    for device in devices:
        await device.open()
        await device.exchange()
    yield devices
    for device in devices:
        await device.close()


async def explained(device: Device, name: str | None, *, has_key: bool = True) -> Explanation:
    """What a device explains of the film's field."""
    keys = {1: device.content_key} if has_key else {}
    cipher = SpaceCipher(keys, SeededEntropy("cipher"))
    return await explain(device.local, device.number, ALIEN, name, cipher=cipher, verify=verify)


async def exchange(*devices: Device) -> None:
    """Everybody learns of everything."""
    for device in (*devices, *devices):
        await device.exchange()


def only(part: Part) -> Origin:
    """The one origin of a part."""
    [origin] = part.origins
    return origin


def change_file(device: Device, statement: str, parameters: tuple[object, ...] = ()) -> None:
    """Change the file behind the back of whoever owns it."""
    connection = sqlite3.connect(device.path)
    with connection:
        connection.execute(statement, parameters)
    connection.close()


async def test_a_value_is_traced_to_its_signed_segment(devices: list[Device]) -> None:
    """A confirmed value names its device, key, inviter, times, commit, and segment, which was checked."""
    one, two = devices
    await one.collection("films").insert({"title": "Alien"}, id="alien")
    await two.collection("films").insert({"title": "other"}, id="other")
    await exchange(one, two)
    await two.collection("films").update("alien", title="Aliens")
    await exchange(one, two)
    explanation = await explained(one, "title")
    assert (explanation.kind, explanation.value, explanation.problems) == (FieldKind.REGISTER, "Aliens", ())
    [part] = explanation.parts
    origin = only(part)
    assert (part.value, part.device, part.is_shown) == ("Aliens", 1, True)
    assert (origin.device, origin.key, origin.invited_by) == (1, two.keys.signing.public.hex(), 0)
    assert (origin.commit, origin.evidence, origin.is_pending) == (2, Evidence.SIGNED, False)
    segment = one.relay.segments[-1]
    assert origin.segment == segment.hash.hex()
    assert origin.position == 3
    assert origin.admitted is not None
    assert origin.time is not None
    assert origin.arrived is not None
    assert "signed: checked" in str(explanation)


async def test_siblings_and_the_rule(devices: list[Device]) -> None:
    """A conflict names all values with their authors, the shown one first, and by how much it was later."""
    one, two = devices
    await one.collection("films").insert({"title": "Alien"}, id="alien")
    await exchange(one, two)
    await one.collection("films").update("alien", title="first")
    two.clock.time_ms = one.clock.time_ms + 3_000
    await two.collection("films").update("alien", title="second")
    await two.exchange()
    await one.pull()
    explanation = await explained(one, "title")
    assert (explanation.rule, explanation.reason) == ("last_write", "later by 3 s")
    assert [(part.value, part.device, part.is_shown) for part in explanation.parts] == [
        ("second", 1, True),
        ("first", 0, False),
    ]
    assert [only(part).evidence for part in explanation.parts] == [Evidence.SIGNED, Evidence.PENDING]
    assert only(explanation.parts[1]).is_pending
    assert "not sent yet" in str(explanation)


async def test_counters_and_sets(devices: list[Device]) -> None:
    """A counter is explained by what each device added, a set by who added which element."""
    one, two = devices
    await one.collection("films").insert({"votes": Counter(1), "tags": {"sf"}}, id="alien")
    await exchange(one, two)
    for _ in range(2):
        await two.collection("films").update("alien", votes=increment(5), tags=add("horror"))
    await exchange(one, two)
    await one.collection("films").update("alien", votes=increment(2))
    votes = await explained(one, "votes")
    assert (votes.value, [(part.value, part.device) for part in votes.parts]) == (13, [(3, 0), (10, 1)])
    evidence = [[(origin.commit, origin.evidence) for origin in part.origins] for part in votes.parts]
    assert evidence == [
        [(1, Evidence.SIGNED), (2, Evidence.PENDING)],
        [(1, Evidence.SIGNED), (2, Evidence.SIGNED)],
    ]
    assert [part.unlisted for part in votes.parts] == [0, 0]
    tags = await explained(one, "tags")
    assert sorted((part.value, part.device) for part in tags.parts) == [("horror", 1), ("sf", 0)]
    assert not votes.problems
    assert not tags.problems


async def test_runs_of_texts_and_lists(devices: list[Device]) -> None:
    """Texts and lists are explained by runs of one author each, with the commits that made them."""
    one, two = devices
    await one.collection("films").insert({"review": Text("good🎈film"), "cast": List([1, 2])}, id="alien")
    await exchange(one, two)
    await two.collection("films").update("alien", review=splice(4, 1, " old "), cast=splice(1, 0, ["x"]))
    await exchange(one, two)
    await one.collection("films").update("alien", review=splice(4, 0, "!"))
    review = await explained(two, "review")
    assert [(part.value, part.device) for part in review.parts] == [("good", 0), (" old ", 1), ("film", 0)]
    review = await explained(one, "review")
    assert review.value == "good! old film"
    assert [(part.value, part.device) for part in review.parts] == [("good!", 0), (" old ", 1), ("film", 0)]
    evidence = [[origin.evidence for origin in part.origins] for part in review.parts]
    assert evidence == [[Evidence.SIGNED, Evidence.PENDING], [Evidence.SIGNED], [Evidence.SIGNED]]
    cast = await explained(two, "cast")
    assert [(part.value, part.device) for part in cast.parts] == [([1], 0), (["x"], 1), ([2], 0)]
    assert not review.problems
    assert not cast.problems


async def test_several_kinds_at_once(devices: list[Device]) -> None:
    """Where concurrent writers made a field two kinds, the explanation says so."""
    one, two = devices
    await one.collection("films").insert({"a": 1}, id="alien")
    await exchange(one, two)
    await one.collection("films").update("alien", fresh=Counter(1))
    await two.collection("films").update("alien", fresh="x")
    await exchange(one, two)
    explanation = await explained(one, "fresh")
    assert explanation.kind is FieldKind.COUNTER
    assert "a register too" in explanation.reason


async def test_without_the_key_the_signature_is_still_checked(devices: list[Device]) -> None:
    """A device without the content key says that it could not look inside, and no more."""
    one, _ = devices
    await one.collection("films").insert({"title": "Alien", "review": Text("x")}, id="alien")
    await one.exchange()
    for name in ("title", "review"):
        explanation = await explained(one, name, has_key=False)
        assert [only(part).evidence for part in explanation.parts] == [Evidence.SEALED]
        assert not explanation.problems


async def test_what_is_not_there(devices: list[Device]) -> None:
    """A document that never was, and a field that is not there, have no explanation; fields are named."""
    one, _ = devices
    for name in ("title", None):
        with pytest.raises(DocumentNotFound, match="never had"):
            await explained(one, name)
    films = one.collection("films")
    await films.insert({}, id="alien")
    with pytest.raises(InvalidChange, match=r"no field 'year' .it has no fields at all"):
        await explained(one, "year")
    await films.update("alien", title="Alien", gross=1)
    with pytest.raises(InvalidChange, match=r"no field 'year' .its fields are 'gross', 'title'"):
        await explained(one, "year")
    await films.update("alien", {f"f{number:02}": 1 for number in range(20)})
    with pytest.raises(InvalidChange, match="'f19' and 2 more"):
        await explained(one, "year")


async def test_a_deletion_is_explained(devices: list[Device]) -> None:
    """Of a document that is gone it is told who deleted it, when, and what vouches for that."""
    one, two = devices
    await one.collection("films").insert({"title": "Alien"}, id="alien")
    await exchange(one, two)
    there = await explained(one, None)
    assert (there.field, there.kind, there.parts) == (None, None, ())
    assert "nobody deleted it" in str(there)
    await two.collection("films").delete("alien")
    assert only((await explained(two, "title")).parts[0]).evidence is Evidence.PENDING
    await exchange(one, two)
    for name in ("title", None):
        gone = await explained(one, name)
        [part] = gone.parts
        assert (gone.field, gone.value, gone.rule, gone.problems) == (None, None, "update_wins", ())
        assert (part.is_deletion, part.is_shown, part.device) == (True, True, 1)
        origin = only(part)
        assert (origin.evidence, origin.key) == (Evidence.SIGNED, two.keys.signing.public.hex())
        assert origin.time is not None
        assert str(gone).startswith("films/alien: deleted, by somebody who had seen all")
        assert "* deleted" in str(gone)


async def test_a_deletion_beside_a_change_is_explained(devices: list[Device]) -> None:
    """A deletion that did not see a change is told too, whether the rule lets it hide the document or not."""
    one, two = devices
    await one.collection("films").insert({"title": "Alien"}, id="alien")
    await exchange(one, two)
    await one.collection("films").delete("alien")
    await two.collection("films").update("alien", title="Aliens")
    await exchange(one, two)
    there = await explained(two, None)
    assert (there.rule, [part.is_shown for part in there.parts]) == ("update_wins", [False])
    assert "at once, and still there" in there.reason
    await one.collection("films").configure(deletion="delete_wins")
    gone = await explained(one, "title")
    assert (gone.rule, [part.is_shown for part in gone.parts]) == ("delete_wins", [True])
    assert "at once, and gone" in gone.reason


async def test_a_false_deletion_is_said(devices: list[Device]) -> None:
    """A deletion that was put into the file past its log is found, not believed."""
    one, two = devices
    await one.collection("films").insert({"title": "Alien"}, id="alien")
    await exchange(one, two)
    await two.close()
    connection = sqlite3.connect(two.path)
    [(state,)] = connection.execute("SELECT state FROM states").fetchall()
    connection.close()
    record = decode_record(recover(state, what="state"))
    [title] = record.registers["title"]
    record.deletions[title.dot] = dict(record.vector)
    change_file(two, "UPDATE states SET state = ?", (protect(encode_record(record)),))
    await two.open()
    assert (await explained(two, None)).problems == ("the commit did not delete the document",)


async def test_of_a_large_share_the_newest_commits_are_listed(
    devices: list[Device], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A share of many commits names the newest and counts the others; what a removal took is no part."""
    one, _ = devices
    films = one.collection("films")
    await films.insert({"votes": Counter(1)}, id="alien")
    await films.update("alien", votes=UNSET)
    for _ in range(MAX_LISTED + 3):
        await films.update("alien", votes=increment(1))
        await films.update("alien", other=0)
    await one.exchange()
    votes = await explained(one, "votes")
    [part] = votes.parts
    assert (part.value, len(part.origins), part.unlisted) == (MAX_LISTED + 3, MAX_LISTED, 3)
    commits = [origin.commit or 0 for origin in part.origins]
    assert commits == list(range(3 + 2 * 3, 3 + 2 * (MAX_LISTED + 3), 2))
    assert not votes.problems
    assert "3 earlier commits" in str(votes)
    monkeypatch.setattr("syncore.replica.explaining._MAX_SUMMED", 10)
    [part] = (await explained(one, "votes")).parts
    assert len(part.origins) == 5
    assert part.unlisted == commits[-1] - 10 - 1  # what was removed ends with commit 1


async def test_a_false_signature_is_said(devices: list[Device]) -> None:
    """A held segment whose signature does not hold, or that is another one, is named in the explanation."""
    one, two = devices
    await one.collection("films").insert({"title": "Alien", "review": Text("x")}, id="alien")
    await exchange(one, two)
    stored = one.relay.segments[-1]
    forged = stored.header_bytes + stored.body + bytes(64)
    change_file(two, "UPDATE segments SET segment = ?", (protect(forged),))
    for name in ("title", "review"):
        explanation = await explained(two, name)
        assert [only(part).evidence for part in explanation.parts] == [Evidence.WRONG]
        assert "signature" in explanation.problems[0]
        assert "WRONG" in str(explanation)
    other = stored.header_bytes + stored.body[:-1] + b"x" + stored.signature
    change_file(two, "UPDATE segments SET segment = ?", (protect(other),))
    assert "another one" in (await explained(two, "title")).problems[0]
    change_file(two, "UPDATE segments SET segment = ?", (protect(b"x"),))
    assert "is none" in (await explained(two, "title")).problems[0]


async def test_a_state_that_no_segment_explains_is_said(devices: list[Device]) -> None:
    """A value, element or count that was put into the file past its log is found, not believed."""
    one, two = devices
    fields = {"title": "Alien", "tags": {"a"}, "votes": Counter(1), "review": Text("x")}
    await one.collection("films").insert(fields, id="alien")
    await exchange(one, two)
    await two.close()
    connection = sqlite3.connect(two.path)
    [(state,)] = connection.execute("SELECT state FROM states").fetchall()
    connection.close()
    record = decode_record(recover(state, what="state"))
    [title] = record.registers["title"]
    record.registers["title"] = (title._replace(value=b"\xa3xxx"),)
    record.sets["tags"] = {b"\xa1b": record.sets["tags"][b"\xa1a"]}
    [(writer, tally)] = record.counters["votes"].items()
    record.counters["votes"] = {writer: tally._replace(total=9)}
    change_file(two, "UPDATE states SET state = ?", (protect(encode_record(record)),))
    await two.open()
    found = {name: await explained(two, name) for name in ("title", "tags", "votes", "review")}
    assert found["title"].problems == ("the commit did not write this value",)
    assert found["tags"].problems == ("the commit did not add this element",)
    assert found["votes"].problems == ("its author's commits add up to something else",)
    assert found["review"].problems == ()
    assert only(found["title"].parts[0]).evidence is Evidence.WRONG


async def test_what_no_commit_of_ours_wrote(devices: list[Device]) -> None:
    """A commit that was never received is said to be unknown; a segment that is gone, to be gone."""
    one, two = devices
    await one.collection("films").insert({"title": "Alien", "review": Text("x")}, id="alien")
    await exchange(one, two)
    change_file(two, "DELETE FROM segments")
    for name in ("title", "review"):
        explanation = await explained(two, name)
        assert [only(part).evidence for part in explanation.parts] == [Evidence.NOT_HELD]
        assert not explanation.problems
    two.state.heads.clear()
    assert "ever received" in (await explained(two, "title")).problems[0]
    change_file(two, "DELETE FROM rich_clocks")
    assert "inserted what is shown" in (await explained(two, "review")).problems[0]


async def test_private(tmp_path: Path) -> None:
    """In a private space nobody else vouches for anything, and nothing is wrong with that."""
    _, (device, *_) = make_world(tmp_path, "private", 1)
    await device.open()
    private = next(state.number for state in device.local.spaces.values() if state.is_private)
    device.number = private
    films = device.collection("films")
    await films.insert({"title": "Alien", "votes": Counter(1), "tags": {1}, "review": Text("x")}, id="alien")
    for name in ("title", "votes", "tags", "review"):
        explanation = await explained(device, name)
        origin = only(explanation.parts[0])
        assert (origin.evidence, origin.key, explanation.problems) == (Evidence.PRIVATE, None, ())
        assert "private space" in str(explanation)
    await films.update("alien", title=UNSET)
    await device.close()


async def test_other_rules(devices: list[Device]) -> None:
    """The rule that the collection's settings name is the one that the explanation names."""
    one, two = devices
    films = one.collection("films")
    await films.configure(fields={"score": "max", "tags": "union"})
    await films.insert({"score": 1, "tags": []}, id="alien")
    await exchange(one, two)
    await films.update("alien", score=9, tags=["a"])
    await two.collection("films").update("alien", score=5, tags=["b"])
    await exchange(one, two)
    score = await explained(two, "score")
    assert (score.value, score.rule, score.reason) == (9, "max", "the greatest of 2 values")
    assert [(part.value, part.is_shown) for part in score.parts] == [(9, True), (5, False)]
    tags = await explained(two, "tags")
    assert (tags.value, tags.reason) == (["a", "b"], "all items of 2 values")
    assert [part.is_shown for part in tags.parts] == [True, True]
