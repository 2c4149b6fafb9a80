"""An edit of texts and lists that is still only an intention: checked, shown to its author, and not yet made.

A transaction of pycrdt cannot be rolled back. So splices are checked against plain strings and lists here,
and the rich part is touched when all of them have turned out to be possible. Owns what a splice may say,
and the conversion of positions. Must not know: pycrdt.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from syncore.core.errors import InvalidChange, InvalidValue
from syncore.core.identifiers import check_name
from syncore.documents.rich_characters import keep, kept_bytes
from syncore.documents.yjs_update import Place


class TextSplice(NamedTuple):
    """A splice of one text as it is kept, in bytes of UTF-8 at the moment when its turn comes.

    With a place, what it inserts goes exactly there among deleted units.
    """

    field: str
    start: int
    delete: int
    insert: str
    place: Place | None = None


class ListSplice(NamedTuple):
    """A splice of one list, in items at the moment when its turn comes; the place as in a text."""

    field: str
    start: int
    delete: int
    insert: tuple[bytes, ...]
    place: Place | None = None


class RichEdit:
    """Splices that become one delta together, in the order of the calls.

    Positions count what is there after the splices before: characters (code points, as in ``str``) or items.

    Attributes:
        delta: What to send to others, once the edit is made; None when it changed nothing.
        splices: What was asked for so far, checked.
        texts: The texts that it changes, as it leaves them.
        lists: The lists that it changes, as it leaves them.
    """

    __slots__ = ("_read_list", "_read_text", "delta", "lists", "splices", "texts")

    def __init__(self, *, read_text: Callable[[str], str], read_list: Callable[[str], list[bytes]]) -> None:
        self._read_text = read_text
        self._read_list = read_list
        self.delta: bytes | None = None
        self.splices: list[TextSplice | ListSplice] = []
        self.texts: dict[str, str] = {}
        self.lists: dict[str, list[bytes]] = {}

    def text(self, field: str) -> str:
        """A text as the splices so far leave it."""
        text = self.texts.get(field)
        return self._read_text(field) if text is None else text

    def items(self, field: str) -> list[bytes]:
        """A list as the splices so far leave it."""
        items = self.lists.get(field)
        return list(self._read_list(field) if items is None else items)

    def splice_text(
        self, field: str, position: int, delete: int = 0, insert: str = "", *, place: Place | None = None
    ) -> None:
        """Replace ``delete`` characters from ``position`` on by ``insert``, at that place if one is given.

        Raises:
            InvalidChange: there is no such place in the text.
            InvalidValue: ``insert`` is not valid Unicode.
            InvalidName: no field can be named so.
        """
        check_name(field, "a field")
        text = self.text(field)
        _check_range(position, delete, len(text), "text")
        _check_text(insert)
        if delete or insert:
            end = position + delete
            start_bytes = position if text.isascii() else kept_bytes(text[:position])
            self.splices.append(
                TextSplice(field, start_bytes, kept_bytes(text[position:end]), keep(insert), place)
            )
            self.texts[field] = text[:position] + insert + text[end:]

    def splice_list(
        self,
        field: str,
        position: int,
        delete: int = 0,
        items: Sequence[bytes] = (),
        *,
        place: Place | None = None,
    ) -> None:
        """Replace ``delete`` items from ``position`` on by ``items``, at that place if one is given.

        Raises:
            InvalidChange: there is no such place in the list.
            InvalidValue: an item is not bytes.
            InvalidName: no field can be named so.
        """
        check_name(field, "a field")
        inserted = tuple(items)
        present = self.lists.get(field)
        if present is None:
            present = list(self._read_list(field))
        _check_range(position, delete, len(present), "list")
        for item in inserted:
            if type(item) is not bytes:
                raise InvalidValue(f"an item of a list must be bytes here, not {type(item).__name__}")
        if delete or inserted:
            self.splices.append(ListSplice(field, position, delete, inserted, place))
            present[position : position + delete] = inserted
            self.lists[field] = present


def _check_range(position: int, delete: int, length: int, what: str) -> None:
    for number in (position, delete):
        if type(number) is not int or number < 0:
            raise InvalidChange(f"positions and lengths in a {what} are integers from 0 on, not {number!r}")
    if position > length:
        raise InvalidChange(f"position {position} is behind the end of a {what} of length {length}")
    if position + delete > length:
        raise InvalidChange(
            f"{delete} from position {position} on reach behind the end of a {what} of length {length}"
        )


def _check_text(insert: str) -> None:
    if type(insert) is not str:
        raise InvalidValue(f"what is inserted into a text must be a str, not {type(insert).__name__}")
    if not insert.isascii():
        try:
            insert.encode()
        except UnicodeEncodeError as error:
            raise InvalidValue("a str holds a lone surrogate") from error
