"""Expressions as text, as they are written at a command line: ``year >= 2000 and title startswith "The"``.

Owns the language and its grammar; what it means are the expressions of :mod:`syncore.query.expressions`,
made through :mod:`syncore.query.paths`, which says what can be compared with what::

    expression = conjunction { "or" conjunction }
    conjunction = term { "and" term }
    term       = "not" term | "(" expression ")" | comparison
    comparison = field "exists" | field "is" "none"
               | field ("=" | "==" | "!=" | "<" | "<=" | ">" | ">=") value
               | field ["not"] "in" "(" value { "," value } ")"
               | field "between" value "and" value
               | field ("startswith" | "contains") value
    field      = name { "." name }         a name that is no plain word stands in backquotes
    value      = text in '..' or ".." with a backslash before quotes and itself, a number (with d behind it a
                 decimal one), a date, a time with its zone, true, false or none

A parser that goes down the grammar, one token ahead. It is bounded by the length of the text and by the depth
that expressions may have, and says of whatever is wrong where it stands.
"""

from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Final, TypeVar

from syncore.core.errors import InvalidName, InvalidValue, Misused
from syncore.query.expression_tokens import Kind, Token, tokens, unquoted, wrong
from syncore.query.expressions import MAX_DEPTH, And, Expression, Or, joined
from syncore.query.paths import Path, where

MAX_EXPRESSION_CHARACTERS: Final = 64 * 1024
"""A thousand comparisons with 64 characters each: more are not made anyhow."""
_MAX_DIGITS: Final = 1_000
"""More than any field can hold is refused by what reads values; longer ones take long to read."""
_NEARBY: Final = 24


_SIGNS: Final[dict[str, Callable[[Path, object], Expression]]] = {
    "=": lambda path, value: path == value,
    "==": lambda path, value: path == value,
    "!=": lambda path, value: path != value,
    "<": lambda path, value: path < value,
    "<=": lambda path, value: path <= value,
    ">": lambda path, value: path > value,
    ">=": lambda path, value: path >= value,
}
_WORDS: Final = frozenset(
    {"and", "or", "not", "in", "is", "exists", "between", "startswith", "contains", "true", "false", "none"}
)
_LITERALS: Final[dict[str, object]] = {"true": True, "false": False, "none": None, "null": None}
Made = TypeVar("Made")
_AFTER_FIELD: Final = "= != < <= > >= in, between, startswith, contains, is none or exists"


def parse_expression(text: str) -> Expression:
    """The expression that a text says.

    Raises:
        Misused: it says none; ``position`` in the details is where that shows, counted in characters from 0.
    """
    if type(text) is not str:
        raise Misused(f"an expression is a str, not {type(text).__name__}")
    if len(text) > MAX_EXPRESSION_CHARACTERS:
        raise Misused(f"an expression has at most {MAX_EXPRESSION_CHARACTERS} characters, not {len(text)}")
    return _Parser(text).parse()


class _Parser:
    """One text on its way to an expression."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = tokens(text)
        self._next = next(self._tokens)
        self._depth = 0

    def parse(self) -> Expression:
        """All of the text."""
        if self._is_at_end():
            raise self._refuse(
                "an expression is empty", hint='such as: year >= 2000 and title startswith "The"'
            )
        found = self._expression()
        if not self._is_at_end():
            raise self._expected("and, or, or the end")
        return found

    # --- the grammar ---

    def _expression(self) -> Expression:
        return self._chain(Or, "or", self._conjunction)

    def _conjunction(self) -> Expression:
        return self._chain(And, "and", self._term)

    def _chain(self, kind: type[And] | type[Or], word: str, part: Callable[[], Expression]) -> Expression:
        start, parts = self._next, [part()]
        while self._accept_word(word):
            parts.append(part())
        return self._made(start, lambda: joined(kind, parts))

    def _term(self) -> Expression:
        start = self._next
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise self._refuse(f"an expression nests deeper than {MAX_DEPTH} levels")
        if self._accept_word("not"):
            operand = self._term()
            found = self._made(start, lambda: ~operand)
        elif self._accept_sign("("):
            found = self._expression()
            self._expect_sign(")", 'and, or, or ")"')
        else:
            found = self._comparison()
        self._depth -= 1
        return found

    def _comparison(self) -> Expression:
        path, token = self._field(), self._next
        if token.kind is Kind.SIGN and token.text in _SIGNS:
            self._advance()
            value, compare = self._value(), _SIGNS[token.text]
            return self._made(token, lambda: compare(path, value))
        match self._word():
            case "exists":
                self._advance()
                return path.exists()
            case "is":
                return self._is_none(path)
            case "in":
                return self._in(path)
            case "not":
                self._advance()
                if self._word() != "in":
                    raise self._expected("in")
                return ~self._in(path)
            case "between":
                self._advance()
                lowest = self._value()
                if not self._accept_word("and"):
                    raise self._expected("and with the greater value")
                highest = self._value()
                return self._made(token, lambda: path.between(lowest, highest))
            case "startswith" | "contains" as word:
                self._advance()
                value = self._value()
                ask = path.startswith if word == "startswith" else path.contains
                return self._made(token, lambda: ask(value))  # type: ignore[arg-type]  # which it checks
            case _:
                raise self._expected(_AFTER_FIELD)

    def _is_none(self, path: Path) -> Expression:
        self._advance()
        is_not = self._accept_word("not")
        if self._word() not in ("none", "null"):
            raise self._expected("none")
        self._advance()
        return ~path.is_none() if is_not else path.is_none()

    def _in(self, path: Path) -> Expression:
        token = self._advance()
        self._expect_sign("(", '"(" and values')
        values = [self._value()]
        while self._accept_sign(","):
            values.append(self._value())
        self._expect_sign(")", '"," or ")"')
        return self._made(token, lambda: path.in_(values))

    def _field(self) -> Path:
        path = self._name(where.__getitem__)
        while self._accept_sign("."):
            path = self._name(path.__getitem__)
        return path

    def _name(self, inside: Callable[[str], Path]) -> Path:
        token = self._next
        is_plain = token.kind is Kind.NAME and token.text.lower() not in _WORDS
        if not is_plain and token.kind is not Kind.QUOTED_NAME:
            hint = "a name that is no plain word stands in backquotes: `country code`"
            raise self._expected("the name of a field", hint=hint)
        self._advance()
        name = token.text if is_plain else unquoted(token)
        return self._made(token, lambda: inside(name))

    def _value(self) -> object:
        token = self._next
        match token.kind:
            case Kind.TEXT:
                value: object = unquoted(token)
            case Kind.NUMBER:
                value = self._number(token)
            case Kind.DATE | Kind.INSTANT:
                value = self._moment(token)
            case Kind.NAME if token.text.lower() in _LITERALS:
                value = _LITERALS[token.text.lower()]
            case Kind.NAME:
                raise self._expected("a value", hint=f'text stands in quotes: "{token.text[:_NEARBY]}"')
            case _:
                raise self._expected("a value")
        self._advance()
        return value

    def _number(self, token: Token) -> object:
        if len(token.text) > _MAX_DIGITS:
            raise self._refuse(f"a number has at most {_MAX_DIGITS} digits")
        if token.text[-1] in "dD":
            try:
                return Decimal(token.text[:-1])
            except InvalidOperation as error:
                raise self._refuse("this is not a decimal number") from error
        return int(token.text) if token.text.lstrip("+-").isdecimal() else float(token.text)

    def _moment(self, token: Token) -> object:
        try:
            if token.kind is Kind.DATE:
                return date.fromisoformat(token.text)
            moment = datetime.fromisoformat(token.text)
        except ValueError as error:
            raise self._refuse("there is no such time") from error
        if moment.tzinfo is None:
            raise self._refuse("a time says its zone", hint=f"such as {token.text}Z or {token.text}+02:00")
        return moment

    # --- tokens ---

    def _is_at_end(self) -> bool:
        return self._next.kind is Kind.END

    def _advance(self) -> Token:
        """The token, which is behind us from now on."""
        token = self._next
        self._next = next(self._tokens)
        return token

    def _word(self) -> str:
        """The token as a word of the language, in lower case; empty if it is none."""
        word = self._next.text.lower()
        return word if self._next.kind is Kind.NAME and (word in _WORDS or word in _LITERALS) else ""

    def _accept_word(self, word: str) -> bool:
        if self._word() != word:
            return False
        self._advance()
        return True

    def _accept_sign(self, sign: str) -> bool:
        if (self._next.kind, self._next.text) != (Kind.SIGN, sign):
            return False
        self._advance()
        return True

    def _expect_sign(self, sign: str, wanted: str) -> None:
        if not self._accept_sign(sign):
            raise self._expected(wanted)

    # --- what is wrong ---

    def _made(self, token: Token, make: Callable[[], Made]) -> Made:
        """What :mod:`syncore.query.paths` makes of it; what it refuses is said with its place."""
        try:
            return make()
        except (Misused, InvalidValue, InvalidName) as error:
            if "position" in error.details:
                raise
            raise wrong(self._text, token.start, error.message, hint=error.hint) from error

    def _expected(self, wanted: str, *, hint: str = "") -> Misused:
        token = self._next
        found = "it ends" if token.kind is Kind.END else f"there is {token.text[:_NEARBY]}"
        return self._refuse(f"{wanted} should come here, and {found}", hint=hint)

    def _refuse(self, message: str, *, hint: str = "") -> Misused:
        return wrong(self._text, self._next.start, message, hint=hint)
