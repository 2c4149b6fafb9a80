"""What is said about long imports and exports."""

import io

import pytest

from syncore.cli.output import Output
from syncore.cli.progress import Progress
from syncore.cli.transferring import TransferProgress, import_line
from syncore.exchange.report import ExportReport, ImportReport


def test_line() -> None:
    """The line has a bar, the rate and the time that is left where the size is known, and fits a terminal."""
    report = ImportReport(inserted=3_000, kept=1, read_bytes=25, size_bytes=100, elapsed_ms=1_000)
    assert import_line(report) == " 25% [#####               ] 3,001 documents, 3,001/s, 0:03 left"
    done = ImportReport(inserted=10, rejected=2, read_bytes=100, size_bytes=100, elapsed_ms=7_200_000)
    assert import_line(done) == f"100% [{'#' * 20}] 10 documents, 0/s, 2 rejected"
    long = ImportReport(inserted=1, read_bytes=1, size_bytes=10_000, elapsed_ms=1_000)
    assert import_line(long).endswith("2:46:39 left")
    assert import_line(ImportReport(inserted=5)) == "5 documents, 0/s"


def test_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """Where no line can be rewritten there is a line of text every ten seconds, and none with --json."""
    for is_json in (False, True):
        progress = TransferProgress(Output(is_json=is_json))
        for elapsed_ms in (5_000, 10_000, 15_000, 20_000):
            progress.exported(ExportReport(documents=elapsed_ms, elapsed_ms=elapsed_ms))
        expected = [] if is_json else [f"syncore: {n} documents, 1,000/s" for n in ("10,000", "20,000")]
        assert capsys.readouterr().err.splitlines() == expected


def test_terminal() -> None:
    """On a terminal the line is rewritten in place."""

    class _Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    stream = _Terminal()
    output = Output(is_json=False)
    output.progress = Progress(stream, is_shown=True)
    TransferProgress(output).imported(ImportReport(inserted=1))
    assert stream.getvalue().endswith("1 documents, 0/s")
