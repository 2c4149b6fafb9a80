"""What import and export share: the choice of a format, and how far the work is.

On a terminal a line with a bar, the rate and the time that is left, rewritten in place; elsewhere a line
of text now and then; with ``--json`` nothing but the result.
"""

import argparse

from syncore.cli.output import Output
from syncore.exchange.report import ExportReport, ImportReport

TAB = "\t"
FORMATS = ("jsonl", "csv")

_BAR_CHARACTERS = 20
_LINE_INTERVAL_MS = 10_000
"""Between lines of text, where no line can be rewritten: a log stays readable."""
_SECOND_MS, _MINUTE_S, _HOUR_S = 1_000, 60, 3_600


def format_of(options: argparse.Namespace) -> str:
    """The format that is named, or the one that the file's name says; JSON lines otherwise."""
    if options.format is not None:
        return str(options.format)
    return "csv" if options.file.lower().endswith((".csv", ".tsv")) else "jsonl"


class TransferProgress:
    """Shows how far an import or export is."""

    def __init__(self, output: Output) -> None:
        """Show it beside what ``output`` prints."""
        self._output = output
        self._shown_ms = 0

    def imported(self, report: ImportReport) -> None:
        """Show how far an import is."""
        self._show(import_line(report), report.elapsed_ms)

    def exported(self, report: ExportReport) -> None:
        """Show how far an export is."""
        rate = _rate(report.documents, report.elapsed_ms)
        self._show(f"{report.documents:,} documents, {rate:,}/s", report.elapsed_ms)

    def _show(self, line: str, elapsed_ms: int) -> None:
        if self._output.progress.is_shown:
            self._output.progress.show(line)
        elif elapsed_ms - self._shown_ms >= _LINE_INTERVAL_MS:
            self._shown_ms = elapsed_ms
            self._output.note(line)


def import_line(report: ImportReport) -> str:
    """How far an import is: with its share and the time that is left, where the file's size is known."""
    rate = _rate(report.documents, report.elapsed_ms)
    line = f"{report.documents:,} documents, {rate:,}/s"
    if report.rejected:
        line += f", {report.rejected:,} rejected"
    if not report.size_bytes:
        return line
    share = min(1.0, report.read_bytes / report.size_bytes)
    filled = int(share * _BAR_CHARACTERS)
    line = f"{share:4.0%} [{'#' * filled:{_BAR_CHARACTERS}}] {line}"
    if 0 < share < 1 and report.elapsed_ms:
        left_s = report.elapsed_ms * (1 - share) / share / _SECOND_MS
        line += f", {_span(round(left_s))} left"
    return line


def _rate(count: int, elapsed_ms: int) -> int:
    return round(count * _SECOND_MS / elapsed_ms) if elapsed_ms else 0


def _span(seconds: int) -> str:
    hours, rest = divmod(seconds, _HOUR_S)
    minutes, seconds = divmod(rest, _MINUTE_S)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
