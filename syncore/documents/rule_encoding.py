"""Rules as the fields of a settings document (``docs/formats/entries.md``, "Settings").

Owns how rules are written there, and that reading is total: whatever stands in a settings document, of a
newer version or of a member that means harm, comes to some rule on every replica.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Final

from syncore.codec.values import Value, encode_value
from syncore.core.errors import InvalidName, InvalidValue, Misused
from syncore.core.hashing import hash_parts
from syncore.core.identifiers import check_name, is_reserved, name_problem
from syncore.core.limits import (
    MAX_MARKED_BYTES,
    MAX_REFERENCES,
    MAX_SCHEMA_BYTES,
    MAX_UNIQUE,
    MAX_UNIQUE_FIELDS,
    MAX_VALIDATORS,
)
from syncore.core.references import OnDelete
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
    Unreadable,
)
from syncore.documents.structures import MAX_NUMBER

DEFAULT: Final = "default"
DELETION: Final = "deletion"
SCHEMA: Final = "schema"
VALIDATORS: Final = "validators"
UNIQUE: Final = "unique"
REFERENCES: Final = "references"
FIELD_MARK: Final = "."
"""What stands before a field's name, so that no field is taken for one of the settings above."""
_SHOWN_CHARACTERS = 80


def field_setting(name: str) -> str:
    """The field of a settings document that holds the rule of a collection's field.

    Raises:
        InvalidName: not the name of a field, or one byte too long to carry the mark.
    """
    check_name(name, "a field's name")
    if len(name.encode()) > MAX_MARKED_BYTES:
        raise InvalidName(f"a field with a rule of its own has a name of at most {MAX_MARKED_BYTES} bytes")
    return FIELD_MARK + name


def rule_value(rule: Rule) -> Value:
    """A rule as the value of a register.

    Raises:
        Misused: it was read from the settings of another version, and cannot be written by this one.
    """
    match rule:
        case Strategy():
            return {"rule": rule.value}
        case Authority(order=order):
            return {"rule": "authority", "order": list(order)}
        case ResolverName(name=name, version=version):
            return {"rule": "resolver", "name": name, "version": version}
        case _:
            raise Misused(f"this version of syncore cannot set the rule {rule}")


def schema_hash(schema: Mapping[str, object]) -> bytes:
    """What tells schemas apart.

    Raises:
        InvalidValue: it cannot be kept.
    """
    return hash_parts("schema", encode_value(schema))


def schema_value(setting: SchemaSetting) -> dict[str, object]:
    """A schema as the value of a register."""
    return {"schema": setting.schema, "hash": setting.hash, "version": setting.version}


def validators_value(names: tuple[ResolverName, ...]) -> Value:
    """The validators of a collection as the value of a register."""
    return [{"name": name.name, "version": name.version} for name in names]


def unique_value(unique: tuple[tuple[str, ...], ...]) -> Value:
    """What has to be unique in a collection as the value of a register."""
    return [list(fields) for fields in unique]


def references_value(references: Mapping[str, ReferenceRule]) -> Value:
    """The references of a collection as the value of a register."""
    return {
        name: {"collection": rule.collection, "on_delete": rule.on_delete.value}
        for name, rule in references.items()
    }


def read_rules(values: Mapping[str, object]) -> CollectionRules:
    """The rules of a collection, from the values of its settings document. Never raises."""
    fields = {
        name.removeprefix(FIELD_MARK): read_rule(value)
        for name, value in values.items()
        if name.startswith(FIELD_MARK) and len(name) > len(FIELD_MARK)
    }
    return CollectionRules(
        default=read_rule(values[DEFAULT]) if DEFAULT in values else NO_RULES.default,
        fields=MappingProxyType(fields),
        deletion=_read_deletion(values[DELETION]) if DELETION in values else NO_RULES.deletion,
        schema=_read_schema(values[SCHEMA]) if SCHEMA in values else None,
        validators=_read_validators(values[VALIDATORS]) if VALIDATORS in values else (),
        unique=_read_unique(values[UNIQUE]) if UNIQUE in values else (),
        references=_read_references(values[REFERENCES]) if REFERENCES in values else NO_RULES.references,
    )


def read_rule(value: object) -> Rule:
    """The rule that a value stands for, or that it stands for none that this version knows."""
    match value:
        case {"rule": str(name), **more} if not more and name in _STRATEGIES:
            return _STRATEGIES[name]
        case {"rule": "authority", "order": list(order), **more} if not more:
            return _read_authority(order)
        case {"rule": "resolver", "name": str(name), "version": int(version), **more} if not more:
            return ResolverName(name, version) if _is_named(name, version) else _unreadable(name)
        case {"rule": str(name)}:
            return _unreadable(name)
        case _:
            return _unreadable("")


def _read_authority(order: list[object]) -> Rule:
    try:
        return Authority.stored(order)  # type: ignore[arg-type]  # which it checks
    except (Misused, TypeError):  # TypeError: a label that is a list or a map
        return _unreadable("authority")


def _read_deletion(value: object) -> DeletionRule | Unreadable:
    found = _DELETIONS.get(value) if type(value) is str else None
    return _unreadable(str(value)) if found is None else found


def _read_schema(value: object) -> SchemaSetting | Unreadable:
    match value:
        case {"schema": dict(schema), "hash": bytes(digest), "version": int(version), **more} if not more:
            if type(version) is int and 1 <= version <= MAX_NUMBER and _is_hash(digest, schema):
                return SchemaSetting(hash=digest, version=version, schema=schema)
    return _unreadable("schema")


def _is_hash(digest: bytes, schema: dict[str, object]) -> bool:
    try:
        encoded = encode_value(schema)
    except InvalidValue:
        return False
    return len(encoded) <= MAX_SCHEMA_BYTES and hash_parts("schema", encoded) == digest


def _read_validators(value: object) -> tuple[ResolverName, ...] | Unreadable:
    if type(value) is not list or len(value) > MAX_VALIDATORS:
        return _unreadable("validators")
    names: list[ResolverName] = []
    for one in value:
        match one:
            case {"name": str(name), "version": int(version), **more} if not more and _is_named(
                name, version
            ):
                names.append(ResolverName(name, version))
            case _:
                return _unreadable("validators")
    return tuple(names)


def _read_unique(value: object) -> tuple[tuple[str, ...], ...] | Unreadable:
    if type(value) is not list or len(value) > MAX_UNIQUE:
        return _unreadable("unique")
    found: list[tuple[str, ...]] = []
    for fields in value:
        if type(fields) is not list or unique_problem(fields):
            return _unreadable("unique")
        found.append(tuple(fields))
    return tuple(found) if len(set(found)) == len(found) else _unreadable("unique")


def unique_problem(fields: Sequence[object]) -> str:
    """Why fields cannot be unique together, or the empty string."""
    if not 1 <= len(fields) <= MAX_UNIQUE_FIELDS:
        return f"names 1 to {MAX_UNIQUE_FIELDS} fields"
    for name in fields:
        if type(name) is not str or name_problem(name):
            return "names fields"
    return "" if len(set(fields)) == len(fields) else "names no field twice"


def _read_references(value: object) -> Mapping[str, ReferenceRule] | Unreadable:
    if type(value) is not dict or len(value) > MAX_REFERENCES:
        return _unreadable("references")
    found: dict[str, ReferenceRule] = {}
    for name, rule in value.items():
        match rule:
            case {"collection": str(collection), "on_delete": str(on_delete), **more} if not more:
                if name_problem(name) or not is_target(collection) or on_delete not in _ON_DELETE:
                    return _unreadable("references")
                found[name] = ReferenceRule(collection=collection, on_delete=_ON_DELETE[on_delete])
            case _:
                return _unreadable("references")
    return MappingProxyType(found)


def is_target(collection: str) -> bool:
    """Whether documents of a collection can be referred to."""
    return not name_problem(collection) and not is_reserved(collection)


def _is_named(name: str, version: int) -> bool:
    return type(version) is int and 1 <= version <= MAX_NUMBER and not name_problem(name)


def _unreadable(name: str) -> Unreadable:
    return Unreadable(repr(name[:_SHOWN_CHARACTERS]))


_STRATEGIES: Mapping[str, Strategy] = {strategy.value: strategy for strategy in Strategy}
_DELETIONS: Mapping[str, DeletionRule] = {rule.value: rule for rule in DeletionRule}
_ON_DELETE: Mapping[str, OnDelete] = {rule.value: rule for rule in OnDelete}
