"""SQLite's own examination: trees, free pages, and whether every index holds what its table does."""

import re
from collections.abc import Iterator

from syncore.replica.doctor.findings import Finding, Mend
from syncore.replica.doctor.subject import Subject

_MAX = 100
_INDEX = re.compile(r"(?:missing from|in) index (\S+)")
_TREE = re.compile(r"(?:On tree|Tree) (?:page )?(\d+)")


def examine(subject: Subject) -> Iterator[Finding]:
    """What ``PRAGMA integrity_check`` says, each line where it belongs."""
    roots = {
        row[0]: str(row[1]) for row in subject.sql.rows("SELECT rootpage, name FROM sqlite_schema") if row[0]
    }
    told = [str(row[0]) for row in subject.sql.rows(f"PRAGMA integrity_check({_MAX})")]
    for line in (part for text in told for part in text.splitlines()):
        if line == "ok" or line.startswith("***"):
            continue
        index = _INDEX.search(line)
        tree = _TREE.search(line)
        if index is not None:
            yield _finding(index[1], f"it does not fit its table ({line})")
        else:
            name = roots.get(int(tree[1])) if tree else None
            yield _finding(name or "pages", f"its pages are damaged ({line})" if name else line)


def _finding(table: str, what: str) -> Finding:
    return Finding(examination="pages", table=table, what=what, mend=Mend.ROWS)
