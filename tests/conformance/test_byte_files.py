"""What every implementation of the ByteSource and ByteSink ports does, on real files and pipes."""

import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from syncore.adapters.byte_files import (
    PARTIAL_SUFFIX,
    DescriptorSource,
    FileSource,
    GrowingFile,
    ReplacingFile,
    StreamSource,
)
from syncore.core.errors import DiskFull, Locked, Misused, StorageError
from syncore.core.ports import ByteSink, ByteSource

CONTENT = bytes(range(256)) * 1_000
SINKS = pytest.mark.parametrize("make", [ReplacingFile, GrowingFile])
MakeSink = Callable[[Path], ByteSink]


@pytest.fixture(params=["file", "stream", "descriptor", "pipe"])
def source(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ByteSource]:
    """Something that gives the content."""
    path = tmp_path / "content"
    path.write_bytes(CONTENT)
    if request.param == "pipe":
        reading, writing = os.pipe()
        feeder = threading.Thread(target=_feed, args=(writing,))
        feeder.start()
        yield DescriptorSource(reading)
        feeder.join()
        os.close(reading)
        return
    with path.open("rb") as stream:
        if request.param == "file":
            source = FileSource(path)
            yield source
            source.close()
        else:
            yield StreamSource(stream) if request.param == "stream" else DescriptorSource(stream.fileno())


def _feed(writing: int) -> None:
    with os.fdopen(writing, "wb") as pipe:
        pipe.write(CONTENT)


async def test_a_source_gives_everything_in_order(source: ByteSource) -> None:
    """At least a byte and at most what was asked for at a time, and nothing at the end, again and again."""
    assert source.size_bytes in (None, len(CONTENT))
    found = b""
    while data := await source.read(1_000):
        assert len(data) <= 1_000
        found += data
    assert found == CONTENT
    assert await source.read(1_000) == b""


def test_a_file_that_is_not_there_is_misuse(tmp_path: Path) -> None:
    """With its name."""
    with pytest.raises(Misused, match=r"missing\.csv"):
        FileSource(tmp_path / "missing.csv")


@SINKS
async def test_a_sink_keeps_what_was_written(make: MakeSink, tmp_path: Path) -> None:
    """In order, in the place of what was there, and nothing beside it."""
    path = tmp_path / "out"
    path.write_bytes(b"before, and longer than what follows")
    sink = make(path)
    await sink.write(b"one ")
    await sink.write(b"two")
    await sink.finish()
    assert path.read_bytes() == b"one two"
    assert os.listdir(tmp_path) == ["out"]  # noqa: PTH208 - the other way is no better in async code


async def test_a_replacing_file_shows_nothing_before_it_is_finished(tmp_path: Path) -> None:
    """Whoever reads the name finds what was there; given up, it stays so."""
    path = tmp_path / "out"
    path.write_bytes(b"before")
    sink = ReplacingFile(path)
    await sink.write(b"after")
    assert path.read_bytes() == b"before"
    with pytest.raises(Locked):
        ReplacingFile(path)
    await sink.discard()
    assert path.read_bytes() == b"before"
    assert not path.with_name(path.name + PARTIAL_SUFFIX).exists()


async def test_a_full_disk_is_told() -> None:
    """As the disk's fault; giving up afterwards raises nothing."""
    sink = GrowingFile(Path("/dev/full"))
    with pytest.raises(DiskFull):
        await sink.write(CONTENT)
    await sink.discard()


@SINKS
def test_a_place_that_cannot_be_written_is_told(make: MakeSink, tmp_path: Path) -> None:
    """A folder, and a folder that is not there."""
    for path in (tmp_path, tmp_path / "missing" / "out"):
        with pytest.raises(StorageError):
            make(path)
