"""Refusing local writes that break a constraint, before anything changes.

What others wrote is never refused: it is kept, and shown by :mod:`syncore.replica.constraining`.
"""

from collections.abc import Mapping
from itertools import chain
from typing import Final, NoReturn

from syncore.constraints.evaluation import is_valid
from syncore.constraints.facts import Claim, DocumentFacts, Presence, Standing
from syncore.core.errors import ConstraintViolated
from syncore.core.identifiers import DocumentKey
from syncore.core.references import OnDelete
from syncore.documents.planning import DocumentPlan
from syncore.replica.constraining import Constraining, SqlGround

_NEVER = DocumentFacts(is_deleted=True)
_AWAY = Standing(presence=Presence.DELETED)
_SHOWN_CHARACTERS: Final = 80
"""Of a value in a message: enough to know it again; the error has all of it."""


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
            _check_presence(key, now[key], before[1], after, found, ground)
            _check_references(key, now[key], before[0], after)
        _check_claims(key, now.get(key, before[0]), before, found, ground, plans)


def _check_presence(
    key: DocumentKey,
    facts: DocumentFacts,
    before: Standing,
    after: Standing,
    found: Mapping[DocumentKey, Standing],
    ground: SqlGround,
) -> None:
    """A document that is deleted goes, and one that is written stays."""
    if facts.is_deleted and after.presence is Presence.RESTORED:
        holder, field = _who_needs(key, ground)
        lacking = _what_hides(holder, found, ground)
        hidden = "" if lacking is None else f", and is hidden as long as {_name(lacking)} is deleted"
        first = "" if lacking is None else f"bring {_name(lacking)} back; then "
        raise ConstraintViolated(
            f"{_name(key)} cannot be deleted: {_name(holder)} names it in {field!r}{hidden}",
            hint=f"{first}delete {_name(holder)} first, or have it name another one",
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
    found: Mapping[DocumentKey, Standing],
    ground: SqlGround,
    plans: Mapping[DocumentKey, DocumentPlan],
) -> None:
    """Nobody takes what another has, and nobody loses what it has."""
    after = found.get(key, before[1])
    for claim in facts.claims:
        is_old = claim.constraint in before[1].lost and claim in before[0].claims
        if claim.constraint not in after.lost or is_old:
            continue
        taker, holder = key, _holder(claim, key, found, ground)
        if key not in plans:  # somebody comes back, whose claim is the earlier one
            taker, holder = holder, key
        field, plan = claim.fields[-1], plans.get(taker)
        value = None if plan is None else plan.preview().values.get(field)
        together = f" (with {', '.join(map(repr, claim.fields[:-1]))})" if len(claim.fields) > 1 else ""
        said = "the value" if plan is None else _shortened(repr(value))
        raise ConstraintViolated(
            f"{_name(taker)} cannot have {said} in {field!r}{together}: {_name(holder)} has it",
            hint="choose another value, or change that document first",
            collection=taker.collection,
            id=taker.id,
            field=field,
            value=value,
            holder=(holder.collection, holder.id),
        )


def _holder(
    claim: Claim, loser: DocumentKey, found: Mapping[DocumentKey, Standing], ground: SqlGround
) -> DocumentKey:
    """Who has, or would have, what a document claims: the one that claims it and has not lost it."""
    stored = (one.key for one in ground.claimants(claim.constraint, claim.value))
    for key in chain(stored, found, ground.now):
        after, facts = found.get(key, ground.standing(key)), ground.facts(key)
        if after is None or facts is None or not after.is_live or claim.constraint in after.lost:
            continue
        for other in facts.claims:
            is_same = (other.constraint, other.value) == (claim.constraint, claim.value)
            if is_same and is_valid(other, after.nulled):
                return key
    return loser


def _what_hides(
    key: DocumentKey, found: Mapping[DocumentKey, Standing], ground: SqlGround
) -> DocumentKey | None:
    """What was deleted that a document depends on, however far away; None if nothing was."""
    lacking, passed = None, {key}
    while (facts := ground.facts(key)) is not None:
        for one in facts.references:
            if one.on_delete is not OnDelete.CASCADE or one.target in passed:
                continue
            after = found.get(one.target, ground.standing(one.target))
            if after is not None and not after.is_live:
                lacking = key = one.target
                passed.add(key)
                break
        else:
            break
    return lacking


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


def _shortened(text: str) -> str:
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[: _SHOWN_CHARACTERS - 1]}…"
