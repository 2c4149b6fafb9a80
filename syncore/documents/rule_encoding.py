"""Rules as the fields of a settings document (``docs/formats/entries.md``, "Settings").

Owns how rules are written there, and that reading is total: whatever stands in a settings document, of a
newer version or of a member that means harm, comes to some rule on every replica.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from syncore.codec.values import Value
from syncore.core.errors import InvalidName, Misused
from syncore.core.identifiers import check_name, name_problem
from syncore.core.limits import MAX_MARKED_BYTES
from syncore.documents.rules import (
    NO_RULES,
    Authority,
    CollectionRules,
    DeletionRule,
    ResolverName,
    Rule,
    Strategy,
    Unreadable,
)
from syncore.documents.structures import MAX_NUMBER

DEFAULT: Final = "default"
DELETION: Final = "deletion"
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
    )


def read_rule(value: object) -> Rule:
    """The rule that a value stands for, or that it stands for none that this version knows."""
    match value:
        case {"rule": str(name), **more} if not more and name in _STRATEGIES:
            return _STRATEGIES[name]
        case {"rule": "authority", "order": list(order), **more} if not more:
            return _read_authority(order)
        case {"rule": "resolver", "name": str(name), "version": int(version), **more} if not more:
            is_named = type(version) is int and 1 <= version <= MAX_NUMBER and not name_problem(name)
            return ResolverName(name, version) if is_named else _unreadable(name)
        case {"rule": str(name)}:
            return _unreadable(name)
        case _:
            return _unreadable("")


def _read_authority(order: list[object]) -> Rule:
    try:
        return Authority(order)  # type: ignore[arg-type]  # which it checks
    except (Misused, TypeError):  # TypeError: a label that is a list or a map
        return _unreadable("authority")


def _read_deletion(value: object) -> DeletionRule | Unreadable:
    found = _DELETIONS.get(value) if type(value) is str else None
    return _unreadable(str(value)) if found is None else found


def _unreadable(name: str) -> Unreadable:
    return Unreadable(repr(name[:_SHOWN_CHARACTERS]))


_STRATEGIES: Mapping[str, Strategy] = {strategy.value: strategy for strategy in Strategy}
_DELETIONS: Mapping[str, DeletionRule] = {rule.value: rule for rule in DeletionRule}
