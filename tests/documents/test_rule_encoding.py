"""Rules as they stand in settings documents: each comes back, and whatever stands there comes to some."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncore.core.errors import InvalidName, Misused
from syncore.core.limits import MAX_AUTHORITIES, MAX_NAME_BYTES
from syncore.documents.rule_encoding import (
    field_setting,
    read_rule,
    read_rules,
    rule_value,
    schema_hash,
    schema_value,
    validators_value,
)
from syncore.documents.rules import (
    NO_RULES,
    DeletionRule,
    ResolverName,
    Rule,
    SchemaSetting,
    Strategy,
    Unreadable,
)
from tests.documents.test_rules import RULES
from tests.documents.value_strategies import VALUES


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_rules_come_back(rule: Rule) -> None:
    """What is written for a rule is read as that rule."""
    assert read_rule(rule_value(rule)) == rule


def test_a_rule_of_another_version_is_not_written() -> None:
    """A rule that this version cannot read is not made up again."""
    with pytest.raises(Misused):
        rule_value(Unreadable("'median'"))


@pytest.mark.parametrize(
    "value",
    [
        *(None, "max", ["max"], {}, {"rule": 1}, {"rule": "median"}, {"rule": "max", "of": "day"}),
        *({"rule": "authority"}, {"rule": "authority", "order": "ab"}, {"rule": "authority", "order": []}),
        {"rule": "authority", "order": ["a", ["b"]]},
        {"rule": "authority", "order": [{}]},
        {"rule": "authority", "order": ["a"] * 2},
        {"rule": "authority", "order": [str(number) for number in range(MAX_AUTHORITIES + 1)]},
        *({"rule": "resolver", "name": "a", "version": version} for version in (True, 0, 2**63, "1", 1.0)),
        {"rule": "resolver", "name": "", "version": 1},
        {"rule": "resolver", "name": "a", "version": 1, "more": 1},
    ],
    ids=repr,
)
def test_what_is_no_rule_of_this_version_is_unreadable(value: object) -> None:
    """Rules of newer versions, and nonsense, are told from those that this one carries out."""
    assert isinstance(read_rule(value), Unreadable)


def test_a_settings_document_is_read_field_by_field() -> None:
    """Each setting stands alone: one that cannot be read does not cost the others."""
    rules = read_rules(
        {
            "default": {"rule": "max"},
            "deletion": "ask",
            ".default": {"rule": "min"},
            "..": {"rule": "cents"},
            ".": {"rule": "max"},
            "later": 1,
        }
    )
    assert (rules.default, rules.deletion) == (Strategy.MAX, DeletionRule.ASK)
    assert rules.fields == {"default": Strategy.MIN, ".": Unreadable("'cents'")}
    assert read_rules({}) == NO_RULES
    assert isinstance(read_rules({"deletion": 7}).deletion, Unreadable)


@given(
    st.dictionaries(
        st.text(max_size=6).map(lambda name: "." + name) | st.sampled_from(["default", "deletion"]), VALUES
    )
)
def test_reading_never_fails(values: dict[str, object]) -> None:
    """Whatever a member writes into a settings document, it comes to some rule for every field."""
    rules = read_rules(values)
    assert isinstance(rules.deletion, DeletionRule | Unreadable)
    assert all(isinstance(rule, Strategy | ResolverName | Unreadable) for rule in rules.fields.values())


def test_fields_with_rules_have_room_for_the_mark() -> None:
    """A field's name and its mark fit into a name; what is no field's name is refused."""
    assert field_setting("default") == ".default"
    assert len(field_setting("x" * (MAX_NAME_BYTES - 1))) == MAX_NAME_BYTES
    for name in ("", "a\n", "x" * MAX_NAME_BYTES, "é" * 127 + "x"):
        with pytest.raises(InvalidName):
            field_setting(name)


def test_schemas_and_validators_are_read_as_they_were_written() -> None:
    """With hash, version and names."""
    schema = {"properties": {"a": {"type": "string"}}}
    setting = SchemaSetting(hash=schema_hash(schema), version=3, schema=schema)
    names = (ResolverName("ordered", 1), ResolverName("other", 2))
    rules = read_rules({"schema": schema_value(setting), "validators": validators_value(names)})
    assert rules.schema == setting
    assert rules.validators == names
    assert rules.is_judged
    assert not read_rules({}).is_judged


@pytest.mark.parametrize(
    "value",
    [
        None,
        {"schema": {}, "hash": bytes(32), "version": 1},
        {"schema": {}, "hash": schema_hash({}), "version": True},
        {"schema": {}, "hash": schema_hash({}), "version": 0},
        {"schema": {}, "hash": schema_hash({}), "version": 1, "more": 1},
        {"schema": [], "hash": schema_hash({}), "version": 1},
    ],
)
def test_a_schema_that_is_written_in_another_way_is_not_judged_by(value: object) -> None:
    """A newer version, or nonsense: it is kept, and said."""
    assert isinstance(read_rules({"schema": value}).schema, Unreadable)


@pytest.mark.parametrize(
    "value",
    [3, [3], [{"name": "a"}], [{"name": "a", "version": True}], [{"name": "a", "version": 1}] * 17],
)
def test_validators_that_are_written_in_another_way_are_not_judged_by(value: object) -> None:
    """Likewise."""
    assert isinstance(read_rules({"validators": value}).validators, Unreadable)
