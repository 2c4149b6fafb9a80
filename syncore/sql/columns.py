"""The names that collections and fields have in SQL, which does not tell ``Title`` from ``title``.

A name that stands alone stays as it is. Names that differ in the case of ASCII letters only, and those that
a column or table of ours has, get a number: ``Title~1``, ``title~2``, in the order of the names. Nobody gets
the bare name then: a query would read another field one day than the day before, and say nothing.
"""

from collections.abc import Iterable, Mapping
from typing import Final

_RESERVED_PREFIX: Final = "sqlite_"


def sql_names(names: Iterable[str], taken: Iterable[str] = ()) -> dict[str, str]:
    """The name in SQL of each of ``names``; ``taken`` are names that are ours."""
    ours = {folded(name) for name in taken}
    by_folded: dict[str, list[str]] = {}
    for name in sorted(names):
        by_folded.setdefault(folded(name), []).append(name)
    chosen: dict[str, str] = {}
    used = set(by_folded) | ours
    for key, alike in by_folded.items():
        if len(alike) == 1 and key not in ours and not key.startswith(_RESERVED_PREFIX):
            chosen[alike[0]] = alike[0]
            continue
        for number, name in enumerate(alike, start=1):
            chosen[name] = _free(name, number, used)
            used.add(folded(chosen[name]))
    return chosen


def clashes(name: str, chosen: Mapping[str, str]) -> list[str]:
    """The names in SQL of what would be called ``name`` if nothing else were."""
    return sorted(given for own, given in chosen.items() if folded(own) == folded(name) != folded(given))


def folded(name: str) -> str:
    """What SQLite compares names by: letters of ASCII in one case."""
    return name.encode().lower().decode()


def quoted(name: str) -> str:
    """A name, as SQL writes any name."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text, as SQL writes it."""
    return "'" + text.replace("'", "''") + "'"


def _free(name: str, number: int, used: set[str]) -> str:
    prefix = "~" if folded(name).startswith(_RESERVED_PREFIX) else ""
    while folded(candidate := f"{prefix}{name}~{number}") in used:
        number += 1
    return candidate
