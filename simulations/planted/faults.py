"""The planted faults: each a mistake that somebody could make in one place of the code."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from relay.appender import Appender
from relay.verification import SignaturePool
from simulations.planted.planting import Change, Planted
from simulations.scenarios.worlds import DEFAULT
from syncore.core.hashing import hash_parts
from syncore.core.identifiers import Dot
from syncore.documents.document import NO_CONTEXT, Document
from syncore.documents.operations import SetField
from syncore.documents.projection import NO_CONTENTS, Projection, is_hidden, project
from syncore.documents.projection_encoding import encode_projection
from syncore.documents.record import Record, Sibling, Tally
from syncore.documents.resolution import ResolutionContext
from syncore.protocol import segment_rules
from syncore.protocol.receipts import decode_receipt
from syncore.protocol.space_reader import SpaceReader
from syncore.replica import checking, merging
from syncore.replica.checking import CheckedCommit, ContentCheck
from syncore.replica.document_work import DocumentWork
from syncore.replica.guarding import FileGuard
from syncore.replica.local_replica import LocalReplica
from syncore.replica.merging import Merge
from syncore.replica.space_keys import SpaceCipher

Right = Callable[..., Any]
"""What stands in the code."""


def _arrival_order(_right: Right) -> Right:
    def wrong(self: Record, operation: SetField, replaced: tuple[Dot, ...], dot: Dot, time: Any) -> None:  # noqa: ANN401 - as it comes
        kept = [one for one in self.registers.get(operation.field, ()) if one.dot not in replaced]
        self.registers[operation.field] = (*kept, Sibling(dot, operation.value, time))

    return wrong


def _mine_wins(_right: Right) -> Right:
    def wrong(self: Document, context: ResolutionContext = NO_CONTEXT) -> Projection:
        record, rules = self.record.copy(), context.rules_of(self.key.collection)
        for name, siblings in self.record.registers.items():
            mine = tuple(one for one in siblings if one.dot.writer == self.writer)
            record.registers[name] = mine or siblings
        contents = NO_CONTENTS if is_hidden(record, rules) else self.contents()
        return project(record, contents, context, rules)

    return wrong


def _keep_no_sibling(_right: Right) -> Right:
    return lambda _self, _name, _replaced: []


def _count_anew(_right: Right) -> Right:
    def wrong(self: Record, operation: Any, dot: Dot) -> None:  # noqa: ANN401 - as it comes
        tallies = self.counters.setdefault(operation.field, {})
        tallies[dot.writer] = Tally(number=dot.number, total=operation.amount)

    return wrong


def _answer_first(right: Right) -> Right:
    async def wrong(self: Appender, shares: Sequence[Any]) -> None:
        if any(share.held is None for share in shares):
            await right(self, shares)
            return
        groups = [share.draft.group() for share in shares]

        async def write_later() -> None:
            await asyncio.sleep(1)
            await self._store.append(groups)

        if groups:
            self._renewals.add(asyncio.get_running_loop().create_task(write_later()))

    return wrong


def _sync_nothing(_right: Right) -> Right:
    async def wrong(_self: LocalReplica) -> None:
        return None

    return wrong


def _see_no_return(_right: Right) -> Right:
    async def wrong(_self: FileGuard) -> bool:
        return False

    return wrong


def _carry_nothing(_right: Right) -> Right:
    return lambda _self, _segment, _checked: {}


def _confirm_at_once(_right: Right) -> Right:
    def wrong(self: DocumentWork, key: Any) -> None:  # noqa: ANN401 - as it comes
        touched = self._touch(key)
        touched.is_visible_changed = touched.is_confirmed_changed = True

    return wrong


def _digest_what_shows(_right: Right) -> Right:
    def wrong(self: Document) -> bytes:
        return hash_parts("document", encode_projection(replace(self.project(), vector={}, conflicts=())))

    return wrong


def _write_no_projection(_right: Right) -> Right:
    def wrong(self: DocumentWork, entry: Any, *, dot: Dot, time: Any, segment_end: int) -> None:  # noqa: ANN401 - as it comes
        held = self.hold(entry.key)
        is_new = held.row is None
        self._apply_confirmed(self._touch(entry.key), entry, dot=dot, time=time, segment_end=segment_end)
        if held.confirmed is not None or hasattr(entry, "update"):
            held.visible.apply(entry, dot=dot, time=time)
        self._touch(entry.key).is_visible_changed |= is_new

    return wrong


def _take_one_entry(right: Right) -> Right:
    def wrong(self: ContentCheck, commit: Any, dot: Dot) -> CheckedCommit:  # noqa: ANN401 - as it comes
        checked: CheckedCommit = right(self, commit, dot)
        return replace(checked, entries=checked.entries[:1])

    return wrong


def _forget_one(right: Right) -> Right:
    def wrong(lifted: list[Any], *, carried: Mapping[Any, Any], **rest: Any) -> object:  # noqa: ANN401 - as it comes
        fresh = [one for one in lifted if one.row.id not in carried]
        return right([one for one in lifted if one is not (fresh or [None])[0]], carried=carried, **rest)

    return wrong


def _hide_nothing(_right: Right) -> Right:
    return lambda _self, _epoch, plain, _header: bytes(24) + plain + bytes(16)


def _open_what_is_open(_right: Right) -> Right:
    return lambda _self, _epoch, body, _header: body[24:-16]


def _check_nothing(_right: Right) -> Right:
    return lambda *_what, **_named: None


def _believe_receipt(_right: Right) -> Right:
    return lambda _self, data, _cursor, _relay_key, _verify: decode_receipt(data)


def _find_no_failure(_right: Right) -> Right:
    async def wrong(_self: SignaturePool, _checks: Sequence[Any]) -> set[int]:
        return set()

    return wrong


def _fault(
    name: str,
    about: str,
    *changes: tuple[object, str, Callable[[Right], Right]],
    scenario: str = DEFAULT,
) -> Planted:
    made = (
        Change(owner=owner, attribute=attribute, replacement=wrong) for owner, attribute, wrong in changes
    )
    return Planted(name=name, about=about, changes=tuple(made), scenario=scenario)


FAULTS = {
    one.name: one
    for one in (
        _fault(
            "arrival-order",
            "siblings are kept in the order of their coming, which breaks ties",
            (Record, "_set", _arrival_order),
        ),
        _fault(
            "own-value-wins",
            "among values that were written at the same time, a device shows its own",
            (Document, "project", _mine_wins),
        ),
        _fault(
            "last-arrival-wins",
            "a write replaces siblings that it has not seen",
            (Record, "_kept_siblings", _keep_no_sibling),
        ),
        _fault(
            "counter-overwritten",
            "a writer's total begins anew with every addition",
            (Record, "_add_to_counter", _count_anew),
        ),
        _fault(
            "answer-before-commit",
            "the relay acknowledges before its store has committed",
            (Appender, "_commit", _answer_first),
            scenario="bad-power",
        ),
        _fault(
            "no-sync",
            "a FULL commit and a sealed segment are not synced to the disk",
            (LocalReplica, "flush", _sync_nothing),
            scenario="bad-power",
        ),
        _fault(
            "writer-kept",
            "a restored or copied file goes on under its old number",
            (FileGuard, "check", _see_no_return),
            (Merge, "_takes_our_number", lambda _right: lambda _self, _segment: False),
            scenario="last-months-copy",
        ),
        _fault(
            "commit-ids-ignored",
            "a rebase keeps pending commits that a fetched segment carries",
            (Merge, "_carried", _carry_nothing),
            scenario="cloned-machine",
        ),
        _fault(
            "rebase-forgets",
            "a rebase loses the first commit that it should re-key",
            (merging, "rebase", _forget_one),
            scenario="cloned-machine",
        ),
        _fault(
            "confirmed-too-early",
            "pending commits are folded into confirmed state",
            (DocumentWork, "note_local", _confirm_at_once),
        ),
        _fault(
            "digest-of-values",
            "the digest covers what is shown instead of the siblings",
            (Document, "digest", _digest_what_shows),
        ),
        _fault(
            "stale-projection",
            "merging does not write what a document shows now",
            (DocumentWork, "apply_remote", _write_no_projection),
        ),
        _fault(
            "torn-transaction",
            "of a commit over several documents only the first is applied",
            (ContentCheck, "_check_commit", _take_one_entry),
        ),
        _fault(
            "no-cipher",
            "segments are not encrypted",
            (SpaceCipher, "seal", _hide_nothing),
            (SpaceCipher, "open", _open_what_is_open),
        ),
        _fault(
            "reach-unchecked",
            "operations may name what their author has not seen",
            (checking, "check_record_entry", _check_nothing),
            scenario="hostile",
        ),
        _fault(
            "dependencies-unchecked",
            "a segment may build on what nobody holds",
            (segment_rules, "_examine_dependencies", _check_nothing),
            scenario="hostile",
        ),
        _fault(
            "running-hash-unchecked",
            "a device believes whatever log its relay shows",
            (SpaceReader, "_check_head", _check_nothing),
            (SpaceReader, "_check_shown", _check_nothing),
            (SpaceReader, "_receipt", _believe_receipt),
            scenario="hostile",
        ),
        _fault(
            "signature-unchecked",
            "nobody looks at the signature of a segment",
            (SignaturePool, "failures", _find_no_failure),
            (merging, "verify_segment", _check_nothing),
            scenario="hostile",
        ),
    )
}
