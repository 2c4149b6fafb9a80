"""Collection settings at work: read from their documents when a file is opened, and changed by programs.

Owns what a program may pass as a rule, and what has to be written so that it holds. The rules themselves and
their stored form are in :mod:`syncore.documents`.
"""

from collections.abc import Iterable, Mapping, Sequence

from syncore.codec.values import Value
from syncore.core.arguments import check_mapping, several
from syncore.core.errors import Misused
from syncore.core.identifiers import SETTINGS, check_collection, check_name
from syncore.core.limits import MAX_REFERENCES, MAX_UNIQUE, MAX_VALIDATORS
from syncore.core.references import OnDelete
from syncore.documents.changes import UNSET, Unset
from syncore.documents.projection_encoding import decode_projection
from syncore.documents.resolvers import Resolver
from syncore.documents.rule_encoding import (
    DEFAULT,
    DELETION,
    REFERENCES,
    SCHEMA,
    UNIQUE,
    VALIDATORS,
    field_setting,
    read_rules,
    references_value,
    rule_value,
    schema_hash,
    schema_value,
    unique_problem,
    unique_value,
    validators_value,
)
from syncore.documents.rules import (
    NO_RULES,
    Authority,
    CollectionRules,
    DeletionRule,
    ReferenceRule,
    ResolverName,
    Rule,
    SchemaSetting,
    Strategy,
    parse_deletion_rule,
    parse_rule,
)
from syncore.schema.checking import SchemaChecker
from syncore.schema.validators import Validator
from syncore.storage.document_rows import DocumentRows

RuleLike = str | Strategy | Authority | Resolver | ResolverName
"""What programs may give as a rule."""
UniqueLike = Iterable[str | Sequence[str]]
"""What programs may ask to be unique: fields, or sequences of fields that are unique together."""
ReferencesLike = Mapping[str, str | tuple[str, str] | ReferenceRule]
"""What programs may say that fields name: a collection, or a collection and a rule for deletions."""
_PAGE = 256


def load_rules(rows: DocumentRows) -> dict[str, CollectionRules]:
    """The settings of every collection of a space that differ from none."""
    rules: dict[str, CollectionRules] = {}
    after = ""
    while page := rows.page(SETTINGS, after=after, limit=_PAGE):
        for row in page:
            found = read_rules(decode_projection(row.projection).values)
            if found != NO_RULES:
                rules[row.key.id] = found
        after = page[-1].key.id
    return rules


def settings_changes(
    current: CollectionRules,
    default: RuleLike | Unset | None,
    fields: Mapping[str, RuleLike | Unset],
    deletion: DeletionRule | str | Unset | None,
) -> dict[str, object]:
    """What to write into a settings document, and nothing where it holds already.

    Raises:
        Misused: no such rule.
        InvalidName: not the name of a field that can have a rule.
    """
    changes: dict[str, object] = {}
    if default is UNSET:
        changes |= {DEFAULT: UNSET} if current.default != NO_RULES.default else {}
    elif default is not None and (wanted := _checked(default)) != current.default:
        changes[DEFAULT] = rule_value(wanted)
    if deletion is UNSET:
        changes |= {DELETION: UNSET} if current.deletion != NO_RULES.deletion else {}
    elif deletion is not None and (chosen := _checked_deletion(deletion)) != current.deletion:
        changes[DELETION] = chosen.value
    check_mapping(fields, "fields")
    for name, rule in fields.items():
        changes |= _field_changes(current, name, rule)
    return changes


def judging_changes(
    current: CollectionRules,
    schema: Mapping[str, object] | Unset | None,
    validators: Iterable[Validator | ResolverName] | Unset | None,
    version: int | None = None,
) -> dict[str, object]:
    """What to write into a settings document so that documents are held against something else.

    Args:
        current: The settings as they are.
        schema: The schema; None leaves it as it is, ``UNSET`` asks for none.
        validators: All validators of the collection; None leaves them as they are.
        version: The version of the schema; None is that of the one before, or 1.

    Raises:
        InvalidSchema: it cannot be used.
        Misused: no such validator, or too many.
    """
    changes: dict[str, object] = {}
    if isinstance(schema, Unset):
        changes |= {SCHEMA: UNSET} if current.schema is not None else {}
    elif schema is not None:
        wanted = _checked_schema(current, schema, version)
        changes |= {SCHEMA: schema_value(wanted)} if current.schema != wanted else {}
    if isinstance(validators, Unset):
        changes |= {VALIDATORS: UNSET} if current.validators != () else {}
    elif validators is not None:
        names = _checked_validators(validators)
        if names != current.validators:
            changes[VALIDATORS] = validators_value(names) if names else UNSET
    return changes


def constraint_changes(
    current: CollectionRules, unique: UniqueLike | Unset | None, references: ReferencesLike | Unset | None
) -> dict[str, object]:
    """What to write into a settings document so that something else is asked of documents together.

    Raises:
        Misused: no such constraints, or too many.
        InvalidName: no field, or no collection, can have such a name.
    """
    changes: dict[str, object] = {}
    if isinstance(unique, Unset):
        changes |= {UNIQUE: UNSET} if current.unique != () else {}
    elif unique is not None and (wanted := _checked_unique(unique)) != current.unique:
        changes[UNIQUE] = unique_value(wanted) if wanted else UNSET
    if isinstance(references, Unset):
        changes |= {REFERENCES: UNSET} if current.references != {} else {}
    elif references is not None and (named := _checked_references(references)) != current.references:
        changes[REFERENCES] = references_value(named) if named else UNSET
    return changes


def _checked_unique(unique: UniqueLike) -> tuple[tuple[str, ...], ...]:
    if isinstance(unique, str):
        raise Misused("unique lists fields", hint=f"unique=[{unique!r}]")
    given = several(unique, "unique")
    found = tuple((one,) if isinstance(one, str) else several(one, "unique") for one in given)
    for fields in found:
        for name in fields:
            check_name(name, "a field's name")
        if problem := unique_problem(fields):
            raise Misused(f"a unique constraint {problem}: {fields!r}")
    if len(found) > MAX_UNIQUE or len(set(found)) < len(found):
        raise Misused(f"a collection has at most {MAX_UNIQUE} unique constraints, and none of them twice")
    return found


def _checked_references(references: ReferencesLike) -> dict[str, ReferenceRule]:
    check_mapping(references, "references")
    if len(references) > MAX_REFERENCES:
        raise Misused(f"a collection has at most {MAX_REFERENCES} fields that name documents")
    return {check_name(name, "a field's name"): _checked_reference(one) for name, one in references.items()}


def _checked_reference(one: str | tuple[str, str] | ReferenceRule) -> ReferenceRule:
    if isinstance(one, ReferenceRule):
        return one
    pair = (one, OnDelete.SET_NULL.value) if isinstance(one, str) else several(one, "a reference")
    try:
        collection, on_delete = pair
    except ValueError as error:
        raise Misused(
            f"a reference is a collection and a rule, not {len(pair)} things",
            hint='{"author": ("people", "cascade")}',
        ) from error
    try:
        rule = OnDelete(on_delete)
    except ValueError as error:
        names = ", ".join(rule.value for rule in OnDelete)
        raise Misused(f"there is no rule for references {on_delete!r}", hint=names) from error
    return ReferenceRule(collection=check_collection(collection), on_delete=rule)


def _checked_schema(
    current: CollectionRules, schema: Mapping[str, object], version: int | None
) -> SchemaSetting:
    if not isinstance(schema, Mapping):
        raise Misused(f"a schema is a dict, not {type(schema).__name__}", hint="or a Model")
    plain = dict(schema)
    SchemaChecker(plain)
    held = current.schema.version if isinstance(current.schema, SchemaSetting) else 1
    return SchemaSetting(hash=schema_hash(plain), version=version or held, schema=plain)


def _checked_validators(validators: Iterable[Validator | ResolverName]) -> tuple[ResolverName, ...]:
    names = []
    for one in several(validators, "validators"):
        if not isinstance(one, Validator | ResolverName):
            raise Misused(f"{one!r} is not a Validator", hint="Validator(name, version, function)")
        names.append(ResolverName(one.name, one.version))
    if len(names) > MAX_VALIDATORS or len(set(names)) < len(names):
        raise Misused(f"a collection has at most {MAX_VALIDATORS} validators, and none of them twice")
    return tuple(names)


def _field_changes(current: CollectionRules, name: str, rule: RuleLike | Unset) -> dict[str, object]:
    setting = field_setting(name)
    if isinstance(rule, Unset):
        return {setting: UNSET} if name in current.fields else {}
    wanted = _checked(rule)
    value: Value = rule_value(wanted)
    return {} if current.fields.get(name) == wanted else {setting: value}


def _checked(rule: RuleLike) -> Rule:
    if isinstance(rule, Strategy | Authority | ResolverName):
        return rule
    return rule.key if isinstance(rule, Resolver) else parse_rule(rule)


def _checked_deletion(rule: DeletionRule | str) -> DeletionRule:
    return rule if isinstance(rule, DeletionRule) else parse_deletion_rule(rule)
