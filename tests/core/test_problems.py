"""Problems as sentences."""

from syncore.core.problems import MISSING, Problem


def test_a_problem_reads_as_a_sentence() -> None:
    """Place, expectation and what is there, or that it is missing; long values are cut."""
    assert str(Problem(("cast", 0, "name"), 3, "a string")) == "cast[0].name: expected a string, not 3"
    assert str(Problem(("title",), MISSING, "a value")) == "title is missing"
    assert str(Problem((), {}, "order")) == "the document: expected order"
    assert len(str(Problem(("a",), "x" * 1000, "less"))) < 120
    assert "very many digits" in str(Problem(("a",), 1 << 100_000, "less"))
