"""Refusing local writes that break a constraint, before anything changes.

What others wrote is never refused: it is kept, and shown by :mod:`syncore.replica.constraining`.
"""

from collections.abc import Mapping
from typing import NoReturn

from syncore.constraints.facts import Claim, DocumentFacts, Presence, Standing
from syncore.core.errors import ConstraintViolated
from syncore.core.identifiers import DocumentKey
from syncore.core.references import OnDelete
from syncore.documents.planning import DocumentPlan
from syncore.replica.constraining import Constraining, SqlGround

_NEVER = DocumentFacts(is_deleted=True)
_AWAY = Standing(presence=Presence.DELETED)


def refuse_violations(
    plans: Mapping[DocumentKey, DocumentPlan], now: Mapping[DocumentKey, DocumentFacts], known: Constraining
) -> None:
    """Refuse a transaction that would break a constraint which holds without it.

    Args:
        plans: What it does.
        now: The facts that its documents would come to; only of those that constraints know of.
        known: The facts and standings as they are.

    Raises:
        ConstraintViolated: a value would be taken that another document has, a document be named that is not
            there, or one be deleted that another document needs.
    """
    found = known.foresee(now)
    ground = known.ground(now)
    for key in {**dict.fromkeys(now), **found}:
        stored = known.find(key)
        before = (_NEVER, _AWAY) if stored is None else (stored.facts, stored.standing)
        after = found.get(key, before[1])
        if key in now:
            _check_presence(key, now[key], before[1], after, ground)
            _check_references(key, now[key], before[0], after)
        _check_claims(key, now.get(key, before[0]), before, after, ground, plans)


def _check_presence(
    key: DocumentKey, facts: DocumentFacts, before: Standing, after: Standing, ground: SqlGround
) -> None:
    """A document that is deleted goes, and one that is written stays."""
    if facts.is_deleted and after.presence is Presence.RESTORED:
        holder, field = _who_needs(key, ground)
        raise ConstraintViolated(
            f"{_name(key)} cannot be deleted: {_name(holder)} names it in {field!r}",
            hint="delete that document first, or have it name another one",
            collection=key.collection,
            id=key.id,
            field=field,
            holder=(holder.collection, holder.id),
        )
    was_gone = before.presence is Presence.CASCADED
    if not facts.is_deleted and after.presence is Presence.CASCADED and not was_gone:
        for one in facts.references:
            standing = ground.standing(one.target)
            is_there = standing is not None and standing.is_live and one.target not in ground.now
            if one.on_delete is OnDelete.CASCADE and ground.facts(one.target) is not None and not is_there:
                _refuse_reference(key, one.field, one.target)


def _check_references(key: DocumentKey, facts: DocumentFacts, before: DocumentFacts, after: Standing) -> None:
    """Whom a document begins to name is there."""
    for one in facts.references:
        if one in after.nulled and one not in before.references:
            _refuse_reference(key, one.field, one.target)


def _refuse_reference(key: DocumentKey, field: str, target: DocumentKey) -> NoReturn:
    raise ConstraintViolated(
        f"{_name(key)} cannot name {target.id!r} in {field!r}: there is no {_name(target)}",
        hint="insert that document first, or in the same transaction",
        collection=key.collection,
        id=key.id,
        field=field,
        value=target.id,
        holder=(target.collection, target.id),
    )


def _check_claims(
    key: DocumentKey,
    facts: DocumentFacts,
    before: tuple[DocumentFacts, Standing],
    after: Standing,
    ground: SqlGround,
    plans: Mapping[DocumentKey, DocumentPlan],
) -> None:
    """Nobody takes what another has, and nobody loses what it has."""
    for claim in facts.claims:
        is_old = claim.constraint in before[1].lost and claim in before[0].claims
        if claim.constraint not in after.lost or is_old:
            continue
        taker, holder = key, _holder(claim, key, ground)
        if key not in plans:  # somebody comes back, whose claim is the earlier one
            taker, holder = holder, key
        field, plan = claim.fields[-1], plans.get(taker)
        value = None if plan is None else plan.preview().values.get(field)
        together = f" (with {', '.join(map(repr, claim.fields[:-1]))})" if len(claim.fields) > 1 else ""
        said = "the value" if plan is None else f"{value!r}"
        raise ConstraintViolated(
            f"{_name(taker)} cannot have {said} in {field!r}{together}: {_name(holder)} has it",
            hint="choose another value, or change that document first",
            collection=taker.collection,
            id=taker.id,
            field=field,
            value=value,
            holder=(holder.collection, holder.id),
        )


def _holder(claim: Claim, loser: DocumentKey, ground: SqlGround) -> DocumentKey:
    """Who has, or would have, what a document claims."""
    stored = ground.claimants(claim.constraint, claim.value)
    for one in stored:
        if one.key != loser and one.key not in ground.now:
            return one.key
    for key, facts in ground.now.items():
        for other in () if facts is None else facts.claims:
            if key != loser and (other.constraint, other.value) == (claim.constraint, claim.value):
                return key
    return loser


def _who_needs(key: DocumentKey, ground: SqlGround) -> tuple[DocumentKey, str]:
    """A document that names another one and brings it back, and in which field."""
    for referrer in ground.referrers(key, OnDelete.RESTORE):
        facts = ground.facts(referrer)
        for one in () if facts is None else facts.references:
            if one.target == key and one.on_delete is OnDelete.RESTORE:
                return referrer, one.field
    raise AssertionError("nobody brings the document back")


def _name(key: DocumentKey) -> str:
    return f"{key.collection}/{key.id}"
