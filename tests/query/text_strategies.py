"""Random texts, documents and searches over few words, so that they meet."""

from hypothesis import strategies as st

from syncore.query.ordering import columns_of
from syncore.query.paths import where
from syncore.query.text_definitions import TextDefinition

words = st.sampled_from(
    [
        "alpha",
        "Alpha",
        "alps",
        "be",
        "beta",
        "Bêta",
        "e\u0301te",
        "ÉTÉ",
        "œuvre",
        "東京",
        "ﬁn",
        "2²",
        "ß",
        "SS",
        "İ",
    ]
)
gaps = st.sampled_from([" ", " ", " ", ", ", "-", "\n", "_", "'", "—", "\x00"])
texts = st.lists(st.tuples(words, gaps), max_size=6).map(lambda parts: "".join(a + b for a, b in parts))
values = st.one_of(
    texts,
    texts,
    texts,
    st.lists(texts, max_size=3),
    st.frozensets(texts, max_size=2),
    st.dictionaries(st.sampled_from("ab"), texts, max_size=2),
    st.none(),
    st.integers(0, 3),
)
documents = st.dictionaries(st.sampled_from("abc"), values, max_size=3)
definitions = st.sampled_from(
    [
        TextDefinition(
            paths=tuple(column.path for column in columns_of(given)),
            weights=weights[: len(given)],
            condition=condition,
        )
        for given in (["a"], ["a", "b"], ["b", where.c.a])
        for weights in ((1000, 1000), (300, 2500))
        for condition in (None, where.b.exists())
    ]
)
terms = st.one_of(
    words,
    words.map(lambda word: word[:2] + "*"),
    st.tuples(words, words).map(lambda pair: f'"{pair[0]} {pair[1]}"'),
    st.tuples(words, words).map(lambda pair: f'"{pair[0]} {pair[1][:1]}"*'),
    words.map(lambda word: f"a:{word}"),
    words.map(lambda word: f"b:{word}"),
)


def _joined(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    return st.one_of(
        st.tuples(inner, inner).map(" ".join),
        st.tuples(inner, inner).map(" OR ".join),
        inner.map(lambda one: f"({one})"),
    )


_found = st.recursive(terms, _joined, max_leaves=4)
searches = st.one_of(
    _found,
    st.tuples(_found, terms).map(" -".join),
    st.tuples(_found, terms, terms).map("{0[0]} -({0[1]} {0[2]})".format),
)
