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
    from syncore.core.errors import Closed as Closed
    from syncore.core.errors import ConnectionFailed as ConnectionFailed
    from syncore.core.errors import ConstraintViolated as ConstraintViolated
    from syncore.core.errors import CryptoError as CryptoError
    from syncore.core.errors import DishonestRelay as DishonestRelay
    from syncore.core.errors import DiskFull as DiskFull
    from syncore.core.errors import DocumentExists as DocumentExists
    from syncore.core.errors import DocumentNotFound as DocumentNotFound
    from syncore.core.errors import IntegrityError as IntegrityError
    from syncore.core.errors import InvalidChange as InvalidChange
    from syncore.core.errors import InvalidInvitation as InvalidInvitation
    from syncore.core.errors import InvalidName as InvalidName
    from syncore.core.errors import InvalidQuery as InvalidQuery
    from syncore.core.errors import InvalidRecord as InvalidRecord
    from syncore.core.errors import InvalidSchema as InvalidSchema
    from syncore.core.errors import InvalidSegment as InvalidSegment
    from syncore.core.errors import InvalidToken as InvalidToken
    from syncore.core.errors import InvalidValue as InvalidValue
    from syncore.core.errors import LocalError as LocalError
    from syncore.core.errors import Locked as Locked
    from syncore.core.errors import Malformed as Malformed
    from syncore.core.errors import Misused as Misused
    from syncore.core.errors import NewerFormat as NewerFormat
    from syncore.core.errors import NotAReplica as NotAReplica
    from syncore.core.errors import NotPermitted as NotPermitted
    from syncore.core.errors import NotWritable as NotWritable
    from syncore.core.errors import OlderFormat as OlderFormat
    from syncore.core.errors import ProtocolViolation as ProtocolViolation
    from syncore.core.errors import ReadOnly as ReadOnly
    from syncore.core.errors import Refused as Refused
    from syncore.core.errors import RelayLostData as RelayLostData
    from syncore.core.errors import RemoteError as RemoteError
    from syncore.core.errors import StorageError as StorageError
    from syncore.core.errors import SyncoreError as SyncoreError
    from syncore.core.errors import TooLarge as TooLarge
    from syncore.core.errors import UnsupportedVersion as UnsupportedVersion
    from syncore.core.errors import ValidationFailed as ValidationFailed
    from syncore.core.errors import WatcherLagged as WatcherLagged
    from syncore.core.errors import WriterRejected as WriterRejected
    from syncore.core.errors import WrongRelay as WrongRelay
    from syncore.core.ports import Durability as Durability
    from syncore.core.problems import MISSING as MISSING
    from syncore.core.problems import Problem as Problem
    from syncore.documents.changes import UNSET as UNSET
    from syncore.documents.changes import Counter as Counter
    from syncore.documents.changes import List as List
    from syncore.documents.changes import Set as Set
    from syncore.documents.changes import Text as Text
    from syncore.documents.changes import add as add
    from syncore.documents.changes import asserted as asserted
    from syncore.documents.changes import increment as increment
    from syncore.documents.changes import remove as remove
    from syncore.documents.changes import rewrite as rewrite
    from syncore.documents.changes import splice as splice
    from syncore.documents.operations import FieldKind as FieldKind
    from syncore.documents.resolvers import Candidate as Candidate
    from syncore.documents.resolvers import Resolver as Resolver
    from syncore.documents.rules import Authority as Authority
    from syncore.documents.rules import CollectionRules as CollectionRules
    from syncore.documents.rules import DeletionRule as DeletionRule
    from syncore.documents.rules import SchemaSetting as SchemaSetting
    from syncore.documents.rules import Strategy as Strategy
    from syncore.engine.checkup import CheckReport as CheckReport
    from syncore.engine.checkup import check_replica as check_replica
    from syncore.engine.collection import Collection as Collection
    from syncore.engine.presence import Presence as Presence
    from syncore.engine.repair import RepairReport as RepairReport
    from syncore.engine.repair import repair_replica as repair_replica
    from syncore.engine.replica import Replica as Replica
    from syncore.engine.space import Space as Space
    from syncore.exchange.batch_writing import Existing as Existing
    from syncore.exchange.report import ExportReport as ExportReport
    from syncore.exchange.report import ImportReport as ImportReport
    from syncore.protocol.presence_table import Present as Present
    from syncore.query.aggregates import Aggregate as Aggregate
    from syncore.query.aggregates import count as count
    from syncore.query.aggregates import max_ as max_
    from syncore.query.aggregates import mean_ as mean_
    from syncore.query.aggregates import min_ as min_
    from syncore.query.aggregates import sum_ as sum_
    from syncore.query.differences import Added as Added
    from syncore.query.differences import Changed as Changed
    from syncore.query.differences import Difference as Difference
    from syncore.query.differences import Moved as Moved
    from syncore.query.differences import Removed as Removed
    from syncore.query.expressions import Expression as Expression
    from syncore.query.paths import where as where
    from syncore.replica.conflicts import Conflict as Conflict
    from syncore.replica.conflicts import ConflictKind as ConflictKind
    from syncore.replica.conflicts import ConflictSibling as ConflictSibling
    from syncore.replica.doctor.findings import Finding as Finding
    from syncore.replica.doctor.findings import Mend as Mend
    from syncore.replica.doctor.findings import Severity as Severity
    from syncore.replica.explanations import Evidence as Evidence
    from syncore.replica.explanations import Explanation as Explanation
    from syncore.replica.explanations import Origin as Origin
    from syncore.replica.explanations import Part as Part
    from syncore.replica.indexes import Index as Index
    from syncore.replica.indexes import IndexProgress as IndexProgress
    from syncore.replica.indexes import IndexStatus as IndexStatus
    from syncore.replica.invalid import InvalidDocument as InvalidDocument
    from syncore.replica.live_query import LiveQuery as LiveQuery
    from syncore.replica.live_stream import LiveStream as LiveStream
    from syncore.replica.model import Model as Model
    from syncore.replica.model_collection import ModelCollection as ModelCollection
    from syncore.replica.model_fields import Ref as Ref
    from syncore.replica.model_fields import field as field
    from syncore.replica.queries import Page as Page
    from syncore.replica.queries import Query as Query
    from syncore.replica.searching import Hit as Hit
    from syncore.replica.transaction import Transaction as Transaction
    from syncore.replica.undoing import LeftAlone as LeftAlone
    from syncore.replica.undoing import UndoOutcome as UndoOutcome
    from syncore.replica.views import Change as Change
    from syncore.replica.views import Document as Document
    from syncore.replica.views import Sibling as Sibling
    from syncore.schema.validators import Validator as Validator
    from syncore.sql.rows import SqlRow as SqlRow
    from syncore.sql.rows import SqlRows as SqlRows
    from syncore.sync.status import SpaceStatus as SpaceStatus
    from syncore.sync.status import SyncState as SyncState

_HOMES = {
    "Added": "syncore.query.differences",
    "Aggregate": "syncore.query.aggregates",
    "Authority": "syncore.documents.rules",
    "Candidate": "syncore.documents.resolvers",
    "Change": "syncore.replica.views",
    "Changed": "syncore.query.differences",
    "CheckReport": "syncore.engine.checkup",
    "Closed": "syncore.core.errors",
    "Collection": "syncore.engine.collection",
    "CollectionRules": "syncore.documents.rules",
    "Conflict": "syncore.replica.conflicts",
    "ConflictKind": "syncore.replica.conflicts",
    "ConflictSibling": "syncore.replica.conflicts",
    "ConnectionFailed": "syncore.core.errors",
    "Counter": "syncore.documents.changes",
    "CryptoError": "syncore.core.errors",
    "DeletionRule": "syncore.documents.rules",
    "Difference": "syncore.query.differences",
    "DishonestRelay": "syncore.core.errors",
    "DiskFull": "syncore.core.errors",
    "Document": "syncore.replica.views",
    "DocumentExists": "syncore.core.errors",
    "DocumentNotFound": "syncore.core.errors",
    "Durability": "syncore.core.ports",
    "Evidence": "syncore.replica.explanations",
    "Existing": "syncore.exchange.batch_writing",
    "Explanation": "syncore.replica.explanations",
    "ExportReport": "syncore.exchange.report",
    "Expression": "syncore.query.expressions",
    "FieldKind": "syncore.documents.operations",
    "Finding": "syncore.replica.doctor.findings",
    "ImportReport": "syncore.exchange.report",
    "Index": "syncore.replica.indexes",
    "IndexProgress": "syncore.replica.indexes",
    "Hit": "syncore.replica.searching",
    "IndexStatus": "syncore.replica.indexes",
    "IntegrityError": "syncore.core.errors",
    "InvalidChange": "syncore.core.errors",
    "InvalidDocument": "syncore.replica.invalid",
    "InvalidInvitation": "syncore.core.errors",
    "InvalidName": "syncore.core.errors",
    "InvalidRecord": "syncore.core.errors",
    "ConstraintViolated": "syncore.core.errors",
    "InvalidQuery": "syncore.core.errors",
    "InvalidSchema": "syncore.core.errors",
    "InvalidSegment": "syncore.core.errors",
    "InvalidToken": "syncore.core.errors",
    "InvalidValue": "syncore.core.errors",
    "LeftAlone": "syncore.replica.undoing",
    "List": "syncore.documents.changes",
    "LiveQuery": "syncore.replica.live_query",
    "LiveStream": "syncore.replica.live_stream",
    "LocalError": "syncore.core.errors",
    "Locked": "syncore.core.errors",
    "MISSING": "syncore.core.problems",
    "Malformed": "syncore.core.errors",
    "Mend": "syncore.replica.doctor.findings",
    "Misused": "syncore.core.errors",
    "Model": "syncore.replica.model",
    "ModelCollection": "syncore.replica.model_collection",
    "Moved": "syncore.query.differences",
    "NewerFormat": "syncore.core.errors",
    "NotAReplica": "syncore.core.errors",
    "NotPermitted": "syncore.core.errors",
    "NotWritable": "syncore.core.errors",
    "OlderFormat": "syncore.core.errors",
    "Origin": "syncore.replica.explanations",
    "Page": "syncore.replica.queries",
    "Part": "syncore.replica.explanations",
    "Presence": "syncore.engine.presence",
    "Present": "syncore.protocol.presence_table",
    "Problem": "syncore.core.problems",
    "ProtocolViolation": "syncore.core.errors",
    "Query": "syncore.replica.queries",
    "ReadOnly": "syncore.core.errors",
    "Ref": "syncore.replica.model_fields",
    "Refused": "syncore.core.errors",
    "RelayLostData": "syncore.core.errors",
    "RemoteError": "syncore.core.errors",
    "Removed": "syncore.query.differences",
    "RepairReport": "syncore.engine.repair",
    "Replica": "syncore.engine.replica",
    "Resolver": "syncore.documents.resolvers",
    "SchemaSetting": "syncore.documents.rules",
    "Set": "syncore.documents.changes",
    "Severity": "syncore.replica.doctor.findings",
    "Sibling": "syncore.replica.views",
    "Space": "syncore.engine.space",
    "SpaceStatus": "syncore.sync.status",
    "SqlRow": "syncore.sql.rows",
    "SqlRows": "syncore.sql.rows",
    "StorageError": "syncore.core.errors",
    "Strategy": "syncore.documents.rules",
    "SyncState": "syncore.sync.status",
    "SyncoreError": "syncore.core.errors",
    "Text": "syncore.documents.changes",
    "TooLarge": "syncore.core.errors",
    "Transaction": "syncore.replica.transaction",
    "UNSET": "syncore.documents.changes",
    "UndoOutcome": "syncore.replica.undoing",
    "UnsupportedVersion": "syncore.core.errors",
    "ValidationFailed": "syncore.core.errors",
    "Validator": "syncore.schema.validators",
    "WatcherLagged": "syncore.core.errors",
    "WriterRejected": "syncore.core.errors",
    "WrongRelay": "syncore.core.errors",
    "add": "syncore.documents.changes",
    "asserted": "syncore.documents.changes",
    "check_replica": "syncore.engine.checkup",
    "count": "syncore.query.aggregates",
    "field": "syncore.replica.model_fields",
    "increment": "syncore.documents.changes",
    "max_": "syncore.query.aggregates",
    "mean_": "syncore.query.aggregates",
    "min_": "syncore.query.aggregates",
    "remove": "syncore.documents.changes",
    "repair_replica": "syncore.engine.repair",
    "rewrite": "syncore.documents.changes",
    "splice": "syncore.documents.changes",
    "sum_": "syncore.query.aggregates",
    "where": "syncore.query.paths",
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
