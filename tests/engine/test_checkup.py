"""Examining a file: while a program has it open, by its header, and with other formats."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

import syncore
from syncore import NewerFormat, NotAReplica, Replica


async def test_an_open_replica_is_examined_while_it_works(tmp_path: Path) -> None:
    """The file is looked at as it is at one moment, and writing goes on meanwhile and after."""
    async with Replica.open(tmp_path / "a.db", keystore=tmp_path / "keys") as replica:
        movies = replica.collection("movies")
        await movies.insert({"title": "Alien"}, id="alien")
        report = await replica.check()
        assert report.is_sound
        assert report.documents == 1
        await movies.update("alien", year=1979)
    report = await syncore.check_replica(tmp_path / "a.db", keystore=tmp_path / "keys")
    assert report.is_sound


@pytest.mark.parametrize("place", [0, 17, 18, 22, 47, 59, 63, 70, 80])
async def test_a_damaged_header_is_told_as_one(tmp_path: Path, place: int) -> None:
    """A bit of the header is found there, also one by which SQLite does not take the file for its own."""
    path = tmp_path / "a.db"
    async with Replica.open(path, keystore=tmp_path / "keys") as replica:
        await replica.collection("movies").insert({"title": "Alien"})
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)
    report = await syncore.check_replica(path, keystore=tmp_path / "keys")
    assert "header" in {finding.table for finding in report.findings}


async def test_other_formats_and_files_are_no_damage(tmp_path: Path) -> None:
    """A file of a later format is refused as such; so is one that never was a replica."""
    path = tmp_path / "a.db"
    async with Replica.open(path, keystore=tmp_path / "keys"):
        pass
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE later (value)")
        connection.execute("PRAGMA user_version = 9")
        connection.commit()
    with pytest.raises(NewerFormat):
        await syncore.check_replica(path, keystore=tmp_path / "keys")
    path.write_bytes(bytes(8192))
    with pytest.raises(NotAReplica):
        await syncore.check_replica(path, keystore=tmp_path / "keys")
