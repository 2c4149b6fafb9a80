"""Repairing a replica file: its rows in a new file, mended, examined, put in its place."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from os import PathLike
from pathlib import Path

from syncore.adapters.entropy import SystemEntropy
from syncore.adapters.key_files import FileKeyFiles, default_keystore_folder
from syncore.adapters.owner_lock import acquire_owner_lock
from syncore.adapters.sqlite_building import build_file, remove_database, swap_in
from syncore.adapters.sqlite_opening import resolve_path
from syncore.adapters.sqlite_snapshot import open_scratch, open_snapshot
from syncore.core.errors import IntegrityError
from syncore.core.ports import Entropy, SqlConnection
from syncore.documents.resolvers import ResolveFunction, Resolver, registry
from syncore.documents.rules import ResolverName
from syncore.engine.checkup import NO_RESOLVERS, CheckReport, NoEntropy, check_file, keys_of, read_header
from syncore.replica.doctor.copying import FORGETTABLE, MISSED, copy_rows
from syncore.replica.doctor.examining import examine
from syncore.replica.doctor.findings import Finding, Mend
from syncore.replica.doctor.mending import mend
from syncore.replica.doctor.subject import Progress, Subject
from syncore.replica.keystore import Keystore
from syncore.storage.schema import APPLICATION_ID, prepare
from syncore.storage.space_rows import SpaceRows


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairReport:
    """What a repair came to.

    Attributes:
        before: What the examination of the file said.
        done: What was mended, a sentence each; empty where nothing was, and the file is as it was.
        after: What the examination of the mended file says; that of the file where nothing was mended.
        kept: Where the damaged file is now; None where nothing was mended.
        refused: Why nothing was mended although something is damaged; empty otherwise.
    """

    before: CheckReport
    done: tuple[str, ...]
    after: CheckReport
    kept: Path | None = None
    refused: str = ""


async def repair_replica(
    path: str | PathLike[str],
    *,
    keystore: str | PathLike[str] | None = None,
    resolvers: Iterable[Resolver] = (),
    progress: Progress | None = None,
) -> RepairReport:
    """Mend a damaged replica file from what it holds twice, and let the relay send again what only it has.

    The rows go into a new file, which takes the old one's place in one step once it was examined; the old one
    is kept beside it. What cannot be mended is left as it is, and told. No change that was not sent yet and
    that reads is lost. No program may have the file open.

    Args:
        path: The replica file.
        keystore: The folder for keys, as for :meth:`Replica.open`; without it the update log cannot be read.
        resolvers: The application's own, as for :meth:`Replica.open`.
        progress: As for :func:`check_replica`.

    Raises:
        Locked: a program has the file open.
        NotAReplica, NewerFormat, OlderFormat: as :func:`check_replica`.
        NotWritable, DiskFull, StorageError: the new file cannot be made; the old one is as it was.
    """
    folder = Path(keystore) if keystore is not None else default_keystore_folder()
    known = registry(resolvers)

    def run() -> RepairReport:
        real = resolve_path(path)
        header = read_header(real)
        with acquire_owner_lock(real):
            return repair_file(
                real,
                lambda id_: Keystore(FileKeyFiles(folder / id_.hex()), NoEntropy()),
                entropy=SystemEntropy(),
                header=header,
                resolvers=known,
                progress=progress,
            )

    return await asyncio.to_thread(run)


def repair_file(
    path: Path,
    keystore_of: Callable[[bytes], Keystore],
    *,
    entropy: Entropy,
    header: bytes,
    resolvers: Mapping[ResolverName, ResolveFunction] = NO_RESOLVERS,
    progress: Progress | None = None,
) -> RepairReport:
    """Repair a file that the caller owns, on this thread. Raises: as :func:`repair_replica`."""
    before = check_file(path, keystore_of, header=header, resolvers=resolvers, progress=progress)
    if before.is_sound:
        return RepairReport(before=before, done=(), after=before)
    fresh = _unused_name(path, "mended")
    try:
        with open_snapshot(path) as source, build_file(fresh, application_id=APPLICATION_ID) as target:
            prepare(target)
            lost = copy_rows(source, target, progress or _no_progress)
            for table in lost:
                if table not in FORGETTABLE | MISSED:
                    return _refused(before, f"some rows of {table} cannot be read, and none may be lost")
            done = [f"{table}: rows that cannot be read were left behind" for table in lost]
            done += [
                f"{finding.table}: made anew from its rows; {finding.what}"
                for finding in before.findings
                if finding.examination in ("pages", "schema") and finding.mend is Mend.ROWS
            ]
            subject = _subject(target, keystore_of, resolvers, progress)
            done += mend(subject, [*before.findings, *examine(subject)], entropy)
            subject = _subject(target, keystore_of, resolvers, progress)
            after = CheckReport(findings=tuple(examine(subject)), documents=subject.count("documents"))
            if not done or not _is_better(before, after):
                return _refused(before, "what is damaged is held nowhere else in this file")
        kept = _unused_name(path, "damaged")
        swap_in(fresh, path, kept)
    except IntegrityError as error:
        return _refused(before, error.message)
    finally:
        with suppress(OSError):
            remove_database(fresh)
    return RepairReport(before=before, done=tuple(done), after=after, kept=kept)


def _is_better(before: CheckReport, after: CheckReport) -> bool:
    """Whether nothing is damaged that was not, but what the relay sends again; and something is mended."""
    known = {_place(finding) for finding in before.findings}
    left = [finding for finding in after.findings if finding.is_damage and finding.mend is not Mend.RELAY]
    damages = sum(finding.is_damage for finding in before.findings)
    return all(_place(finding) in known for finding in left) and len(left) < damages


def _place(finding: Finding) -> tuple[str, str]:
    return finding.table, finding.row


def _refused(before: CheckReport, why: str) -> RepairReport:
    return RepairReport(before=before, done=(), after=before, refused=why)


def _subject(
    sql: SqlConnection,
    keystore_of: Callable[[bytes], Keystore],
    resolvers: Mapping[ResolverName, ResolveFunction],
    progress: Progress | None,
) -> Subject:
    subject = Subject(
        sql=sql, scratch=open_scratch, keys=keys_of(SpaceRows(sql), keystore_of), resolvers=resolvers
    )
    if progress is not None:
        subject.progress = progress
    return subject


def _unused_name(path: Path, what: str) -> Path:
    """A name beside the file that nothing has: ``movies.db.damaged``, ``movies.db.damaged-2``."""
    number = 1
    while (found := Path(f"{path}.{what}" + (f"-{number}" if number > 1 else ""))).exists():
        number += 1
    return found


def _no_progress(_name: str, _done: int, _total: int) -> None:
    """Nobody wants to know."""
