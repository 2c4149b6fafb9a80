"""What a token of an earlier read does to a later write."""

import shutil
from pathlib import Path

import pytest

from syncore.core.errors import InvalidToken
from syncore.core.identifiers import DocumentKey, Dot, Writer
from syncore.core.ports import Durability
from syncore.documents.changes import remove
from syncore.replica.seen import seen_vector
from syncore.replica.tokens import decode_token, encode_token
from syncore.storage.pending_rows import PendingRows
from tests.replica.databases import open_private
from tests.replica.invariants import check_device
from tests.replica.world import Device, make_world


async def test_what_was_not_seen_stays_beside(tmp_path: Path) -> None:
    """A write with an old token replaces only what that token covers; the rest becomes a conflict."""
    async with open_private(tmp_path / "a.db") as replica:
        notes = replica.collection()
        first = await notes.insert({"title": "one"}, id="a")
        await notes.update("a", title="two")
        both = await notes.update("a", title="three", seen=first.token)
        assert (both["title"], both.conflicts) == ("three", ("title",))
        settled = await notes.update("a", title="four", seen=both.token)
        assert (settled["title"], settled.conflicts) == ("four", ())


async def test_two_writes_with_one_token_are_siblings(tmp_path: Path) -> None:
    """Two windows that read the same and both write: neither value vanishes."""
    async with open_private(tmp_path / "a.db") as replica:
        notes = replica.collection()
        read = await notes.insert({"title": "one"}, id="a")
        await notes.update("a", title="left", seen=read.token)
        found = await notes.update("a", title="right", seen=read.token)
        assert found.conflicts == ("title",)
        assert (await notes.update("a", title="both")).conflicts == ()


async def test_a_token_covers_what_a_transaction_has_seen(tmp_path: Path) -> None:
    """Tokens work within transactions too, and an element added since is not removed."""
    async with open_private(tmp_path / "a.db") as replica:
        notes = replica.collection()
        read = await notes.insert({"tags": {"x"}, "title": "one"}, id="a")
        await notes.update("a", {"tags": {"x", "y"}, "title": "two"})
        async with replica.transaction() as transaction:
            await transaction.update(read, tags=remove("y"), title="three", seen=read.token)
        found = transaction.documents["notes", "a"]
        assert found["tags"] == frozenset({"x", "y"})
        assert found.conflicts == ("title",)


async def test_a_deletion_spares_what_it_did_not_see(tmp_path: Path) -> None:
    """A document that was changed since the read is not deleted by it."""
    async with open_private(tmp_path / "a.db") as replica:
        notes = replica.collection()
        read = await notes.insert({"title": "one"}, id="a")
        await notes.update("a", title="two")
        await notes.delete("a", seen=read.token)
        spared = await notes.get("a")
        assert spared["title"] == "two"
        await notes.delete("a", seen=spared.token)
        assert await notes.find_one("a") is None


async def test_a_token_of_another_device_may_be_ahead(tmp_path: Path) -> None:
    """A token that names what has not arrived here covers what has, and makes nothing that others refuse."""
    _, devices = make_world(tmp_path, "ahead", 2)
    for device in devices:
        await device.open()
    first, second = devices
    await first.collection("notes").insert({"title": "one"}, id="a")
    await first.exchange()
    await second.exchange()
    ahead = await first.collection("notes").update("a", title="two")
    await second.collection("notes").update("a", title="three", seen=ahead.token)
    await second.collection("notes").delete("a", seen=ahead.token)
    for device in (first, second, first):
        await device.exchange()
        await check_device(device)
        assert device.sync.progress.set_aside == 0
        assert device.state.closed == {}
    assert await first.collection("notes").get("a") == await second.collection("notes").get("a")
    assert (await first.collection("notes").get("a"))["title"] == "two"
    for device in devices:
        await device.close()


async def test_tokens_survive_rekeying(tmp_path: Path) -> None:
    """A token that was read before a rebase still covers the same writes under their new names."""
    _, (device,) = make_world(tmp_path, "rekeyed", 1)
    await device.open()
    notes = device.collection("notes")
    await notes.insert({"title": "zero"}, id="a")
    await device.exchange()
    backup, _ = await device.snapshot(tmp_path / "backup")
    notes = device.collection("notes")
    files = device.files.copy()
    await notes.insert(id="b")
    await device.exchange()
    await device.close()
    shutil.copy(backup, device.path)
    device.files = files
    await device.open()
    notes = device.collection("notes")
    one = await notes.update("a", title="one")
    two = await notes.update("a", title="two")
    old = device.state.writer
    await device.exchange()
    assert device.state.writer != old
    vector = decode_token(one.token, device.relay.space)
    today = await seen_vector(device.local, device.number, DocumentKey("notes", "a"), one.token)
    assert vector[old] not in (0, today.get(device.state.writer))
    assert today[device.state.writer] == 1
    assert (await notes.update("a", title="three", seen=two.token)).conflicts == ()
    assert (await notes.update("a", title="four", seen=one.token)).conflicts == ("title",)
    await device.exchange()
    await check_device(device)
    await device.close()


async def test_tokens_of_what_a_copy_had_sent_stay(tmp_path: Path) -> None:
    """What a copied disk finds in the log under its very name keeps that name, and its tokens cover it."""
    _, (device,) = make_world(tmp_path, "carried", 1)
    await device.open()
    await device.collection("notes").insert({"title": "zero"}, id="a")
    await device.exchange()
    one = await device.collection("notes").update("a", title="one")
    backup, _ = await device.snapshot(tmp_path / "backup")
    files = device.files.copy()
    await device.exchange()
    await device.close()
    shutil.copy(backup, device.path)
    device.files = files
    await device.open()
    await device.collection("notes").update("a", title="two")
    await device.exchange()
    vector = decode_token(one.token, device.relay.space)
    assert await seen_vector(device.local, device.number, DocumentKey("notes", "a"), one.token) == vector
    notes = device.collection("notes")
    assert (await notes.update("a", title="three", seen=one.token)).conflicts == ("title",)
    await device.exchange()
    await check_device(device)
    await device.close()


async def _taken_over(tmp_path: Path) -> Device:
    """A device whose file was put back, and has written under numbers that are another's in the log.

    The lost writes were one to the document a and one to b, the new one is to a; it has not been sent yet.
    """
    _, (device,) = make_world(tmp_path, "taken", 1)
    await device.open()
    for name in ("a", "b"):
        await device.collection("notes").insert({"title": "zero"}, id=name)
    await device.exchange()
    backup, _ = await device.snapshot(tmp_path / "backup")
    files = device.files.copy()
    await device.collection("notes").update("b", title="lost from b")
    await device.collection("notes").update("a", title="lost from a")
    await device.exchange()
    await device.close()
    shutil.copy(backup, device.path)
    device.files = files
    await device.open()
    return device


async def test_what_is_read_after_a_rebase_is_covered(tmp_path: Path) -> None:
    """A token names what has the numbers now, also where own writes had them once: no conflict stays."""
    device = await _taken_over(tmp_path)
    notes = device.collection("notes")
    for title in ("one", "two"):
        await notes.update("a", title=title)
    await device.exchange()
    read = await notes.get("a")
    assert read.conflicts == ("title",)
    assert (await notes.update("a", title="settled", seen=read.token)).conflicts == ()
    other = await notes.get("b")
    assert other["title"] == "lost from b"
    assert (await notes.update("b", title="new", seen=other.token)).conflicts == ()
    await device.exchange()
    await check_device(device)
    await device.close()


async def test_what_was_read_before_a_rebase_covers_nothing_of_others(tmp_path: Path) -> None:
    """A token of own writes does not take what another wrote under their old numbers for seen."""
    device = await _taken_over(tmp_path)
    notes = device.collection("notes")
    await notes.update("a", title="one")
    before = await notes.update("a", title="two")
    await device.exchange()
    after = await notes.update("a", title="three", seen=before.token)
    assert after.conflicts == ("title",)
    assert {one.value for one in await notes.siblings("a", "title")} == {"three", "lost from a"}
    await device.close()


async def test_names_in_a_circle_are_followed_once(tmp_path: Path) -> None:
    """Whatever the names that operations were given, following a token's ends."""
    async with open_private(tmp_path / "a.db") as replica:
        read = await replica.collection().insert({"title": "one"}, id="a")
        space = replica.local.default_space
        (writer,) = decode_token(read.token, space.id)
        circle = [
            (Dot(Writer(8), 1), Dot(Writer(9), 5)),
            (Dot(Writer(9), 5), Dot(writer, 1)),
            (Dot(writer, 1), Dot(Writer(9), 5)),
            (Dot(Writer(9), 4), Dot(Writer(9), 4)),
        ]
        await replica.local.database.write(
            lambda sql: PendingRows(sql, space.number).note_renamed(circle), Durability.NORMAL
        )
        key, old = DocumentKey("notes", "a"), encode_token(space.id, {Writer(8): 1})
        assert await seen_vector(replica.local, space.number, key, old) == {Writer(9): 3}


async def test_a_token_of_another_space_is_refused(tmp_path: Path) -> None:
    """A token says where it was read, and covers nothing elsewhere."""
    _, (device,) = make_world(tmp_path, "elsewhere", 1)
    await device.open()
    made = await device.collection("notes").insert(id="a")
    private = encode_token(device.local.spaces[1].id, decode_token(made.token, device.relay.space))
    with pytest.raises(InvalidToken):
        await device.collection("notes").update("a", n=1, seen=private)
    await device.close()
