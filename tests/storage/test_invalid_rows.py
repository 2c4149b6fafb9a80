"""Which documents do not fit."""

from syncore.core.identifiers import DocumentKey
from syncore.core.ports import SqlConnection
from syncore.storage.document_rows import DocumentRows
from syncore.storage.invalid_rows import InvalidRows


def test_documents_are_flagged_listed_by_page_and_cleared_by_collection(sql: SqlConnection) -> None:
    """Flagging twice is flagging once; other spaces and collections are not touched."""
    rows, invalid = DocumentRows(sql, 1), InvalidRows(sql, 1)
    made = [rows.add(DocumentKey("a", str(n)), b"p", is_deleted=False) for n in range(3)]
    other = rows.add(DocumentKey("b", "x"), b"q", is_deleted=False)
    elsewhere = DocumentRows(sql, 2).add(DocumentKey("a", "0"), b"r", is_deleted=False)
    for document in (*made, other, elsewhere, made[0]):
        invalid.note(document, is_invalid=True)
    invalid.note(made[1], is_invalid=False)
    assert [row.document for row in invalid.page(None, after=0, limit=9)] == [made[0], made[2], other]
    [second] = invalid.page("a", after=made[0], limit=1)
    assert (second.document, second.key) == (made[2], DocumentKey("a", "2"))
    invalid.clear("a")
    assert [row.document for row in invalid.page(None, after=0, limit=9)] == [other]
    rows.remove_space()
    assert [row.document for row in InvalidRows(sql, 2).page(None, after=0, limit=9)] == [elsewhere]
