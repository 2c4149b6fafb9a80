"""``conflicts``, ``resolve``, ``configure`` and ``settings``: the commands about writes that disagree."""

import argparse
import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from syncore.cli.opening import chosen_space, looked_at, owned
from syncore.cli.output import Output, printable
from syncore.cli.schemas import read_schema
from syncore.cli.showing import cell
from syncore.cli.syncing import for_a_while, until_stopped
from syncore.codec.json_values import Json, datetime_text, parse_json
from syncore.core.errors import InvalidChange, InvalidValue, Misused
from syncore.core.references import OnDelete
from syncore.documents.changes import UNSET, Unset
from syncore.documents.operations import FieldKind
from syncore.documents.rules import (
    CollectionRules,
    DeletionRule,
    Rule,
    SchemaSetting,
    Unreadable,
    parse_deletion_rule,
    parse_rule,
)
from syncore.engine.space import Space
from syncore.exchange.json_forms import field_from_json, field_to_json
from syncore.replica.conflicts import Conflict, ConflictKind, ConflictSibling

_UNSET = "unset"
AnyRule = TypeVar("AnyRule")


def conflicts(options: argparse.Namespace, output: Output) -> int:
    """List the conflicts that wait for a decision."""
    if options.timeout is not None and not options.follow:
        options.refuse("--timeout is for how long to --follow")
    if options.all and options.follow:
        options.refuse("--follow shows what waits for a decision; --all is for a list of what is there now")
    return asyncio.run(_follow(options, output) if options.follow else _list(options, output))


def resolve(options: argparse.Namespace, output: Output) -> int:
    """Settle one conflict."""
    return asyncio.run(_resolve(options, output))


def configure(options: argparse.Namespace, output: Output) -> int:
    """Set by which rules conflicts of a collection are resolved."""
    fields: dict[str, Rule | Unset] = {}
    for word in options.field:
        name, separator, rule = word.partition("=")
        if not separator:
            options.refuse(f"argument --field: {word!r} is not FIELD=RULE")
        fields[name] = _rule(options, "--field", rule, parse_rule) or UNSET
    default = _rule(options, "--default", options.default, parse_rule)
    deletion = _rule(options, "--deletion", options.deletion, parse_deletion_rule)
    schema: dict[str, Json] | Unset | None = None
    if options.schema is not None:
        schema = UNSET if options.schema == _UNSET else read_schema(Path(options.schema))
    return asyncio.run(
        _configure(
            options,
            output,
            default=default,
            fields=fields,
            deletion=deletion,
            schema=schema,
            unique=_unique(options.unique),
            references=_references(options),
        )
    )


def settings(options: argparse.Namespace, output: Output) -> int:
    """Show by which rules conflicts of a collection are resolved, or of all that have any."""
    return asyncio.run(_settings(options, output))


def _rule(
    options: argparse.Namespace, argument: str, text: str | None, parse: Callable[[str], AnyRule]
) -> AnyRule | Unset | None:
    """The rule that an argument names; refused as a wrong argument where it is none."""
    if text is None or text == _UNSET:
        return None if text is None else UNSET
    try:
        return parse(text)
    except Misused as error:
        options.refuse(f"argument {argument}: {error}")
        raise


def _unique(words: list[str]) -> list[list[str]] | Unset | None:
    """What the arguments of ``--unique`` ask for, given whole; None if there are none."""
    if words == [_UNSET]:
        return UNSET
    return [word.split(",") for word in words] or None


def _references(options: argparse.Namespace) -> dict[str, tuple[str, str]] | Unset | None:
    """What the arguments of ``--reference`` ask for, given whole; None if there are none."""
    if options.reference == [_UNSET]:
        return UNSET
    found: dict[str, tuple[str, str]] = {}
    for word in options.reference:
        name, separator, target = word.rpartition("=")
        if not separator:
            options.refuse(f"argument --reference: {word!r} is not FIELD=COLLECTION or FIELD=COLLECTION:RULE")
        collection, colon, rule = target.rpartition(":")
        found[name] = (collection, rule) if colon else (target, OnDelete.SET_NULL.value)
    return found or None


async def _list(options: argparse.Namespace, output: Output) -> int:
    async with looked_at(options) as replica:
        found = await chosen_space(replica, options).conflicts(options.collection, resolved=options.all)
    _show(found, output)
    if not found:
        output.note("no conflicts")
    return 0


async def _follow(options: argparse.Namespace, output: Output) -> int:
    async with owned(options, output, sync=True) as replica:
        space = chosen_space(replica, options)
        with_status = [] if space.is_private else [until_stopped(space)]
        await for_a_while(options, _show_whenever(space, options.collection, output), *with_status)
    return 0


async def _show_whenever(space: Space, collection: str | None, output: Output) -> None:
    """Print the conflicts now and whenever they change."""
    async for found in space.watch_conflicts(collection):
        if output.is_json:
            output.result({"conflicts": [_json(conflict) for conflict in found]})
        else:
            _show(found, output)
            output.note(f"{len(found)} conflicts")
        output.flush()


async def _resolve(options: argparse.Namespace, output: Output) -> int:
    async with owned(options, output) as replica:
        space = chosen_space(replica, options)
        conflict = await _wanted(space, options)
        if options.seen not in (None, conflict.token):
            raise InvalidChange(
                f"{options.collection}/{options.id} has changed since it was listed with that token",
                hint="nothing was settled; `syncore conflicts` lists it as it is now",
            )
        if options.accept:
            await conflict.accept()
        elif options.choose is not None:
            await conflict.choose(options.choose)
        else:
            await conflict.set(_value(options.value))
        await replica.flush()
    place = {"collection": conflict.collection, "id": conflict.id, "field": conflict.field}
    output.result({**place, "action": "resolved"}, f"resolved {_place(conflict)}")
    return 0


async def _wanted(space: Space, options: argparse.Namespace) -> Conflict:
    for conflict in await space.conflicts(options.collection, resolved=True):
        if (conflict.id, conflict.field) == (options.id, options.field):
            return conflict
    what = "deletion" if options.field is None else f"field {options.field!r}"
    raise Misused(
        f"{options.collection}/{options.id} has no conflict about its {what}",
        hint="`syncore conflicts --all` lists them",
    )


async def _configure(
    options: argparse.Namespace,
    output: Output,
    *,
    default: Rule | Unset | None,
    fields: dict[str, Rule | Unset],
    deletion: DeletionRule | Unset | None,
    schema: dict[str, Json] | Unset | None,
    unique: list[list[str]] | Unset | None,
    references: dict[str, tuple[str, str]] | Unset | None,
) -> int:
    async with owned(options, output) as replica:
        collection = chosen_space(replica, options).collection(options.collection)
        rules = await collection.configure(
            default=default,
            fields=fields,
            deletion=deletion,
            schema=schema,
            unique=unique,
            references=references,
        )
        async for progress in collection.constraints():  # the program ends then, and nobody would go on
            if progress.total:
                output.progress.show(f"{progress.looked_at} of {progress.total} documents looked at")
        await replica.flush()
    _show_rules(options.collection, rules, output)
    return 0


async def _settings(options: argparse.Namespace, output: Output) -> int:
    async with looked_at(options) as replica:
        space = chosen_space(replica, options)
        if options.collection is None:
            found = await space.settings()
        else:
            found = {options.collection: await space.collection(options.collection).settings()}
    for name, rules in found.items():
        _show_rules(name, rules, output)
    if not found:
        output.note("no collection has settings")
    return 0


def _show_rules(collection: str, rules: CollectionRules, output: Output) -> None:
    fields = {name: str(rule) for name, rule in sorted(rules.fields.items())}
    record: dict[str, object] = {
        "collection": collection,
        "default": str(rules.default),
        "deletion": str(rules.deletion),
        "fields": fields,
    }
    lines = [
        f"{printable(collection)}: {printable(str(rules.default))}, deletion {printable(str(rules.deletion))}"
    ]
    lines += [f"  {printable(name)}: {printable(rule)}" for name, rule in fields.items()]
    if isinstance(rules.schema, SchemaSetting):
        record["schema"] = {"version": rules.schema.version, "hash": rules.schema.hash.hex()}
        lines.append(f"  schema of version {rules.schema.version}, {rules.schema.hash.hex()[:16]}")
    _show_constraints(rules, record, lines)
    output.result(record, "\n".join(lines))


def _show_constraints(rules: CollectionRules, record: dict[str, object], lines: list[str]) -> None:
    """Add what is asked of documents together, where anything is."""
    lacking = [
        name
        for name, setting in (("unique", rules.unique), ("references", rules.references))
        if isinstance(setting, Unreadable)
    ]
    if lacking:
        record["unreadable"] = lacking
        lines += [f"  {name}: set by a later version of syncore" for name in lacking]
    if rules.unique and not isinstance(rules.unique, Unreadable):
        record["unique"] = [list(fields) for fields in rules.unique]
        lines += [f"  unique: {printable(', '.join(fields))}" for fields in rules.unique]
    if rules.references and not isinstance(rules.references, Unreadable):
        named = sorted(rules.references.items())
        record["references"] = {
            name: {"collection": one.collection, "on_delete": str(one.on_delete)} for name, one in named
        }
        lines += [f"  {printable(name)} names {printable(str(one))}" for name, one in named]


def _show(found: list[Conflict], output: Output) -> None:
    for conflict in found:
        output.result(_json(conflict), _text(conflict))


def _json(conflict: Conflict) -> dict[str, Json]:
    """A conflict as a line of output."""
    return {
        "collection": conflict.collection,
        "id": conflict.id,
        "field": conflict.field,
        "kind": conflict.kind.value,
        "value": field_to_json(conflict.value, _kind(conflict)),
        "rule": conflict.rule,
        "is_open": conflict.is_open,
        "problem": conflict.problem,
        "siblings": [_sibling_json(sibling) for sibling in conflict.siblings],
        "token": conflict.token,
        "holder": None if conflict.holder is None else list(conflict.holder),
    }


def _sibling_json(sibling: ConflictSibling) -> dict[str, Json]:
    return {
        "name": sibling.name,
        "value": field_to_json(sibling.value, sibling.kind),
        "is_deletion": sibling.is_deletion,
        "is_shown": sibling.is_shown,
        "device": sibling.device,
        "author": sibling.author,
        "time": None if sibling.time is None else datetime_text(sibling.time),
        "label": sibling.label,
    }


def _text(conflict: Conflict) -> str:
    """A conflict for people: where and by which rule, then its siblings, named as ``--choose`` wants."""
    state = "" if conflict.is_open else ", settled"
    problem = f"; {printable(conflict.problem)}" if conflict.problem else ""
    holder = "" if conflict.holder is None else f": {printable('/'.join(conflict.holder))}"
    lines = [f"{_place(conflict)} ({printable(conflict.rule)}{holder}{state}{problem})"]
    if conflict.kind is ConflictKind.VALUES:
        lines.append(f"  shows {printable(cell(conflict.value))}")
    lines += [f"  {one.name}  {_sibling_text(one)}" for one in conflict.siblings]
    lines.append(f"  token {conflict.token}")
    return "\n".join(lines)


def _sibling_text(sibling: ConflictSibling) -> str:
    if sibling.kind is None:
        what = "deleted" if sibling.is_deletion else "changed"
    else:
        what = printable(cell(sibling.value))
    facts = [
        "" if sibling.device is None else f"device {sibling.device}",
        "" if sibling.author is None else f"of {sibling.author[:8]}",
        "" if sibling.time is None else datetime_text(sibling.time),
        printable(sibling.label),
        "shown" if sibling.is_shown else "",
    ]
    said = ", ".join(fact for fact in facts if fact)
    return f"{what}  ({said})" if said else what


def _place(conflict: Conflict) -> str:
    place = f"{printable(conflict.collection)}/{printable(conflict.id)}"
    return place if conflict.field is None else f"{place} {printable(conflict.field)}"


def _kind(conflict: Conflict) -> FieldKind | None:
    return next((sibling.kind for sibling in conflict.siblings if sibling.is_shown), None)


def _value(text: str) -> object:
    """JSON is what it says, and refused where it says nothing; anything else is text."""
    try:
        parsed = parse_json(text)
    except InvalidValue:
        return text
    return field_from_json(parsed)
