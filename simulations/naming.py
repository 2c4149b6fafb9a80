"""Constraints under faults: people claim the same names and name each other's documents, on every device.

Owns the documents, what people do to them, and the checker: what every device notes and shows of unique
values and references is what evaluation from scratch finds in all states of its space.
"""

import random
from collections.abc import Mapping, Sequence
from contextlib import suppress

from simulations.holding import local
from simulations.work import Application
from syncore.constraints.encoding import decode_facts, decode_standing
from syncore.constraints.evaluation import evaluate
from syncore.constraints.facts import DocumentFacts, Standing
from syncore.core.errors import ConstraintViolated, DocumentExists, DocumentNotFound
from syncore.core.identifiers import DocumentKey
from syncore.core.ports import SqlConnection
from syncore.core.references import OnDelete
from syncore.engine.replica import Replica
from syncore.replica.constraint_rules import constrained_fields
from syncore.replica.document_work import DocumentWork
from syncore.storage.document_rows import DocumentRows
from syncore.storage.standing_rows import StandingRows

MEMBERS = "members"
LOANS = "loans"
_NAMES = "abc"
_IDS = tuple(f"m{number}" for number in range(5))
_LOANS = tuple(f"l{number}" for number in range(4))
_PAGE = 256


class Naming(Application):
    """Members with unique names, and loans that name members by one rule, or by any of them.

    Attributes:
        rules: The rules of references that loans have fields for.
    """

    def __init__(self, rules: Sequence[OnDelete] = tuple(OnDelete)) -> None:
        """Have loans with fields of these rules."""
        self.rules = tuple(rules)

    async def prepare(self, replica: Replica) -> None:
        """The constraints, and some documents."""
        await replica.collection(MEMBERS).configure(unique=["name", ("team", "number")])
        references = {rule.value: (MEMBERS, rule.value) for rule in self.rules}
        await replica.collection(LOANS).configure(references=references)
        for id_ in _IDS[:2]:
            await replica.collection(MEMBERS).insert({"name": id_}, id=id_)

    async def act(self, replica: Replica, draw: random.Random, who: str) -> str | None:
        """Claim, name, delete, or take back; what is refused here has not happened."""
        del who
        members, loans = replica.collection(MEMBERS), replica.collection(LOANS)
        member, loan, name = draw.choice(_IDS), draw.choice(_LOANS), draw.choice(_NAMES)
        kind, number = draw.randrange(8), draw.randrange(2)
        rule = draw.choice(self.rules).value if self.rules else ""
        with suppress(ConstraintViolated, DocumentNotFound, DocumentExists):
            if kind <= 1:
                await members.insert({"name": name, "team": "t", "number": number}, id=member)
            elif kind == 2:
                await members.update(member, {"name": name, "number": number})
            elif kind == 3:
                await members.delete(member)
            elif kind == 4 and rule:
                await loans.insert({rule: member}, id=loan)
            elif kind == 5 and rule:
                await loans.update(loan, {rule: member})
            elif kind == 6:
                await loans.delete(loan)
            else:
                await members.undo(member)
            return f"{kind} {member} {loan} {name}"
        return None

    async def check(self, replicas: Mapping[str, Replica]) -> Sequence[str]:
        """Documents that a device notes or shows otherwise than evaluation finds."""
        found: list[str] = []
        for device, replica in replicas.items():
            found += [f"{device}: {sentence}" for sentence in await check_constraints(replica)]
        return found


async def check_constraints(replica: Replica) -> list[str]:
    """What a device notes, and what its readers find, against evaluation of all states from scratch."""
    database = local(replica)
    state = database.default_space

    def universe(work: DocumentWork) -> dict[DocumentKey, DocumentFacts]:
        facts: dict[DocumentKey, DocumentFacts] = {}
        after = 0
        while page := work.rows.keys(after=after, limit=_PAGE):
            for _, key in page:
                if key.collection in state.constraints and (one := work.facts(key)) is not None:
                    facts[key] = one
            after = page[-1][0]
        return facts

    known = await database.preview(state.number, universe)
    noted = await database.read(lambda sql: _noted(sql, state.number))
    standings = evaluate(known)
    sentences = [
        f"{'/'.join(key[:2])} is noted as {noted.get(key)}, and evaluation finds {(facts, standings[key])}"
        for key, facts in known.items()
        if noted.get(key) != (facts, standings[key])
    ]
    for key, standing in standings.items():
        shown = await replica.collection(key.collection).find_one(key.id)
        if (shown is not None) != standing.is_live:
            sentences.append(f"{'/'.join(key[:2])} is {standing.presence.value}, and a reader finds {shown}")
            continue
        hidden = {constrained_fields(name)[-1] for name in standing.lost}
        hidden |= {one.field for one in standing.nulled}
        sentences += [
            f"{'/'.join(key[:2])} shows {field} {shown[field]!r}, which it may not"
            for field in sorted(hidden)
            if shown is not None and shown.get(field) is not None
        ]
    return sentences


def _noted(sql: SqlConnection, space: int) -> dict[DocumentKey, tuple[DocumentFacts, Standing]]:
    documents, rows = DocumentRows(sql, space), StandingRows(sql, space)
    found: dict[DocumentKey, tuple[DocumentFacts, Standing]] = {}
    after = 0
    while page := rows.page(after=after, limit=_PAGE):
        for row in page:
            key = documents.key_of(row.document)
            found[key] = decode_facts(row.facts), decode_standing(row.standing)
        after = page[-1].document
    return found
