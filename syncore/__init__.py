"""syncore: the offline-first database for Python.

Open a replica, write documents, share them through a relay that can read none of them::

    async with Replica.open("movies.db") as replica:
        movies = replica.collection("movies")
        alien = await movies.insert({"title": "Alien", "votes": Counter(1)})
        await movies.update(alien, votes=increment(1))

Names are loaded when they are first used, so importing the package is cheap.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from syncore.core.errors import SyncoreError as SyncoreError
    from syncore.core.ports import Durability as Durability
    from syncore.documents.changes import UNSET as UNSET
    from syncore.documents.changes import Counter as Counter
    from syncore.documents.changes import List as List
    from syncore.documents.changes import Set as Set
    from syncore.documents.changes import Text as Text
    from syncore.documents.changes import add as add
    from syncore.documents.changes import increment as increment
    from syncore.documents.changes import remove as remove
    from syncore.documents.changes import rewrite as rewrite
    from syncore.documents.changes import splice as splice
    from syncore.documents.operations import FieldKind as FieldKind
    from syncore.engine.replica import Replica as Replica
    from syncore.engine.space import Space as Space
    from syncore.replica.collection import Collection as Collection
    from syncore.replica.transaction import Transaction as Transaction
    from syncore.replica.views import Change as Change
    from syncore.replica.views import Document as Document
    from syncore.sync.status import SpaceStatus as SpaceStatus
    from syncore.sync.status import SyncState as SyncState

_HOMES = {
    "UNSET": "syncore.documents.changes",
    "Change": "syncore.replica.views",
    "Collection": "syncore.replica.collection",
    "Counter": "syncore.documents.changes",
    "Document": "syncore.replica.views",
    "Durability": "syncore.core.ports",
    "FieldKind": "syncore.documents.operations",
    "List": "syncore.documents.changes",
    "Replica": "syncore.engine.replica",
    "Set": "syncore.documents.changes",
    "Space": "syncore.engine.space",
    "SpaceStatus": "syncore.sync.status",
    "SyncState": "syncore.sync.status",
    "SyncoreError": "syncore.core.errors",
    "Text": "syncore.documents.changes",
    "Transaction": "syncore.replica.transaction",
    "add": "syncore.documents.changes",
    "increment": "syncore.documents.changes",
    "remove": "syncore.documents.changes",
    "rewrite": "syncore.documents.changes",
    "splice": "syncore.documents.changes",
}

__all__ = sorted(_HOMES)  # noqa: PLE0605 - a list of names, computed


def __getattr__(name: str) -> object:
    """Load a public name from its home (PEP 562)."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'syncore' has no attribute {name!r}")
    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    """The public names."""
    return __all__
