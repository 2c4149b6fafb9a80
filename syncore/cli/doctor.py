"""``doctor``: the replica file, examined for damage, in words that say what it means for the documents."""

import argparse
import asyncio
from collections.abc import Sequence

from syncore.cli.exit_codes import INTEGRITY, OK
from syncore.cli.output import Output, printable
from syncore.engine.checkup import CheckReport, check_replica
from syncore.engine.repair import RepairReport, repair_replica
from syncore.replica.doctor.findings import Finding, Mend

_PERCENT = 100


def doctor(options: argparse.Namespace, output: Output) -> int:
    """Examine the file, and mend it if that is asked for."""
    path = (options.file or options.replica).expanduser()

    def progress(name: str, done: int, total: int) -> None:
        share = f" {min(_PERCENT * done // total, _PERCENT)} %" if total else ""
        output.progress.show(f"examining {name}{share}")

    if options.repair:
        repaired = asyncio.run(repair_replica(path, keystore=options.keystore, progress=progress))
        _tell(repaired.before, output)
        _tell_repair(repaired, output)
        report = repaired.after
    else:
        report = asyncio.run(check_replica(path, keystore=options.keystore, progress=progress))
        _tell(report, output)
        output.result(_summary(report), _sentence(report))
    return OK if report.is_sound else INTEGRITY


def _tell(report: CheckReport, output: Output) -> None:
    for finding in report.findings:
        output.result(record_of(finding), "\n".join(lines_of(finding)))


def _tell_repair(repaired: RepairReport, output: Output) -> None:
    """What was mended, what is still damaged, and where the old file is."""
    record = _summary(repaired.after) | {
        "mended": list(repaired.done),
        "kept": None if repaired.kept is None else str(repaired.kept),
        "refused": repaired.refused,
    }
    lines = [f"mended: {printable(sentence)}" for sentence in repaired.done]
    if repaired.refused:
        lines.append(f"not repaired: {printable(repaired.refused)}; the file is as it was")
    elif repaired.kept is not None:
        lines.append(f"the damaged file is kept as {printable(str(repaired.kept))}")
    left = [finding for finding in repaired.after.findings if finding.is_damage and not repaired.refused]
    lines += [f"still damaged: {printable(one.where)}: {printable(one.what)}" for one in left]
    if any(one.mend is Mend.RELAY for one in left):
        lines.append("the relay sends again what only it has: run `syncore sync`, then `syncore doctor`")
    if repaired.after.is_sound:
        lines.append(_sentence(repaired.after))
    output.result(record, "\n".join(lines))


def record_of(finding: Finding) -> dict[str, object]:
    """A finding for programs."""
    return {
        "severity": finding.severity.value,
        "table": finding.table,
        "row": finding.row,
        "what": finding.what,
        "means": finding.means,
        "mend": finding.mend.name.lower(),
    }


def lines_of(finding: Finding) -> Sequence[str]:
    """A finding for people."""
    place = printable(finding.where)
    if not finding.is_damage:
        return [f"note: {place}: {printable(finding.what)}"]
    return [
        f"damaged: {place}: {printable(finding.what)}",
        f"  {finding.means}",
        f"  To mend it: {finding.mend.value}.",
    ]


def _summary(report: CheckReport) -> dict[str, object]:
    damages = sum(finding.is_damage for finding in report.findings)
    return {"is_sound": report.is_sound, "damages": damages, "documents": report.documents}


def _sentence(report: CheckReport) -> str:
    damages = sum(finding.is_damage for finding in report.findings)
    if not damages:
        return f"sound: {report.documents} documents, and all that belongs to them"
    places = "1 place is" if damages == 1 else f"{damages} places are"
    return f"{places} damaged; nothing was changed (--repair mends what it can; docs/damaged-files.md)"
