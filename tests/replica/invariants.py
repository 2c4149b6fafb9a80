"""What must hold of a replica's file after every step, recomputed from scratch.

The model knows neither storage nor caches: it applies the entries of the relay's log, as far as the replica
has read it, to fresh documents, and the pending commits of the file on top of that.
"""

from dataclasses import dataclass

from syncore.constraints.encoding import decode_facts, decode_standing
from syncore.constraints.evaluation import evaluate
from syncore.constraints.facts import Standing
from syncore.core.commits import Commit
from syncore.core.identifiers import DocumentKey, Dot, Writer
from syncore.core.ports import SqlConnection
from syncore.documents.document import Document
from syncore.documents.projection_encoding import encode_projection
from syncore.documents.record_encoding import decode_record, encode_record
from syncore.documents.rich import RichPart
from syncore.protocol.commit_codec import decode_commit
from syncore.protocol.segments import Segment, decode_segment, open_segment
from syncore.replica.constraining import claims_in, references_in
from syncore.replica.constraint_facts import facts_of
from syncore.replica.constraint_rules import restraint_of
from syncore.replica.document_work import DocumentWork
from syncore.replica.entries import decode_entries
from syncore.replica.local_replica import LocalReplica
from syncore.replica.space_memory import SpaceMemory
from syncore.replica.space_state import SpaceState, load_space
from syncore.storage.document_rows import DocumentRows
from syncore.storage.log_rows import LogRows
from syncore.storage.pending_rows import PendingRows
from syncore.storage.protection import integer
from syncore.storage.space_rows import SpaceRows
from syncore.storage.standing_rows import STANDING_TABLES, StandingRows
from tests.replica.world import Device

Model = dict[DocumentKey, Document]


@dataclass(frozen=True, slots=True)
class Stored:
    """What the file holds of one document."""

    state: bytes | None
    rich_updates: list[bytes]
    projection: bytes
    is_deleted: bool
    contest: int


async def check_device(device: Device) -> None:
    """A device's file and memory are what the log and its pending commits make of the shared space."""
    model: Model = {}
    for segment in _valid_segments(device):
        commits = open_segment(segment, cipher=device.sync_keys.cipher).commits
        for number, commit in enumerate(commits, start=segment.header.first):
            _apply(model, commit, Dot(segment.header.writer, number), device.state.writer)
    stored = await device.local.read(lambda sql: _stored(sql, device.number))
    _check_confirmed(model, stored, device.state.writer)
    for dot, commit in await device.local.read(lambda sql: _pending(sql, device.number)):
        _apply(model, commit, dot, device.state.writer)
    await _check_visible(device.local, device.state, model, stored)
    await device.local.read(lambda sql: _check_bookkeeping(sql, device.state))


async def check_file_alone(local: LocalReplica, number: int) -> None:
    """Projections and cached documents are what the stored states and pending commits make of them."""
    stored = await local.read(lambda sql: _stored(sql, number))
    state = local.spaces[number]
    model = {key: _load_confirmed(key, found, state.writer) for key, found in stored.items()}
    for dot, commit in await local.read(lambda sql: _pending(sql, number)):
        _apply(model, commit, dot, state.writer)
    await _check_visible(local, state, model, stored)
    await local.read(lambda sql: _check_bookkeeping(sql, state))


def _valid_segments(device: Device) -> list[Segment]:
    """What a device has read, once each, without what closed writers wrote."""
    closed = device.state.closed
    read = dict(device.relay.items[: device.state.row.log_offset])
    return [
        content
        for content in read.values()
        if isinstance(content, Segment)
        and (
            content.header.writer not in closed
            or content.header.first <= closed[content.header.writer].number
        )
    ]


def _apply(model: Model, commit: Commit, dot: Dot, writer: Writer) -> None:
    for entry in decode_entries(commit):
        document = model.setdefault(entry.key, Document(entry.key, writer=writer))
        document.apply(entry, dot=dot, time=commit.time)


def _stored(sql: SqlConnection, space: int) -> dict[DocumentKey, Stored]:
    rows = DocumentRows(sql, space)
    found = {}
    for row, key in rows.keys(after=0, limit=100_000):
        projection = rows.projection(key)
        assert projection is not None
        columns = sql.row("SELECT is_deleted, contest FROM documents WHERE document = ?", (row,))
        assert columns is not None
        found[key] = Stored(
            rows.state(row), rows.rich_updates(row), projection, bool(columns[0]), integer(columns[1])
        )
    return found


def _pending(sql: SqlConnection, space: int) -> list[tuple[Dot, Commit]]:
    return [(row.dot, decode_commit(row.body)) for row in PendingRows(sql, space).all()]


def _load_confirmed(key: DocumentKey, stored: Stored, writer: Writer) -> Document:
    record = None if stored.state is None else decode_record(stored.state)
    rich = RichPart.load(stored.rich_updates, writer) if stored.rich_updates else None
    return Document(key, writer=writer, record=record, rich=rich)


def _check_confirmed(model: Model, stored: dict[DocumentKey, Stored], writer: Writer) -> None:
    """State rows and rich updates hold confirmed content only, and all of it."""
    for key, found in stored.items():
        document = model.get(key)
        if document is None:
            assert (found.state, found.rich_updates) == (None, []), f"{key} holds what is not in the log"
            continue
        assert found.state == encode_record(document.record), f"the state of {key} is not that of the log"
        confirmed = _load_confirmed(key, found, writer)
        assert confirmed.contents() == document.contents(), f"the rich part of {key} is not that of the log"
    assert set(model) <= set(stored)


async def _check_visible(
    local: LocalReplica, state: SpaceState, model: Model, stored: dict[DocumentKey, Stored]
) -> None:
    """What is cached and what queries see is confirmed content with the pending commits applied."""
    context = state.resolution_context()

    def digests(work: DocumentWork) -> dict[DocumentKey, bytes]:
        return {key: work.hold(key).visible.digest() for key in stored}

    cached = await local.preview(state.number, digests)
    assert set(model) == set(stored)
    await local.read(lambda sql: check_constraints(sql, state, model))
    standings = await local.read(lambda sql: read_standings(sql, state))
    for key, document in model.items():
        assert cached[key] == document.digest(), f"the cached {key} is not what the file says"
        document.restraint = restraint_of(standings.get(key))
        shown = document.project(context)
        assert stored[key].projection == encode_projection(shown), f"{key} reads otherwise"
        assert stored[key].is_deleted == (not document.is_live(context))
        assert stored[key].contest == shown.contest


def read_standings(sql: SqlConnection, state: SpaceState) -> dict[DocumentKey, Standing]:
    """How every document stands that constraints know of, as the file has it."""
    rows = DocumentRows(sql, state.number)
    page = StandingRows(sql, state.number).page(after=0, limit=100_000)
    return {rows.key_of(row.document): decode_standing(row.standing) for row in page}


def check_constraints(sql: SqlConnection, state: SpaceState, model: Model | None = None) -> None:
    """Facts, standings, references and claims are what evaluation from scratch finds in all states."""
    context = state.resolution_context()
    documents, rows = DocumentRows(sql, state.number), StandingRows(sql, state.number)
    if model is None:
        work = DocumentWork(sql, state, SpaceMemory(), context)
        model = {key: work.hold(key).visible for _, key in documents.keys(after=0, limit=100_000)}
    universe = {}
    for key, document in model.items():
        if key.collection in state.constraints:
            facts = facts_of(
                document.record,
                document.contents(),
                constraints=state.constraints[key.collection],
                context=context,
                rules=context.rules_of(key.collection),
            )
            if facts is not None:
                universe[key] = facts
    standings = evaluate(universe)
    assert read_standings(sql, state) == standings
    for row in rows.page(after=0, limit=100_000):
        key = documents.key_of(row.document)
        assert decode_facts(row.facts) == universe[key]
        assert rows.references_of(row.document) == references_in(universe[key].references)
        assert rows.claims_of(row.document) == claims_in(universe[key], standings[key])
    held_back = [documents.row_of(key) for key, standing in standings.items() if restraint_of(standing)]
    assert rows.held_back() == sorted(row for row in held_back if row is not None)
    for table in STANDING_TABLES:
        lone = f"SELECT 1 FROM {table} WHERE document NOT IN (SELECT document FROM standings)"  # noqa: S608
        assert not sql.rows(lone)


def _check_bookkeeping(sql: SqlConnection, state: SpaceState) -> None:
    """The space in memory is the one in the file; pending commits and sealed segments fit each other."""
    row = next(row for row in SpaceRows(sql).all() if row.space == state.number)
    loaded = load_space(sql, row)
    assert loaded.row == state.row
    assert loaded.heads == state.heads
    assert loaded.sealed == state.sealed
    assert loaded.closed == state.closed
    assert loaded.missing_count == state.missing_count
    assert loaded.findings == state.findings
    assert loaded.pending_count == state.pending_count
    assert loaded.pending_writers <= state.pending_writers
    assert loaded.next_number == state.next_number
    assert loaded.rules == state.rules
    pending = PendingRows(sql, state.number).all()
    assert len({one.id for one in pending}) == len(pending)
    at = 0
    for sealed in LogRows(sql, state.number).sealed():
        header = decode_segment(sealed.segment).header
        covered = pending[at : at + header.count]
        assert [one.dot for one in covered] == [
            Dot(sealed.writer, number) for number in range(header.first, header.last + 1)
        ]
        at += header.count
    rows = DocumentRows(sql, state.number)
    for one in pending:
        keys = {entry.key for entry in decode_entries(decode_commit(one.body))}
        touched = {rows.row_of(key) for key in keys}
        found = sql.rows(
            "SELECT document FROM pending_documents JOIN documents USING (document)"
            " WHERE sequence = ? AND space = ?",
            (one.sequence, state.number),
        )
        assert touched == {document for (document,) in found}
