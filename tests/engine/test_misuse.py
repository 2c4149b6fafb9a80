"""Wrong types at every public entry: an error that names what was wrong, and nothing changed."""

import inspect
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from syncore import (
    Authority,
    Candidate,
    Collection,
    Counter,
    List,
    LocalError,
    Replica,
    Resolver,
    Set,
    Text,
    add,
    asserted,
    increment,
    remove,
    splice,
    where,
)
from syncore.codec.values import Value

WRONG: dict[str, object] = {
    "number": 7,
    "text": "a word",
    "list": [("a", 1)],
    "object": object(),
    "bytes": b"x",
}
"""Arguments of types that programs pass by mistake; each entry says which of them are wrong for it."""
ALL = frozenset(WRONG)
NOT_TEXT = ALL - {"text"}

Call = Callable[[Any, Any], Any]
"""What is called, with the open replica and the wrong argument."""


def first(candidates: Sequence[Candidate]) -> Value:
    """A resolver's function."""
    return candidates[0].value


def documents(replica: Replica) -> Collection:
    """The collection that is written to."""
    return replica.collection("notes")


ENTRIES: dict[str, tuple[Call, frozenset[str], str]] = {
    "collection name": (lambda r, x: r.collection(x), NOT_TEXT, "collection|Model"),
    "space collection name": (lambda r, x: r.space.collection(x), NOT_TEXT, "collection|Model"),
    "insert fields": (lambda r, x: documents(r).insert(x), ALL, "fields"),
    "insert id": (lambda r, x: documents(r).insert({}, id=x), NOT_TEXT, "id"),
    "insert durability": (lambda r, x: documents(r).insert({}, durability=x), ALL, "durability"),
    "update document": (lambda r, x: documents(r).update(x, n=1), NOT_TEXT, "document"),
    "update fields": (lambda r, x: documents(r).update("a", x), ALL, "fields"),
    "update seen": (lambda r, x: documents(r).update("a", n=1, seen=x), ALL, "token"),
    "update field name": (lambda r, x: documents(r).update("a", {x: 1}), NOT_TEXT - {"list"}, "field.*name"),
    "insert field name": (lambda r, x: documents(r).insert({x: 1}), NOT_TEXT - {"list"}, "field.*name"),
    "delete document": (lambda r, x: documents(r).delete(x), NOT_TEXT, "document"),
    "delete seen": (lambda r, x: documents(r).delete("a", seen=x), ALL, "token"),
    "get id": (lambda r, x: documents(r).get(x), NOT_TEXT, "id"),
    "find_one id": (lambda r, x: documents(r).find_one(x), NOT_TEXT, "id"),
    "find expression": (lambda r, x: documents(r).find(x), ALL, "expression"),
    "find where": (lambda r, x: documents(r).find(where=x), ALL, "where"),
    "find order_by": (lambda r, x: documents(r).find(order_by=x), ALL - {"text"}, "field"),
    "find limit": (lambda r, x: documents(r).find(limit=x), ALL - {"number"}, "limit"),
    "find after": (lambda r, x: documents(r).find(after=x).first(), ALL, "token"),
    "query page": (lambda r, x: documents(r).find().page(x), ALL - {"number"}, "page"),
    "siblings document": (lambda r, x: documents(r).siblings(x, "n"), NOT_TEXT, "document"),
    "siblings field": (lambda r, x: documents(r).siblings("a", x), NOT_TEXT, "field"),
    "configure default": (lambda r, x: documents(r).configure(default=x), ALL, "rule|resolver"),
    "configure fields": (lambda r, x: documents(r).configure(fields=x), ALL, "fields"),
    "configure a field's name": (
        lambda r, x: documents(r).configure(fields={x: "max"}),
        NOT_TEXT - {"list"},
        "field",
    ),
    "configure a field's rule": (lambda r, x: documents(r).configure(fields={"n": x}), ALL, "rule|resolver"),
    "configure deletion": (lambda r, x: documents(r).configure(deletion=x), ALL, "rule"),
    "configure schema": (lambda r, x: documents(r).configure(schema=x), ALL, "schema"),
    "configure validators": (lambda r, x: documents(r).configure(validators=x), ALL, "[Vv]alidator"),
    "undo": (lambda r, x: documents(r).undo(x), NOT_TEXT, "document"),
    "redo": (lambda r, x: documents(r).redo(x), NOT_TEXT, "document"),
    "undo durability": (lambda r, x: documents(r).undo("a", durability=x), ALL, "durability"),
    "can_undo": (lambda r, x: documents(r).can_undo(x), NOT_TEXT, "document"),
    "create_index fields": (lambda r, x: documents(r).create_index(x), NOT_TEXT, "field"),
    "create_index name": (lambda r, x: documents(r).create_index("n", name=x), NOT_TEXT, "name"),
    "create_index where": (lambda r, x: documents(r).create_index("n", where=x), ALL, "expression"),
    "create_index kind": (lambda r, x: documents(r).create_index("n", kind=x), ALL, "kind"),
    "drop_index name": (lambda r, x: documents(r).drop_index(x), ALL, "index"),
    "transaction durability": (lambda r, x: r.transaction(durability=x), ALL, "durability"),
    "explain document": (lambda r, x: r.space.explain(x, "n"), ALL, "document"),
    "explain field": (lambda r, x: r.space.explain(("notes", "a"), x), NOT_TEXT, "field"),
    "conflicts collection": (lambda r, x: r.space.conflicts(x), NOT_TEXT, "collection"),
    "invalid collection": (lambda r, x: r.space.invalid(x), NOT_TEXT, "collection"),
    "sql query": (lambda r, x: r.sql(x), NOT_TEXT, "query"),
    "sql parameters": (
        lambda r, x: r.sql("select ?", x),
        frozenset({"number", "text", "object", "bytes"}),
        "param",
    ),
    "sql limit": (lambda r, x: r.sql("select 1", limit=x), ALL - {"number"}, "limit"),
    "sql timeout": (lambda r, x: r.sql("select 1", timeout_s=x), ALL - {"number"}, "timeout"),
    "presence ttl": (lambda r, x: r.space.presence.set(1, ttl=x), ALL - {"number"}, "ttl"),
    "presence value": (lambda r, x: r.space.presence.set(x), frozenset({"object"}), "object"),
    "share relay": (lambda r, x: r.share(x), NOT_TEXT, "address|relay"),
    "join code": (lambda r, x: r.join(x), NOT_TEXT, "code|invitation"),
    "invite role": (lambda r, x: r.space.invite(role=x), ALL, "role"),
    "invite uses": (lambda r, x: r.space.invite(uses=x), ALL - {"number"}, "uses"),
    "invite days": (lambda r, x: r.space.invite(days=x), ALL - {"number"}, "days|last"),
    "open path": (lambda _, x: Replica.open(x), ALL - {"text"}, "path"),
    "open keystore": (lambda _, x: Replica.open("x.db", keystore=x), ALL - {"text"}, "keystore"),
    "open resolvers": (lambda _, x: Replica.open("x.db", resolvers=x), ALL, "[Rr]esolver"),
    "open validators": (lambda _, x: Replica.open("x.db", validators=x), ALL, "[Vv]alidator"),
    "Authority": (lambda _, x: Authority(x), ALL, "authorit"),
    "Authority label": (lambda _, x: Authority([x]), NOT_TEXT, "authority"),
    "Authority labels in one": (lambda _, _x: Authority(["a,b"]), frozenset({"text"}), "authority"),
    "Resolver name": (lambda _, x: Resolver(x, 1, first), NOT_TEXT, "resolver"),
    "Resolver version": (lambda _, x: Resolver("a", x, first), ALL - {"number"}, "resolver"),
    "Resolver function": (lambda _, x: Resolver("a", 1, x), ALL, "resolver"),
    "Counter": (lambda r, x: documents(r).insert({"f": Counter(x)}), ALL - {"number"}, "[Cc]ounter|int"),
    "Text": (lambda r, x: documents(r).insert({"f": Text(x)}), NOT_TEXT, "[Tt]ext|str"),
    "List": (lambda r, x: documents(r).insert({"f": List(x)}), ALL - {"list"}, "list|[Ii]tems"),
    "Set": (lambda r, x: documents(r).insert({"f": Set(x)}), ALL - {"list"}, "Set takes"),
    "increment": (
        lambda r, x: documents(r).update("a", f=increment(x)),
        ALL - {"number"},
        "int|counter|amount",
    ),
    "add": (
        lambda r, x: documents(r).update("a", f=add(x)),
        frozenset({"list", "object"}),
        "element|object|list",
    ),
    "remove": (
        lambda r, x: documents(r).update("a", s=remove(x)),
        frozenset({"list", "object"}),
        "element|object|list",
    ),
    "splice": (
        lambda r, x: documents(r).update("a", t=splice(x, 0, "")),
        ALL - {"number"},
        "position|splice",
    ),
    "asserted": (lambda r, x: documents(r).update("a", n=asserted(1, x)), NOT_TEXT, "authority|label"),
    "where in_": (lambda _, x: where.n.in_(x), ALL - {"list"}, "in_|compared"),
    "where startswith": (lambda _, x: where.n.startswith(x), NOT_TEXT, "startswith"),
}

CASES = [(name, kind) for name, (_, wrong, _) in ENTRIES.items() for kind in sorted(wrong)]


@pytest.mark.parametrize(("name", "kind"), CASES, ids=[f"{name}-{kind}" for name, kind in CASES])
async def test_wrong_types_are_named(
    tmp_path: Path, name: str, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is passed where something else is meant, the error says so; nothing was changed or made."""
    monkeypatch.chdir(tmp_path)
    call, _, said = ENTRIES[name]
    async with Replica.open(tmp_path / "a.db", keystore=tmp_path / "keys", sync=False) as replica:
        await documents(replica).insert({"n": 1, "s": {1}, "t": Text("text")}, id="a")
        before = await replica.space.digest()
        with pytest.raises(LocalError, match=said):
            await finished(call(replica, WRONG[kind]))
        assert await replica.space.digest() == before
        assert await documents(replica).indexes() == []
    assert left_behind(tmp_path) == []


def left_behind(folder: Path) -> list[str]:
    """The files of a replica that should not have been made."""
    return [file.name for file in folder.glob("x.db*")]


async def finished(result: object) -> None:
    """Await what a call gave, if it can be awaited."""
    if inspect.isawaitable(result):
        await result
