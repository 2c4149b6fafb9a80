"""Documents as they were read."""

import pytest

from syncore.core.identifiers import DocumentKey, SpaceId, Writer
from syncore.documents.operations import FieldKind
from syncore.documents.projection import FieldValue, Projection
from syncore.replica.tokens import decode_token
from syncore.replica.views import Document

SPACE = SpaceId(b"s" * 32)
KEY = DocumentKey("notes", "a")


def projection(values: dict[str, FieldValue], *, is_deleted: bool = False, number: int = 1) -> Projection:
    """A projection of these values."""
    return Projection(
        vector={Writer(1): number} if number else {},
        values=values,
        kinds={"n": FieldKind.COUNTER},
        conflicts=("title",),
        is_deleted=is_deleted,
    )


def test_a_document_is_a_mapping() -> None:
    """Fields are read as from a dict, and a missing one is a KeyError."""
    document = Document(SPACE, KEY, projection({"n": 3, "title": None}))
    assert (document.id, document.collection) == ("a", "notes")
    assert dict(document) == {"n": 3, "title": None}
    assert (len(document), list(document), "n" in document, document.get("x", 1)) == (
        2,
        ["n", "title"],
        True,
        1,
    )
    assert document.conflicts == ("title",)
    with pytest.raises(KeyError):
        document["x"]


def test_a_document_knows_what_was_read() -> None:
    """The token is the vector of the projection."""
    document = Document(SPACE, KEY, projection({}, number=7))
    assert decode_token(document.token, SPACE) == {Writer(1): 7}


def test_documents_compare_by_place_and_content() -> None:
    """Equality looks at key and values, not at versions; a document does not equal a dict and has no hash."""
    document = Document(SPACE, KEY, projection({"n": 3}))
    assert document == Document(SPACE, KEY, projection({"n": 3}, number=9))
    assert document != Document(SPACE, KEY, projection({"n": 4}))
    assert document != Document(SPACE, DocumentKey("notes", "b"), projection({"n": 3}))
    assert document != {"n": 3}
    with pytest.raises(TypeError):
        hash(document)


def test_the_repr_says_where_and_what() -> None:
    """Place and fields are what a person wants to see."""
    assert repr(Document(SPACE, KEY, projection({"n": 3}))) == "<Document notes/a {'n': 3}>"


def test_what_is_live() -> None:
    """A document is there when somebody wrote to it and it is not deleted."""
    assert projection({}).is_live
    assert not projection({}, is_deleted=True).is_live
    assert not projection({}, number=0).is_live
