"""Findings outlive the program: the first of each kind, with its proof."""

from syncore.core.ports import SqlConnection
from syncore.storage.finding_rows import FindingKind, FindingRow, FindingRows

DISPUTE = FindingRow(FindingKind.DISPUTE, "two logs", b"theirs", b"ours")
REJECTED = FindingRow(FindingKind.REJECTED_WRITER, "they say so")


def test_the_first_finding_of_a_kind_stays(sql: SqlConnection) -> None:
    """What comes later does not replace the proof."""
    rows = FindingRows(sql, 1)
    FindingRows(sql, 2).write(REJECTED)
    rows.write(DISPUTE)
    rows.write(FindingRow(FindingKind.DISPUTE, "later", b"x", b"y"))
    assert rows.all() == {FindingKind.DISPUTE: DISPUTE}
    rows.write(REJECTED)
    assert rows.all() == {FindingKind.DISPUTE: DISPUTE, FindingKind.REJECTED_WRITER: REJECTED}


def test_a_finding_can_be_settled(sql: SqlConnection) -> None:
    """Removed, it is gone, in this space alone."""
    rows, others = FindingRows(sql, 1), FindingRows(sql, 2)
    for one in (rows, others):
        one.write(DISPUTE)
    rows.remove(FindingKind.DISPUTE)
    assert rows.all() == {}
    assert others.all() == {FindingKind.DISPUTE: DISPUTE}
