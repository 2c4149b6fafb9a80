"""Collections in and out of files."""

import io
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

import syncore
from syncore import Counter, ImportReport, List, Misused, Replica, Set, Text
from syncore.core.errors import InvalidValue, LocalError, NotWritable
from syncore.exchange.importing import BATCH_ROWS
from tests.fixtures.slow_import import LINES, main

pytestmark = pytest.mark.anyio


@pytest.fixture
async def replica(tmp_path: Path) -> AsyncIterator[Replica]:
    """An empty replica."""
    async with Replica.open(tmp_path / "r.db", keystore=tmp_path / "keys", sync=False) as replica:
        yield replica


async def _count(collection: syncore.Collection) -> int:
    return len([document async for document in collection.find()])


async def test_again(replica: Replica, tmp_path: Path) -> None:
    """Lines without ids are recognised when their file is imported again, also after its end was corrected,
    and what was done to their documents since is kept.
    """
    films = replica.collection("films")
    file = tmp_path / "films.jsonl"
    file.write_text('{"n": 1}\n{"n": 1}\n{"n": 2\n')
    with pytest.raises(LocalError, match="line 3: ") as caught:
        await films.import_jsonl(file)
    assert caught.value.details["line"] == 3
    assert [document["n"] async for document in films.find()] == [1, 1]
    first, _ = [document async for document in films.find()]
    await films.update(first, n=5)
    file.write_text('{"n": 1}\n{"n": 1}\n{"n": 2}\n')
    report = await films.import_jsonl(str(file))
    assert (report.inserted, report.unchanged, report.kept, report.lines) == (1, 1, 1, 3)
    assert [document["n"] async for document in films.find()] == [5, 1, 2]
    assert (await films.import_jsonl(file, existing="update")).updated == 1
    (tmp_path / "other.jsonl").write_text('{"n": 1}\n')
    assert (await films.import_jsonl(tmp_path / "other.jsonl")).inserted == 1


async def test_streams(replica: Replica) -> None:
    """A stream is read too; without a name its lines become new documents, with one they are recognised."""
    films = replica.collection("films")
    for source, count in ((None, 2), (None, 4), ("x", 6), ("x", 6)):
        await films.import_jsonl(io.BytesIO(b"{}\n{}\n"), source=source)
        assert await _count(films) == count
    with pytest.raises(Misused, match="not bytes"):
        await films.import_jsonl(io.StringIO("{}"))  # type: ignore[arg-type]


async def test_skip_bad(replica: Replica, tmp_path: Path) -> None:
    """Lines that cannot be read or written go into a file with the reason, the others come in."""
    films = replica.collection("films")
    await films.insert({"n": 1}, id="x")
    lines = ["{", '{"$id": "x", "n": {"$counter": 1}}', '{"$id": "y"}', '{"$id": ""}']
    bad = tmp_path / "bad.jsonl"
    report = await films.import_jsonl(io.BytesIO("\n".join(lines).encode()), skip_bad=bad)
    assert (report.inserted, report.rejected, report.lines) == (1, 3, 4)
    found = [json.loads(line) for line in bad.read_text().splitlines()]
    assert [(one["line"], one["text"]) for one in found] == [(n, lines[n - 1]) for n in (1, 2, 4)]
    assert [one["error"] for one in found] == ["InvalidValue", "InvalidChange", "InvalidName"]


async def test_progress(replica: Replica, tmp_path: Path) -> None:
    """Progress is told after each commit, and memory holds one batch."""
    file = tmp_path / "n.csv"
    file.write_text("n\n" + "".join(f"{n}\n" for n in range(2 * BATCH_ROWS)))
    reports: list[ImportReport] = []
    last = await replica.collection("n").import_csv(file, on_progress=reports.append)
    assert [report.inserted for report in reports[:2]] == [BATCH_ROWS, 2 * BATCH_ROWS]
    assert (last.inserted, last.lines, last.read_bytes) == (1_000, 1_001, file.stat().st_size)
    assert last.size_bytes == file.stat().st_size


async def test_export(replica: Replica, tmp_path: Path) -> None:
    """JSON lines hold every kind of field; CSV is read back with the types that are declared."""
    films = replica.collection("films")
    fields = {"n": Counter(2), "t": Text("é"), "l": List([1]), "s": Set({"a"}), "x": "1\r\n,", "none": None}
    await films.insert(fields, id="a")
    await films.insert({"x": ""}, id="b")
    report = await films.export_jsonl(tmp_path / "films.jsonl")
    assert report.documents == 2
    assert report.written_bytes == (tmp_path / "films.jsonl").stat().st_size
    await replica.collection("copy").import_jsonl(tmp_path / "films.jsonl")
    await films.export_csv(tmp_path / "films.csv")
    types = {"n": "counter", "t": "text", "l": "json", "s": "json"}
    await replica.collection("table").import_csv(tmp_path / "films.csv", types=types)
    for name in ("copy", "table"):
        pairs = zip(
            [one async for one in films.find()],
            [one async for one in replica.collection(name).find()],
            strict=True,
        )
        for document, copied in pairs:
            lost = {"none"} if name == "table" else set()
            assert dict(copied) == {key: value for key, value in document.items() if key not in lost}
            assert (copied.id, copied.kinds) == (document.id, document.kinds)
    await films.export_csv(tmp_path / "x.csv", fields=["x"], delimiter=";")
    assert (tmp_path / "x.csv").read_bytes() == b'$id;x\r\na;"1\r\n,"\r\nb;""\r\n'


async def test_export_is_whole(replica: Replica, tmp_path: Path) -> None:
    """An export that fails leaves what was there before, and nothing beside it."""
    films = replica.collection("films")
    await films.insert({"$id": 1})
    target = tmp_path / "out" / "films.csv"
    target.parent.mkdir()
    target.write_text("before")
    with pytest.raises(InvalidValue):
        await films.export_csv(target)
    assert [path.name for path in target.parent.iterdir()] == ["films.csv"]
    assert target.read_text() == "before"
    (target.parent / "films.csv.partial").write_text("left by a killed one")
    await films.export_jsonl(target)
    assert [path.name for path in target.parent.iterdir()] == ["films.csv"]
    with pytest.raises(NotWritable):
        await films.export_jsonl(tmp_path)


async def test_killed(tmp_path: Path) -> None:
    """An import whose process is killed is completed by importing again, with every line in exactly once."""
    source = tmp_path / "lines.jsonl"
    source.write_text("".join(f'{{"n": {n}}}\n' for n in range(LINES)))
    command = [sys.executable, "-m", "tests.fixtures.slow_import", str(tmp_path)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)  # noqa: ASYNC220 - nothing else waits
    assert process.stdout is not None
    assert process.stdout.readline()  # a batch is committed, and others are not
    process.kill()
    assert process.wait() == -9
    process.stdout.close()
    async with Replica.open(tmp_path / "r.db", keystore=tmp_path / "keys", sync=False) as replica:
        before = await _count(replica.collection("lines"))
    assert 0 < before < LINES
    await main(tmp_path, pause_s=0)
    async with Replica.open(tmp_path / "r.db", keystore=tmp_path / "keys", sync=False) as replica:
        numbers = [document["n"] async for document in replica.collection("lines").find()]
    assert numbers == list(range(LINES))
