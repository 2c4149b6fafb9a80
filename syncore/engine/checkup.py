"""Examining replica files: one that a program has open, or one that may be too damaged to be opened."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from types import MappingProxyType

from syncore.adapters.key_files import FileKeyFiles, default_keystore_folder
from syncore.adapters.sqlite_opening import resolve_path
from syncore.adapters.sqlite_snapshot import open_scratch, open_snapshot
from syncore.core.errors import (
    IntegrityError,
    NewerFormat,
    NotAReplica,
    OlderFormat,
    StorageError,
    SyncoreError,
)
from syncore.core.ports import SqlConnection
from syncore.documents.resolvers import ResolveFunction, Resolver, registry
from syncore.documents.rules import ResolverName
from syncore.replica.doctor.examining import examine
from syncore.replica.doctor.file_header import HEADER_BYTES, examine_header, is_ours
from syncore.replica.doctor.findings import Finding, Mend
from syncore.replica.doctor.schema import fits
from syncore.replica.doctor.subject import HeldKeys, Progress, Subject
from syncore.replica.keystore import Keystore
from syncore.storage.schema import check
from syncore.storage.space_rows import SpaceRows

NO_RESOLVERS: Mapping[ResolverName, ResolveFunction] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckReport:
    """What an examination came to.

    Attributes:
        findings: Everything that was found, notes too, in the order of the examinations.
        documents: How many documents the file has, deleted ones too; 0 where they cannot be counted.
    """

    findings: tuple[Finding, ...]
    documents: int = 0

    @property
    def is_sound(self) -> bool:
        """Whether nothing is damaged."""
        return not any(finding.is_damage for finding in self.findings)


async def check_replica(
    path: str | PathLike[str],
    *,
    keystore: str | PathLike[str] | None = None,
    resolvers: Iterable[Resolver] = (),
    progress: Progress | None = None,
) -> CheckReport:
    """Examine a replica file thoroughly, also one that cannot be opened; changes nothing.

    Takes about as long as syncing the file anew would: everything is read, and the update log played again.
    Runs on a thread of its own. Another program may have the file open; one that has it open itself uses
    :meth:`Replica.check`, because closing a file ends the locks that a program has on it.

    Args:
        path: The replica file.
        keystore: The folder for keys, as for :meth:`Replica.open`.
        resolvers: The application's own, as for :meth:`Replica.open`; what others would settle is not judged.
        progress: Called on the other thread with the name of the examination, how many rows it has looked
            at, and of how many (0: unknown).

    Raises:
        NotAReplica: the file is something else.
        NewerFormat, OlderFormat: it has a format that this version does not read as it is.
        StorageError: there is no such file, or it cannot be read.
    """
    folder = Path(keystore) if keystore is not None else default_keystore_folder()
    known = registry(resolvers)

    def run() -> CheckReport:
        real = resolve_path(path)
        return check_file(
            real,
            lambda id_: Keystore(FileKeyFiles(folder / id_.hex()), NoEntropy()),
            header=read_header(real),
            resolvers=known,
            progress=progress,
        )

    return await asyncio.to_thread(run)


def check_file(
    path: Path,
    keystore_of: Callable[[bytes], Keystore],
    *,
    header: bytes | None = None,
    resolvers: Mapping[ResolverName, ResolveFunction] = NO_RESOLVERS,
    progress: Progress | None = None,
) -> CheckReport:
    """Examine a file on this thread, with the keystore that ``keystore_of`` gives for the replica's id.

    Raises: as :func:`check_replica`.
    """
    findings = [] if header is None else list(examine_header(header))
    documents = 0
    try:
        with open_snapshot(path) as sql:
            findings += _check_format(sql)
            subject = Subject(
                sql=sql,
                scratch=open_scratch,
                keys=keys_of(SpaceRows(sql), keystore_of),
                resolvers=resolvers,
            )
            if progress is not None:
                subject.progress = progress
            findings += examine(subject)
            documents = _count(subject)
    except (NewerFormat, OlderFormat, NotAReplica):
        raise
    except StorageError as error:
        if not findings:
            raise
        findings.append(_unreadable(error))
    except IntegrityError as error:
        findings.append(_unreadable(error))
    return CheckReport(findings=tuple(findings), documents=documents)


def _unreadable(error: SyncoreError) -> Finding:
    return Finding(
        examination="opening",
        table="schema" if "schema" in error.message else "pages",
        what=f"SQLite cannot read the file: {error.message}",
        mend=Mend.NOTHING,
    )


def read_header(path: Path) -> bytes:
    """The first bytes of a file that this program does not have open.

    Raises:
        NotAReplica: not ours, even with a few bits changed.
        StorageError: it cannot be read.
    """
    try:
        with path.open("rb") as file:
            header = file.read(HEADER_BYTES)
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error}") from error
    if not is_ours(header):
        raise NotAReplica(f"{path} is not a replica", hint="the file was not touched")
    return header


class NoEntropy:
    """For keystores that are only read."""

    def random_bytes(self, size_bytes: int) -> bytes:
        """Nothing is made."""
        raise AssertionError(size_bytes)


def _check_format(sql: SqlConnection) -> list[Finding]:
    """Refuse other formats than this one; where the tables are this one's, it is the number that is wrong."""
    try:
        check(sql)
    except (NewerFormat, OlderFormat, NotAReplica) as error:
        with open_scratch() as scratch:
            if not fits(sql, scratch):
                raise
        what = "the number of its format is an older one than that of its tables"
        found = Finding(examination="header", table="header", what=what, mend=Mend.ROWS)
        return [found] if isinstance(error, OlderFormat) else []  # of others, its examination has told
    return []


def _count(subject: Subject) -> int:
    try:
        return subject.count("documents")
    except SyncoreError:
        return 0


def keys_of(rows: SpaceRows, keystore_of: Callable[[bytes], Keystore]) -> HeldKeys | None:
    """What the keystore holds for this file; None if there is none, or the file does not say which it is."""
    try:
        id_ = rows.value("replica")
        if id_ is None:
            return None
        keystore = keystore_of(id_)
        device = keystore.device()
        guard = keystore.guard()
    except SyncoreError:
        return None
    return HeldKeys(
        signing_key=None if device is None else device.signing.public,
        content_keys=keystore.content_key,
        guard=guard,
    )
