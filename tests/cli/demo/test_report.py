"""What the demo reports: the keys that programs read, and a good verdict only if all three are."""

from dataclasses import replace

from syncore.cli.demo.report import DeviceRow, Outcome, Search

ROW = DeviceRow(
    device="d1",
    documents=7_885,
    edits_made=400,
    edits_acknowledged=399,
    conflicts_kept=12,
    bytes_sent=123_456,
    bytes_received=7,
    converged_ms=650,
    digest="ab" * 32,
    fresh_digest="ab" * 32,
)
SEARCH = Search(hits=0, searched_bytes=1_000, control_expected=5, control_missed=0)
GOOD = Outcome(
    devices=[ROW, replace(ROW, device="d2")], differences=[], losses=[], search=SEARCH, seconds=29.5
)


def test_programs_get_five_keys() -> None:
    """The record has what scripts look for, and a row for each device."""
    record = GOOD.record()
    assert list(record) == ["converged", "acknowledged_lost", "relay_plaintext_hits", "seconds", "devices"]
    assert list(record.values())[:4] == [True, 0, 0, 29.5]
    assert isinstance(record["devices"], list)
    assert [row["device"] for row in record["devices"]] == ["d1", "d2"]


def test_people_get_a_table_and_three_verdicts() -> None:
    """A row for each device and one line for each verdict."""
    text = GOOD.text()
    assert "7,885" in text
    assert [line for line in text.splitlines() if line.startswith("ok  ")] == GOOD.verdicts()
    assert len(GOOD.verdicts()) == 3


def test_one_bad_verdict_spoils_the_outcome() -> None:
    """Digests that differ anywhere, a loss, a hit, and a control without hits each make it bad."""
    other = replace(ROW, digest="cd" * 32)
    bad = [
        replace(GOOD, devices=[ROW, other]),
        replace(GOOD, devices=[ROW, replace(ROW, fresh_digest="cd" * 32)]),
        replace(GOOD, differences=["d2 shows airports/FCO otherwise than d1"]),
        replace(GOOD, losses=["d1#1: its value"] * 30),
        replace(GOOD, search=replace(SEARCH, hits=1)),
        replace(GOOD, search=replace(SEARCH, control_missed=1)),
        replace(GOOD, search=replace(SEARCH, control_expected=0)),
    ]
    assert GOOD.is_good
    for outcome in bad:
        assert not outcome.is_good
        assert sum(verdict.startswith("FAIL") for verdict in outcome.verdicts()) == 1
    assert bad[3].record()["acknowledged_lost"] == 30
    assert "and 10 more" in bad[3].text()
