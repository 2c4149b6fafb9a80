"""The end of the demo: what fresh processes read, what the ledgers say, what is in the relay's files."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from syncore.cli.demo.airports import COLLECTION, Airports
from syncore.cli.demo.children import Children
from syncore.cli.demo.conductor import Played
from syncore.cli.demo.inspection import Inspected, read_inspection
from syncore.cli.demo.ledger import LedgerEdit, read_ledger
from syncore.cli.demo.peeking import to_json
from syncore.cli.demo.plaintext_search import Findings, Needles, search_folder
from syncore.cli.demo.relay_process import RelayProcess
from syncore.cli.demo.report import DeviceRow
from syncore.cli.demo.scenario import HEADING, PHRASES, SHARED_TEXT, TEXT_FIELD, Place
from syncore.cli.demo.verification import Ending, find_losses

_INSPECT_S = 240
_CONTROL_S = 240


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What was found.

    Attributes:
        devices: A row for each.
        differences: Where replicas differ although their digests do not.
        losses: What was acknowledged and did not last, or showed by halves.
        found: What the search found at the relay.
        control: What it found in the control.
        expected: What it had to find there.
    """

    devices: Sequence[DeviceRow]
    differences: Sequence[str]
    losses: Sequence[str]
    found: Findings
    control: Findings
    expected: frozenset[bytes]


class Judge:
    """Looks at what is left when every process of the story has ended."""

    def __init__(
        self, *, children: Children, folder: Path, airports: Airports, note: Callable[[str], None]
    ) -> None:
        """Work in the folder of the story."""
        self._children = children
        self._folder = folder
        self._airports = airports
        self._note = note

    async def judge(self, played: Sequence[Played], relay: RelayProcess) -> Judgement:
        """What there is to say about the devices' files and the relay's."""
        self._note("fresh processes read the replica files; the relay's store is written anew without cipher")
        async with asyncio.TaskGroup() as tasks:
            writing = tasks.create_task(self._write_control(played[0], relay))
            inspecting = [tasks.create_task(self._inspect(one, played)) for one in played]
        inspected = [task.result() for task in inspecting]
        self._note("comparing the ledgers with what is there")
        ledgers = [read_ledger(one.device.ledger) for one in played]
        transactions = sum(
            edit.is_acknowledged and edit.is_transaction for ledger in ledgers for edit in ledger
        )
        losses = [trouble for one in played for trouble in _troubles(one, transactions)]
        losses += self._losses(ledgers, played, inspected)
        self._note("searching the relay's files")
        found, control, expected = self._search(relay.store, writing.result(), inspected[0])
        return Judgement(
            devices=[_row(*facts) for facts in zip(played, ledgers, inspected, strict=True)],
            differences=_differences(played, inspected),
            losses=losses,
            found=found,
            control=control,
            expected=expected,
        )

    async def _inspect(self, one: Played, played: Sequence[Played]) -> Inspected:
        into = self._folder / f"{one.device.name}.json"
        await self._children.run_once(
            f"inspect-{one.device.name}",
            "syncore.cli.demo",
            *("inspect", "--replica", one.device.replica, "--into", into),
            *("--keystore", self._folder / "no keys"),
            *(argument for other in played for argument in ("--ledger", other.device.ledger)),
            seconds=_INSPECT_S,
        )
        return read_inspection(into)

    async def _write_control(self, one: Played, relay: RelayProcess) -> Path:
        """The relay's store, once more and not encrypted."""
        into = self._folder / "control"
        await self._children.run_once(
            "control",
            "syncore.cli.demo",
            *("control", "--store", relay.store, "--into", into, "--keystore", one.device.keystore),
            seconds=_CONTROL_S,
        )
        return into

    def _losses(
        self,
        ledgers: Sequence[Sequence[LedgerEdit]],
        played: Sequence[Played],
        inspected: Sequence[Inspected],
    ) -> list[str]:
        """What is missing on the first device, and on every other that holds something else."""
        edits = [edit for ledger in ledgers for edit in ledger]
        imported = {
            Place(COLLECTION, code): {name: to_json(value) for name, value in fields.items()}
            for code, fields in self._airports.items()
        }
        return [
            f"{one.device.name}: {loss}"
            for one, held in zip(played, inspected, strict=True)
            if held is inspected[0] or held != inspected[0]
            for loss in find_losses(edits, Ending(shown=held.shown, siblings=held.siblings), imported)
        ]

    def _search(
        self, store: Path, control: Path, inspected: Inspected
    ) -> tuple[Findings, Findings, frozenset[bytes]]:
        """What is in the relay's store, in the control's, and what has to be in the control's."""
        shown = [str(fields["name"]) for place, fields in inspected.shown.items() if place != SHARED_TEXT]
        shown += str(inspected.shown[SHARED_TEXT][TEXT_FIELD]).splitlines()
        imported = [str(fields["name"]) for fields in self._airports.values()]
        needles = Needles([*shown, *imported, HEADING, *PHRASES])
        return (
            search_folder(store, needles, scratch=self._folder / "search"),
            search_folder(control, needles, scratch=self._folder / "search"),
            Needles(shown).runs,
        )


def _troubles(one: Played, transactions: int) -> list[str]:
    """What a device itself has noticed."""
    report = one.report
    troubles = [*report["half_visible"], *report["closed_writers"]]
    if report["set_aside"]:
        troubles.append(f"{report['set_aside']} transactions could not be sent and were set aside")
    if report["transactions_watched"] < transactions:
        troubles.append(f"watchers saw {report['transactions_watched']} of {transactions} transactions")
    return [f"{one.device.name}: {trouble}" for trouble in troubles]


def _differences(played: Sequence[Played], inspected: Sequence[Inspected]) -> list[str]:
    """Where replicas with equal digests show different things."""
    first = inspected[0]
    return [
        f"{one.device.name} shows {place} otherwise than {played[0].device.name}"
        for one, other in zip(played[1:], inspected[1:], strict=True)
        for place in sorted(first.shown.keys() | other.shown.keys())
        if first.shown.get(place) != other.shown.get(place)
        or first.siblings.get(place) != other.siblings.get(place)
    ]


def _row(one: Played, ledger: Sequence[LedgerEdit], inspected: Inspected) -> DeviceRow:
    edits = [edit for edit in ledger if edit.writes]
    traffic = one.device.traffic
    return DeviceRow(
        device=one.device.name,
        documents=len(inspected.shown),
        edits_made=len(edits),
        edits_acknowledged=sum(edit.is_acknowledged for edit in edits),
        conflicts_kept=inspected.conflicts,
        bytes_sent=traffic.sent,
        bytes_received=traffic.received,
        converged_ms=one.converged_ms,
        digest=one.report["digest"],
        fresh_digest=inspected.digest,
    )
