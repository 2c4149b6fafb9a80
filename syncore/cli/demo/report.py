"""What the demo tells at its end: a table of the devices and three verdicts, or the same as JSON. Pure."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

from syncore.cli.output import table

_DIGEST_SHOWN = 16
_LOSSES_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRow:
    """One device at the end.

    Attributes:
        edits_made: Edits and transactions that it began; the import not counted.
        conflicts_kept: Fields with values that were written without seeing each other.
        converged_ms: From the relay's return until all that anybody had written was in.
        digest: Of its space, as the device says.
        fresh_digest: The same, computed from its file's stored states by a fresh process.
    """

    device: str
    documents: int
    edits_made: int
    edits_acknowledged: int
    conflicts_kept: int
    bytes_sent: int
    bytes_received: int
    converged_ms: int
    digest: str
    fresh_digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What was searched for plaintext.

    Attributes:
        hits: How often something was found at the relay.
        searched_bytes: How much was looked at there.
        control_expected: How many texts had to be found in the control.
        control_missed: How many of them were not.
    """

    hits: int
    searched_bytes: int
    control_expected: int
    control_missed: int

    @property
    def is_good(self) -> bool:
        """Whether nothing was found by a search that finds what is there."""
        return not self.hits and self.control_expected > 0 and not self.control_missed


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """All that was found.

    Attributes:
        differences: Where replicas differ although their digests do not, in words.
        losses: What was acknowledged and did not last, in words.
        search: What was found at the relay.
        seconds: How long the demo took.
    """

    devices: Sequence[DeviceRow]
    differences: Sequence[str]
    losses: Sequence[str]
    search: Search
    seconds: float

    @property
    def has_converged(self) -> bool:
        """Whether all digests are equal, those of the fresh processes too."""
        digests = {digest for row in self.devices for digest in (row.digest, row.fresh_digest)}
        return len(digests) == 1 and not self.differences

    @property
    def is_good(self) -> bool:
        """Whether all three verdicts are."""
        return self.has_converged and not self.losses and self.search.is_good

    def record(self) -> dict[str, object]:
        """The outcome for programs."""
        return {
            "converged": self.has_converged,
            "acknowledged_lost": len(self.losses),
            "relay_plaintext_hits": self.search.hits,
            "seconds": round(self.seconds, 3),
            "devices": [asdict(row) for row in self.devices],
        }

    def text(self) -> str:
        """The outcome for people."""
        rows = [_cells(row) for row in self.devices]
        return "\n".join([table(rows, _HEADINGS), "", *self.verdicts(), f"{self.seconds:.1f} seconds"])

    def verdicts(self) -> list[str]:
        """The three verdicts, one line each, and whatever is behind a bad one."""
        acknowledged = sum(row.edits_acknowledged for row in self.devices)
        return [
            _verdict(
                self.has_converged,
                "digests equal, and equal to those that fresh processes compute from the stored states",
                self.differences,
            ),
            _verdict(
                not self.losses,
                f"acknowledged edits lost: {len(self.losses)} of {acknowledged}",
                self.losses,
            ),
            _verdict(self.search.is_good, self._search_line(), ()),
        ]

    def _search_line(self) -> str:
        search = self.search
        found = search.control_expected - search.control_missed
        return (
            f"plaintext found in the relay's files: {search.hits}"
            f" (in {search.searched_bytes:,} bytes searched; in the control, the same store not encrypted,"
            f" {found:,} of {search.control_expected:,} names and lines)"
        )


_HEADINGS = (
    "device",
    "documents",
    "edits made",
    "acknowledged",
    "conflicts kept",
    "bytes sent",
    "received",
    "ms to converge",
    "digest",
)


def _cells(row: DeviceRow) -> list[str]:
    numbers = (
        row.documents,
        row.edits_made,
        row.edits_acknowledged,
        row.conflicts_kept,
        row.bytes_sent,
        row.bytes_received,
        row.converged_ms,
    )
    return [row.device, *(f"{number:,}" for number in numbers), row.digest[:_DIGEST_SHOWN]]


def _verdict(is_good: bool, line: str, reasons: Sequence[str]) -> str:  # noqa: FBT001 - a leaf
    lines = [f"{'ok  ' if is_good else 'FAIL'}  {line}"]
    lines += [f"        {reason}" for reason in reasons[:_LOSSES_SHOWN]]
    if len(reasons) > _LOSSES_SHOWN:
        lines.append(f"        and {len(reasons) - _LOSSES_SHOWN} more")
    return "\n".join(lines)
