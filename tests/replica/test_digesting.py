"""Digests of spaces: of what is stored, and of nothing else."""

from pathlib import Path

from syncore.documents.changes import Text, splice
from syncore.replica.digesting import space_digest
from tests.replica.world import make_world


async def test_equal_exactly_when_the_content_is(tmp_path: Path) -> None:
    """Two replicas agree after an exchange and differ after an edit; a restart changes nothing."""
    _, (one, two) = make_world(tmp_path, "digests", 2)
    await one.open()
    await two.open()
    await one.collection("notes").insert({"text": Text("abc"), "n": 1, "tags": {"x"}}, id="a")
    for device in (one, two):
        await device.exchange()
    assert await space_digest(one.local, one.number) == await space_digest(two.local, two.number)
    await two.collection("notes").update("a", text=splice(3, 0, "d"))
    edited = await space_digest(two.local, two.number)
    assert edited != await space_digest(one.local, one.number)
    for device in (two, one):
        await device.exchange()
    assert await space_digest(one.local, one.number) == edited == await space_digest(two.local, two.number)
    await one.reopen()
    assert await space_digest(one.local, one.number) == edited
    await one.close()
    await two.close()


async def test_what_was_deleted_counts(tmp_path: Path) -> None:
    """A space in which a document was made and deleted is not one in which it never was."""
    _, (device,) = make_world(tmp_path, "deleted", 1)
    await device.open()
    empty = await space_digest(device.local, device.number)
    await device.collection("notes").insert({"n": 1}, id="a")
    await device.collection("notes").delete("a")
    assert await space_digest(device.local, device.number) != empty
    await device.close()
