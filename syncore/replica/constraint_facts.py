"""What constraints know of a document, from its state alone: whom it names, what it claims, since when."""

from collections.abc import Iterator

from syncore.codec.packing import pack
from syncore.codec.values import decode_value, encode_value
from syncore.constraints.facts import Claim, DocumentFacts, Reference
from syncore.core.hashing import hash_parts
from syncore.core.hybrid_clock import HybridTime
from syncore.core.identifiers import DocumentKey, Writer, name_problem
from syncore.documents.operations import FieldKind
from syncore.documents.projection import (
    Contents,
    FieldValue,
    field_value,
    is_hidden,
    kinds_of,
    register_verdict,
)
from syncore.documents.record import Record, Sibling
from syncore.documents.resolution import ResolutionContext, rank
from syncore.documents.rules import CollectionRules
from syncore.replica.constraint_rules import NO_CONSTRAINTS, CollectionConstraints, SpaceConstraints

Age = tuple[HybridTime, Writer]
"""Since when something is claimed, and by whom: the writer decides between equal times."""


def facts_in(
    key: DocumentKey,
    record: Record,
    contents: Contents,
    constraints: SpaceConstraints,
    context: ResolutionContext,
) -> DocumentFacts | None:
    """The facts of a document's state by the constraints of its space; None where nobody ever wrote it.

    One of which nothing is asked is there or not, as long as others may name it.
    """
    asked, rules = constraints.get(key.collection, NO_CONSTRAINTS), context.rules_of(key.collection)
    return facts_of(record, contents, constraints=asked, context=context, rules=rules)


def facts_of(
    record: Record,
    contents: Contents,
    *,
    constraints: CollectionConstraints,
    context: ResolutionContext,
    rules: CollectionRules,
) -> DocumentFacts | None:
    """The facts of a document's state; None where nobody ever wrote it.

    Args:
        record: Its record.
        contents: Its texts and lists.
        constraints: What is asked of its collection.
        context: What resolving its conflicts may know.
        rules: How they are resolved.
    """
    if not record.vector:
        return None
    references = tuple(_references(record, contents, constraints, context, rules))
    claims = (
        _claim(record, contents, name, fields, context, rules) for name, fields in constraints.unique.items()
    )
    return DocumentFacts(
        is_deleted=is_hidden(record, rules),
        references=references,
        claims=tuple(claim for claim in claims if claim is not None),
    )


def _references(
    record: Record,
    contents: Contents,
    constraints: CollectionConstraints,
    context: ResolutionContext,
    rules: CollectionRules,
) -> Iterator[Reference]:
    for name, rule in sorted(constraints.references.items()):
        kinds = kinds_of(record, contents, name)
        if kinds:
            value = field_value(record, contents, name, kinds[0], context, rules)
            for id_ in named_ids(value):
                yield Reference(name, DocumentKey(rule.collection, id_), rule.on_delete)


def named_ids(value: FieldValue) -> list[str]:
    """The ids of documents that a field names: its text, or the texts that it holds."""
    several = sorted(one for one in value if type(one) is str) if isinstance(value, frozenset) else value
    ids = several if isinstance(several, list) else [several]
    return list(dict.fromkeys(one for one in ids if type(one) is str and not name_problem(one)))


def _claim(
    record: Record,
    contents: Contents,
    name: str,
    fields: tuple[str, ...],
    context: ResolutionContext,
    rules: CollectionRules,
) -> Claim | None:
    """What a document claims under a constraint, if every field of it is a register that shows something."""
    values: list[bytes] = []
    since: Age = HybridTime(0), Writer(0)
    for field in fields:
        if kinds_of(record, contents, field) != [FieldKind.REGISTER]:
            return None
        value, age = _shown(record, field, context, rules)
        if decode_value(value) is None:
            return None
        values.append(value)
        since = max(since, age)  # a claim is as old as the youngest of its fields
    return Claim(name, hash_parts("claim", pack(values)), fields, *since)


def _shown(
    record: Record, field: str, context: ResolutionContext, rules: CollectionRules
) -> tuple[bytes, Age]:
    """What a register shows, encoded, and since when."""
    siblings = record.registers[field]
    if len(siblings) == 1:
        return siblings[0].value, _age(siblings[0], context)
    verdict = register_verdict(record, field, context, rules)
    value = encode_value(verdict.value)
    same = [_age(one, context) for one in siblings if one.value == value]
    if same:
        return value, min(same)
    # A rule made a value of its own, out of all that it joins: it is as old as the last of that.
    return value, max(_age(one, context) for one in siblings)


def _age(sibling: Sibling, context: ResolutionContext) -> Age:
    return rank(sibling, context)[0], sibling.dot.writer
