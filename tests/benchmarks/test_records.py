"""Tests of benchmarks.records."""

from pathlib import Path

from benchmarks.measuring import Comparison
from benchmarks.records import TOLERANCE, compare, read, write


def measured(name: str, processor_us: float) -> Comparison:
    """A run in which the primitive took 1 us."""
    return Comparison(
        name=name,
        unit="write",
        per_second=1.0,
        primitive="a row",
        primitive_per_second=1.0,
        ratio=1.0,
        processor_us=processor_us,
        primitive_processor_us=1.0,
    )


def test_a_ratio_may_be_worse_by_the_tolerance_and_no_more(tmp_path: Path) -> None:
    """Only what takes longer, beside its primitive, than the tolerance allows is named."""
    write(tmp_path / "r.json", [measured("quick", 10.0), measured("slow", 10.0), measured("better", 10.0)])
    limit = 10.0 / (1 - TOLERANCE)
    later = [measured("quick", limit - 0.1), measured("slow", limit + 0.1), measured("better", 5.0)]
    [worse] = compare(read(tmp_path / "r.json"), later)
    assert worse.startswith("slow: ")


def test_what_was_never_recorded_is_not_compared(tmp_path: Path) -> None:
    """A path without a record, and one that waits for the disk, cannot be worse than recorded."""
    write(tmp_path / "r.json", [measured("write, FULL", 1.0)])
    assert compare(read(tmp_path / "r.json"), [measured("write, FULL", 9.0), measured("new", 9.0)]) == []


def test_recording_keeps_what_was_not_measured(tmp_path: Path) -> None:
    """A run of some of the paths replaces their records, which say when and how, and no others."""
    write(tmp_path / "r.json", [measured("one", 1.0), measured("other", 2.0)])
    write(tmp_path / "r.json", [measured("one", 4.0)])
    found = {one["name"]: one for one in read(tmp_path / "r.json")}
    assert (found["one"]["processor_ratio"], found["other"]["processor_ratio"]) == (0.25, 0.5)
    assert {"date", "machine", "durability", "slowest_us", "load"} <= found["one"].keys()


def test_the_records_of_the_project_are_readable() -> None:
    """What is recorded names paths, each once."""
    names = [one["name"] for one in read(Path(__file__).parents[2] / "benchmarks" / "recorded.json")]
    assert names
    assert len(set(names)) == len(names)
