"""What an open replica knows of one space: who writes, how far everybody is in, and what is pending.

The file is the truth; this is its image in memory. It is changed only by code that runs inside a write
transaction, and read again from the file when such a transaction fails.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from syncore.codec.fields import as_array, as_integer
from syncore.codec.packing import pack, unpack
from syncore.core.identifiers import (
    PRIVATE_SPACE,
    DeviceIndex,
    Dot,
    Incarnation,
    SpaceId,
    Writer,
    is_reserved,
    make_writer,
)
from syncore.core.limits import MAX_RULE_PROBLEMS, MAX_SEGMENT_PLAIN_BYTES
from syncore.core.ports import Entropy, SqlConnection
from syncore.documents.resolution import ResolutionContext
from syncore.documents.resolvers import ResolveFunction
from syncore.documents.rules import CollectionRules, ResolverName
from syncore.protocol.control_log import ControlLog
from syncore.protocol.control_records import AcceptedRecord
from syncore.protocol.items import ControlItem, control_item, decode_item, encode_item, read_accepted
from syncore.replica.bookkeeping import damage_of
from syncore.replica.constraint_build import ConstraintBuild
from syncore.replica.constraint_rules import SpaceConstraints, space_constraints
from syncore.replica.constraint_stages import read_build
from syncore.replica.index_upkeep import HeldIndex, load_indexes
from syncore.replica.judging import Judge, Validators
from syncore.replica.settings import load_rules
from syncore.storage.document_rows import DocumentRows
from syncore.storage.finding_rows import FindingKind, FindingRow, FindingRows
from syncore.storage.log_rows import ClosedWriterRow, LogRows, SealedRow, WriterRow
from syncore.storage.missing_rows import MissingRows
from syncore.storage.pending_rows import PendingRows
from syncore.storage.space_rows import SpaceRow, SpaceRows
from syncore.storage.undo_rows import Stack, UndoRows

PRIVATE_DEVICE = DeviceIndex(0)
REPLICA_ID_BYTES = 16


@dataclass(slots=True)
class Head:
    """How far a writer is in.

    Attributes:
        number: Its last confirmed commit.
        hash: The hash of the segment that ends there.
        reach: Everything its segments so far depend on: the causal past that its next one may name.
    """

    number: int
    hash: bytes
    reach: dict[Writer, int] = field(default_factory=dict)


@dataclass(slots=True)
class SpaceState:
    """One space, in memory.

    Attributes:
        row: The space's own row.
        next_number: The number of our writer's next commit.
        next_sequence: The place of the next commit in the pending log.
        heads: Confirmed heads by writer.
        closed: Writers of which nothing more is accepted.
        control: The membership log; None in the private space.
        sealed: Own segments that wait for the relay, oldest first.
        pending_count: Own commits that the relay has not acknowledged.
        pending_writers: The numbers, of this incarnation or an earlier one, that they were made under; may
            hold more while commits are confirmed.
        rules: The settings of every collection that has any.
        resolvers: The application's own resolvers that this program has.
        validators: The application's own validators that this program has.
        failures: What went wrong in resolvers since the file was opened, a sentence each.
        missing_count: How much of what is held here the relay's present log was not yet seen to hold: 0
            unless the relay lost data.
        missing_total: How much that was when its healing began, or more.
        findings: What was found out about relay and members that must not be forgotten.
        has_redo: Whether anything in the file was undone and could be done again.
        damage: What of the file's notes about the relay's log is damaged, so that they must not be gone by.
        indexes: The indexes of every collection that has any.
        build: How far documents were looked at since constraints changed; None if all of them were.
    """

    row: SpaceRow
    next_number: int = 1
    next_sequence: int = 1
    heads: dict[Writer, Head] = field(default_factory=dict)
    closed: dict[Writer, ClosedWriterRow] = field(default_factory=dict)
    control: ControlLog | None = None
    sealed: list[SealedRow] = field(default_factory=list)
    pending_count: int = 0
    pending_writers: set[Writer] = field(default_factory=set)
    rules: dict[str, CollectionRules] = field(default_factory=dict)
    resolvers: Mapping[ResolverName, ResolveFunction] = field(default_factory=dict)
    validators: Validators = field(default_factory=dict)
    failures: dict[str, None] = field(default_factory=dict)
    _judges: dict[str, Judge] = field(default_factory=dict)
    _context: tuple[int, ResolutionContext] | None = field(default=None, compare=False, repr=False)
    _constraints: SpaceConstraints = field(default_factory=dict, compare=False)
    _constrained_by: Mapping[str, CollectionRules] | None = field(default=None, compare=False)
    missing_count: int = 0
    missing_total: int = 0
    findings: dict[FindingKind, FindingRow] = field(default_factory=dict)
    has_redo: bool = False
    damage: str = ""
    indexes: dict[str, tuple[HeldIndex, ...]] = field(default_factory=dict)
    build: ConstraintBuild | None = None

    @property
    def id(self) -> SpaceId:
        """The space's id."""
        return self.row.id

    @property
    def number(self) -> int:
        """The space's local number in this file."""
        return self.row.space

    @property
    def writer(self) -> Writer:
        """The number under which this file writes now."""
        return self.row.writer

    @property
    def is_private(self) -> bool:
        """Whether nobody else can see the space."""
        return self.row.id == PRIVATE_SPACE

    @property
    def vector(self) -> dict[Writer, int]:
        """How far every writer is confirmed here."""
        return {writer: head.number for writer, head in self.heads.items()}

    def resolution_context(self) -> ResolutionContext:
        """What resolving conflicts may know: settings, and when each device was admitted."""
        records = -1 if self.control is None else self.control.head_seq
        if self._context is not None:
            known_records, known = self._context
            if known_records == records and known.rules is self.rules and known.resolvers is self.resolvers:
                return known
        devices = {} if self.control is None else self.control.devices
        context = ResolutionContext(
            floor_ms={index: device.accepted_ms for index, device in devices.items()},
            rules=self.rules,
            resolvers=self.resolvers,
        )
        self._context = records, context
        return context

    def judge(self, collection: str) -> Judge | None:
        """What documents of a collection are held against; None where nothing is asked of them."""
        rules = self.rules.get(collection)
        if rules is None or not rules.is_judged or is_reserved(collection):
            return None
        judge = self._judges.get(collection)
        if judge is None or not judge.fits(rules):
            judge = self._judges[collection] = Judge(rules, self.validators)
        return judge

    @property
    def constraints(self) -> SpaceConstraints:
        """Constraints by collection; empty where the space has none. Rules are replaced, never changed."""
        if self._constrained_by is not self.rules:
            self._constraints, self._constrained_by = space_constraints(self.rules), self.rules
        return self._constraints

    def lacking_rules(self) -> tuple[str, ...]:
        """What this program shows by default, or does not judge, because it cannot; bounded sentences."""
        lacking = [
            f"{collection}, {sentence}"
            for collection, rules in sorted(self.rules.items())
            for sentence in rules.lacking(self.resolvers)
        ]
        for collection in sorted(self.rules):
            if (judge := self.judge(collection)) is not None:
                lacking += [f"{collection}, {said}" for said in (*judge.lacking, *judge.failures)]
        return tuple([*lacking, *self.failures][:MAX_RULE_PROBLEMS])

    def note_failures(self, collection: str, failures: Iterable[str]) -> None:
        """Remember for the status what went wrong in resolvers; only as many as can be shown."""
        for failure in failures:
            if len(self.failures) < MAX_RULE_PROBLEMS:
                self.failures[f"{collection}, {failure}"] = None

    def take_dot(self) -> Dot:
        """The dot of the next local commit."""
        dot = Dot(self.writer, self.next_number)
        self.next_number += 1
        return dot

    def take_sequence(self) -> int:
        """The place of the next commit in the pending log."""
        sequence = self.next_sequence
        self.next_sequence += 1
        self.pending_count += 1
        self.pending_writers.add(self.writer)
        return sequence


def store_new_space(
    sql: SqlConnection,
    id_: SpaceId,
    writer: Writer,
    *,
    is_default: bool,
    control: Sequence[AcceptedRecord],
) -> SpaceRow:
    """Lay out a space that was made or joined, with its control log as far as it was verified."""
    rows = SpaceRows(sql)
    row = SpaceRow(space=rows.next_number(), id=id_, is_default=is_default, writer=writer)
    rows.write(row)
    for record in control:
        LogRows(sql, row.space).add_control(record.record.seq, encode_item(control_item(record)))
    return row


def store_private_space(rows: SpaceRows, entropy: Entropy) -> None:
    """Lay out the private space of a new file, which gets its id."""
    rows.write_value("replica", entropy.random_bytes(REPLICA_ID_BYTES))
    writer = make_writer(PRIVATE_DEVICE, Incarnation(int.from_bytes(entropy.random_bytes(4), "big")))
    rows.write(SpaceRow(space=rows.next_number(), id=PRIVATE_SPACE, is_default=True, writer=writer))


def load_spaces(
    sql: SqlConnection,
    resolvers: Mapping[ResolverName, ResolveFunction],
    validators: Validators,
) -> dict[int, SpaceState]:
    """Every space of the file, by local number, for a program that has these resolvers and validators."""
    spaces = {row.space: load_space(sql, row) for row in SpaceRows(sql).all()}
    for state in spaces.values():
        state.resolvers = resolvers
        state.validators = validators
    return spaces


def load_space(sql: SqlConnection, row: SpaceRow) -> SpaceState:
    """One space as the file holds it.

    Raises:
        IntegrityError: something stored of it is damaged.
    """
    log = LogRows(sql, row.space)
    pending = PendingRows(sql, row.space)
    state = SpaceState(
        row=row,
        sealed=log.sealed(),
        pending_count=pending.count(),
        pending_writers=pending.writers(),
        has_redo=not UndoRows(sql).is_empty(Stack.REDO),
    )
    heads = log.heads()
    for head in heads:
        state.heads[head.writer] = Head(head.number, head.hash, decode_reach(head.reach))
    state.closed = {closed.writer: closed for closed in log.closed_writers()}
    state.findings = FindingRows(sql, row.space).all()
    if not state.is_private:
        state.damage = damage_of(sql, row, heads)
        state.control = ControlLog(row.id)
        for item in log.control():
            record = decode_item(item)
            assert isinstance(record, ControlItem)
            state.control.restore(read_accepted(record))
    state.rules = load_rules(DocumentRows(sql, row.space))
    state.indexes = load_indexes(sql, row.space)
    state.build = read_build(sql, row.space)
    _load_missing(state, sql, log)
    last_sequence, last_number = pending.last(row.writer)
    state.next_sequence = last_sequence + 1
    own = state.heads.get(row.writer)
    state.next_number = max(last_number, own.number if own else 0) + 1
    return state


def _load_missing(state: SpaceState, sql: SqlConnection, log: LogRows) -> None:
    state.missing_count = MissingRows(sql, state.number).count()
    if state.missing_count and state.control is not None:
        state.missing_total = state.control.head_seq + 1 + log.last_position()


def start_incarnation(state: SpaceState, sql: SqlConnection, incarnation: Incarnation) -> None:
    """Write under a new number from now on: this file returned in time, or its old number was taken."""
    index = PRIVATE_DEVICE if state.is_private else DeviceIndex(state.writer >> 32)
    state.row = replace(state.row, writer=make_writer(index, incarnation))
    state.next_number = 1
    SpaceRows(sql).write(state.row)


def write_head(sql: SqlConnection, state: SpaceState, writer: Writer) -> None:
    """Store a writer's head."""
    head = state.heads[writer]
    LogRows(sql, state.number).write_head(WriterRow(writer, head.number, head.hash, encode_reach(head.reach)))


def encode_reach(reach: dict[Writer, int]) -> bytes:
    """A version vector as stored bytes."""
    return pack(tuple(sorted(reach.items())))


def decode_reach(data: bytes) -> dict[Writer, int]:
    """A stored version vector."""
    pairs = as_array(unpack(data, what="a reach", max_bytes=MAX_SEGMENT_PLAIN_BYTES), what="a reach")
    found = (as_array(pair, what="a pair", length=2) for pair in pairs)
    return {Writer(as_integer(w, what="a writer")): as_integer(n, what="a number") for w, n in found}
