"""What people type to search texts, as a tree: words, "phrases", beginnings*, OR, -without, field:word.

All of it is bounded, and whatever was typed is either understood or refused with a reason. What SQLite is
asked is made of the tree, never of what was typed. What is left out is left out of the whole: so a phrase
that is not to be there never counts for a score.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from syncore.core.errors import InvalidQuery
from syncore.query.words import fold, words_of

MAX_QUERY_CHARACTERS: Final = 1_000
MAX_PHRASES: Final = 64
"""Each is looked for by itself."""
MAX_NESTING: Final = 16
_PIECE: Final = re.compile(r'\s*(?:([()])|"([^"]*)("?)(\*?)|([^\s"()]+))')


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that stand one behind the other.

    Attributes:
        words: They, folded.
        is_prefix: Whether the last one may go on.
        field: The number of the field where they are looked for; None for all.
        number: Its place among the phrases of the query.
    """

    words: tuple[str, ...]
    is_prefix: bool = False
    field: int | None = None
    number: int = 0


@dataclass(frozen=True, slots=True)
class All:
    """All of some; at the root, and none of others."""

    parts: "tuple[Node, ...]"
    without: "tuple[Node, ...]" = ()


@dataclass(frozen=True, slots=True)
class Some:
    """At least one."""

    parts: "tuple[Node, ...]"


Node = Phrase | All | Some


@dataclass(frozen=True, slots=True)
class TextQuery:
    """What is searched for.

    Attributes:
        root: The tree.
        phrases: All phrases in it, in order, also those that must not be there.
    """

    root: Node
    phrases: tuple[Phrase, ...]

    def __str__(self) -> str:
        """As SQLite is asked for it; also good to show."""
        return match_of(self.root)


def parse_text_query(typed: object, fields: Sequence[str]) -> TextQuery:
    """The tree of what was typed, for an index with these fields.

    Raises:
        InvalidQuery: it is too long, a bracket or quotation mark is left open, nothing is searched for, or
            something is to be left out of nothing.
    """
    if not isinstance(typed, str):
        raise InvalidQuery(f"what to search for is a str, not {type(typed).__name__}")
    if len(typed) > MAX_QUERY_CHARACTERS:
        raise InvalidQuery(f"a search is at most {MAX_QUERY_CHARACTERS} characters long")
    parser = _Parser(typed, fields)
    root = parser.whole()
    if root is None:
        raise InvalidQuery("there is no word to search for", hint="a word is made of letters or digits")
    return TextQuery(root, tuple(parser.phrases))


def match_of(node: Node) -> str:
    """The tree in the language of FTS5, whose columns are called ``c0``, ``c1`` and so on."""
    match node:
        case Phrase(words=words, is_prefix=is_prefix, field=field):
            column = "" if field is None else f"c{field} : "
            return f'{column}"{" ".join(words)}"' + (" *" if is_prefix else "")
        case Some(parts=parts):
            return "(" + " OR ".join(map(match_of, parts)) + ")"
        case All(parts=parts, without=without):
            found = "(" + " AND ".join(map(match_of, parts)) + ")"
            return f"({found} NOT ({' OR '.join(map(match_of, without))}))" if without else found


class _Parser:
    def __init__(self, typed: str, fields: Sequence[str]) -> None:
        self.phrases: list[Phrase] = []
        self._fields = {name: number for number, name in enumerate(fields)}
        self._pieces = list(_pieces(typed))
        self._place = 0
        self._without: list[Node] = []

    def whole(self) -> Node | None:
        node = self._either(0)
        if self._next() is not None:
            raise InvalidQuery("a bracket is closed that was not opened: )", hint='put it into "quotes"')
        if not self._without:
            return node
        if node is None:
            raise InvalidQuery(
                "there is nothing to leave something out of", hint="name a word to find beside it"
            )
        return All((node,), tuple(self._without))

    def _either(self, depth: int) -> Node | None:
        if depth > MAX_NESTING:
            raise InvalidQuery(f"brackets nest deeper than {MAX_NESTING} levels")
        parts = [self._both(depth)]
        while self._take("OR"):
            parts.append(self._both(depth))
        known = tuple(part for part in parts if part is not None)
        return known[0] if len(known) == 1 else Some(known) if known else None

    def _both(self, depth: int) -> Node | None:
        parts: list[Node] = []
        while (piece := self._next()) is not None and piece not in ((")", False), ("OR", False)):
            if self._take("AND"):
                continue
            is_out = False
            while self._take("NOT") or self._take("-"):
                is_out = not is_out
            if is_out and depth:
                raise InvalidQuery(
                    "what is left out is left out of the whole search", hint="put it outside of the brackets"
                )
            node = self._one(depth)
            if node is not None:
                (self._without if is_out else parts).append(node)
        if not parts:
            return None
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def _one(self, depth: int) -> Node | None:
        field = self._field()
        if self._take("("):
            first = len(self.phrases)
            node = self._either(depth + 1)
            if not self._take(")"):
                raise InvalidQuery("a bracket is left open: (", hint="close it with )")
            return node if field is None or node is None else self._inside(node, field, first)
        piece = self._next()
        if piece is None or piece in ((")", False), ("OR", False)):
            return None
        self._place += 1
        text = piece[0]
        is_prefix = text.endswith("*")
        words = tuple(words_of(fold(text)))
        if not words:
            return None
        if len(self.phrases) == MAX_PHRASES:
            raise InvalidQuery(f"a search names at most {MAX_PHRASES} words and phrases")
        self.phrases.append(Phrase(words, is_prefix, field, len(self.phrases)))
        return self.phrases[-1]

    def _inside(self, node: Node, field: int, first: int) -> Node:
        """The same in one field, where the brackets do not name others."""
        for number in range(first, len(self.phrases)):
            if self.phrases[number].field is None:
                self.phrases[number] = replace(self.phrases[number], field=field)
        return _with(node, self.phrases)

    def _field(self) -> int | None:
        """The field whose name and colon come next."""
        piece = self._next()
        if piece is None or piece[1] or ":" not in piece[0]:
            return None
        name, _, rest = piece[0].partition(":")
        if name not in self._fields:
            return None
        if rest:
            self._pieces[self._place] = (rest, False)
        else:
            self._place += 1
        return self._fields[name]

    def _next(self) -> tuple[str, bool] | None:
        return self._pieces[self._place] if self._place < len(self._pieces) else None

    def _take(self, sign: str) -> bool:
        if self._next() != (sign, False):
            return False
        self._place += 1
        return True


def _with(node: Node, phrases: Sequence[Phrase]) -> Node:
    match node:
        case Phrase(number=number):
            return phrases[number]
        case Some(parts=parts):
            return Some(tuple(_with(part, phrases) for part in parts))
        case All(parts=parts, without=without):
            return All(
                tuple(_with(part, phrases) for part in parts), tuple(_with(part, phrases) for part in without)
            )


def _pieces(typed: str) -> Iterator[tuple[str, bool]]:
    """Brackets, minus signs, quoted phrases (true) and everything else, in order."""
    for match in _PIECE.finditer(typed):
        bracket, quoted, end, star, plain = match.groups()
        if bracket:
            yield bracket, False
        elif plain:
            signs = len(plain) - len(plain.lstrip("-"))
            for _ in range(signs):
                if signs < len(plain) or typed[match.end() : match.end() + 1].strip():
                    yield "-", False  # alone, as a dash, it is no sign
            if signs < len(plain):
                yield plain[signs:], False
        elif not end:
            raise InvalidQuery('a quotation mark is left open: "', hint="close it, or leave it out")
        else:
            yield quoted.rstrip("*") + star, True
