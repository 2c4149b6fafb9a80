"""How commands get at the replica: never a file by mistake, never a write without its keys."""

import argparse
import shutil
from pathlib import Path

import pytest

from syncore.cli.opening import chosen_space, looked_at, owned
from syncore.cli.output import Output
from syncore.core.errors import Locked, Misused, ReadOnly, StorageError
from tests.sync.memory_relay import ADDRESS, relay_in_memory, replica_at
from tests.sync.waiting import synced

OUTPUT = Output(is_json=False)


def options_for(folder: Path, space: str | None = None) -> argparse.Namespace:
    """The arguments of a command on the replica ``a`` of a folder."""
    return argparse.Namespace(
        replica=folder / "a.db", keystore=folder / "keys-a", allow_plaintext=False, space=space
    )


async def make_replica(folder: Path, *, is_shared: bool = False) -> None:
    """A replica with a document; shared, if it is to be, with a relay that is gone afterwards."""
    async with relay_in_memory() as relay, replica_at(relay, folder, "a") as replica:
        await replica.collection("notes").insert({"n": 1}, id="first")
        if is_shared:
            await synced(await replica.share(ADDRESS))


async def test_a_mistyped_path_makes_no_file(tmp_path: Path) -> None:
    """Neither reading nor writing begins a replica; the hint says which command does."""
    options = options_for(tmp_path)
    for opening in (owned(options, OUTPUT), looked_at(options)):
        with pytest.raises(StorageError, match="there is no replica") as caught:
            await opening.__aenter__()
        assert "syncore init" in caught.value.hint
        assert not options.replica.exists()


async def test_a_home_folder_is_understood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A path that begins with a tilde is found where the shell would find it."""
    monkeypatch.setenv("HOME", str(tmp_path))
    options = options_for(Path("~"))
    with pytest.raises(StorageError, match="there is no replica"):
        await looked_at(options).__aenter__()
    await make_replica(tmp_path)
    options.keystore = tmp_path / "keys-a"
    async with looked_at(options) as replica:
        assert await replica.space.collections() == ["notes"]


async def test_a_command_that_writes_owns_the_file(tmp_path: Path) -> None:
    """A second owner is refused; whoever only looks sees what the first one wrote, and writes nothing."""
    await make_replica(tmp_path)
    options = options_for(tmp_path)
    async with owned(options, OUTPUT) as replica:
        await replica.collection("notes").insert({"n": 2}, id="second")
        with pytest.raises(Locked):
            await owned(options, OUTPUT).__aenter__()
        async with looked_at(options) as reader:
            assert (await reader.collection("notes").get("second"))["n"] == 2
            with pytest.raises(ReadOnly):
                await reader.collection("notes").insert({"n": 3})


async def test_without_its_keys_a_shared_replica_is_only_looked_at(tmp_path: Path) -> None:
    """A command that writes is refused before it begins, one that reads needs no keys."""
    await make_replica(tmp_path, is_shared=True)
    shutil.rmtree(tmp_path / "keys-a")
    options = options_for(tmp_path)
    with pytest.raises(ReadOnly, match="keys"):
        await owned(options, OUTPUT).__aenter__()
    async with looked_at(options) as replica:
        assert (await replica.collection("notes").get("first"))["n"] == 1


async def test_an_older_copy_is_told_to_whoever_writes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A file that was restored from a copy goes on, with a note for people."""
    async with relay_in_memory() as relay:
        async with replica_at(relay, tmp_path, "a") as replica:
            await synced(await replica.share(ADDRESS))
        shutil.copy(tmp_path / "a.db", tmp_path / "older")
        async with replica_at(relay, tmp_path, "a") as replica:
            await replica.collection("notes").insert({"n": 1})
            await synced(replica.space)
    options = options_for(tmp_path)
    async with owned(options, OUTPUT):
        assert capsys.readouterr().err == ""
    shutil.copy(tmp_path / "older", tmp_path / "a.db")
    async with owned(options, OUTPUT) as replica:
        await replica.collection("notes").insert({"n": 2})
    assert "older state of itself" in capsys.readouterr().err


async def test_a_space_is_chosen_by_the_beginning_of_its_id(tmp_path: Path) -> None:
    """None names the default one, a beginning in any case the only one that fits; else nothing is chosen."""
    async with (
        relay_in_memory() as relay,
        replica_at(relay, tmp_path, "a") as replica,
        replica_at(relay, tmp_path, "b") as other,
    ):
        space = await other.share(ADDRESS)
        joined = await replica.join(await space.invite(), default=False)

        def chosen(space: str | None) -> object:
            return chosen_space(replica, options_for(tmp_path, space))

        assert chosen(None) == replica.space != joined
        for beginning in (joined.id, joined.id[:12], joined.id[:12].upper()):
            assert chosen(beginning) == joined
        assert chosen("0" * 64) == replica.space
        with pytest.raises(Misused, match="several spaces"):
            chosen("")
        with pytest.raises(Misused, match="no space") as caught:
            chosen(f"{joined.id}0")
        assert "syncore status" in caught.value.hint
