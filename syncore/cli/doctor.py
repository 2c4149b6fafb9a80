"""``doctor``: the replica file, examined for damage, in words that say what it means for the documents."""

import argparse
import asyncio
from collections.abc import Sequence

from syncore.cli.exit_codes import INTEGRITY, OK
from syncore.cli.output import Output, printable
from syncore.engine.checkup import CheckReport, check_replica
from syncore.replica.doctor.findings import Finding

_PERCENT = 100


def doctor(options: argparse.Namespace, output: Output) -> int:
    """Examine the file."""
    path = options.file or options.replica

    def progress(name: str, done: int, total: int) -> None:
        share = f" {min(_PERCENT * done // total, _PERCENT)} %" if total else ""
        output.progress.show(f"examining {name}{share}")

    report = asyncio.run(check_replica(path.expanduser(), keystore=options.keystore, progress=progress))
    for finding in report.findings:
        output.result(record_of(finding), "\n".join(lines_of(finding)))
    output.result(_summary(report), _sentence(report))
    return OK if report.is_sound else INTEGRITY


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
    return f"{places} damaged; nothing was changed (docs/damaged-files.md says what to do)"
