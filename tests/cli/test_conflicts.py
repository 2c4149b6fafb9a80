"""conflicts, resolve, configure and settings."""

from tests.cli.command_line import Machine


def contest(machine: Machine, *values: str) -> str:
    """A document whose field ``n`` was written by several at once, and the token that they had seen."""
    machine.ok("put", "movies", "alien", "n=0")
    token = str(machine.ok("get", "movies", "alien", "--token", "--json").record["$token"])
    for value in values:
        machine.ok("put", "movies", "alien", f"n={value}", "--seen", token)
    return token


def named(machine: Machine, value: object = None, *, is_deletion: bool = False) -> str:
    """What the sibling with that value, or the deletion, is called in the one conflict that there is."""
    siblings = machine.ok("conflicts", "--json").record["siblings"]
    assert isinstance(siblings, list)
    [name] = [one["name"] for one in siblings if (one["value"], one["is_deletion"]) == (value, is_deletion)]
    return str(name)


def test_conflicts_are_listed(machine: Machine) -> None:
    """With every sibling, who wrote it and when, for people and as JSON; settled ones on request."""
    assert "no conflicts" in machine.ok("conflicts").err
    contest(machine, "1", "2")
    record = machine.ok("conflicts", "--json").record
    assert (record["collection"], record["id"], record["field"], record["value"]) == (
        "movies",
        "alien",
        "n",
        2,
    )
    assert (record["kind"], record["rule"], record["is_open"]) == ("values", "last_write", True)
    siblings = record["siblings"]
    assert isinstance(siblings, list)
    assert [(one["value"], one["is_shown"], one["device"]) for one in siblings] == [
        (2, True, 0),
        (1, False, 0),
    ]
    lines = machine.ok("conflicts", "movies").out.splitlines()
    assert lines[:2] == ["movies/alien n (last_write)", "  shows 2"]
    assert lines[2].startswith(f"  {siblings[0]['name']}  2  (device 0, ")
    assert lines[2].endswith(", shown)")
    machine.ok("configure", "movies", "--field", "n=max")
    assert machine.ok("conflicts", "--json").out == ""
    assert machine.ok("conflicts", "--all").out.startswith("movies/alien n (max, settled)")
    assert machine.ok("status", "--json").record["conflicts"] == 0


def test_conflicts_are_settled(machine: Machine) -> None:
    """With a sibling by its name, another value, or what is shown."""
    for how, value in (([], 1), (["--value", '"x"'], "x"), (["--accept"], 2)):
        contest(machine, "1", "2")
        arguments = how or ["--choose", named(machine, 1)]
        assert machine.ok("resolve", "movies", "alien", "n", *arguments).out == "resolved movies/alien n\n"
        assert machine.ok("get", "movies", "alien", "--json").record == {"$id": "alien", "n": value}
    for wrong in (["--choose", "bcdfgh"], ["--accept"]):
        assert machine.run("resolve", "movies", "alien", "n", *wrong).code == 1
    contest(machine, "1", "2")
    wrong_name = machine.run("resolve", "movies", "alien", "n", "--choose", "1")
    assert wrong_name.code == 1
    assert f"there are: {named(machine, 2)} (2), {named(machine, 1)} (1)" in wrong_name.err
    assert machine.run("resolve", "movies", "alien", "--accept").code == 1
    assert machine.run("resolve", "movies", "alien", "n").code == 2
    assert machine.run("resolve", "movies", "alien", "n", "--accept", "--choose", "1").code == 2


def test_nothing_is_settled_that_was_not_listed(machine: Machine) -> None:
    """With the list's token, what arrived since is not settled, whatever number it has; nor is the rest."""
    before = contest(machine, "1", "2")
    token = str(machine.ok("conflicts", "--json").record["token"])
    assert machine.ok("conflicts").out.splitlines()[-1] == f"  token {token}"
    machine.ok("put", "movies", "alien", "n=3", "--seen", before)
    refused = machine.run("resolve", "movies", "alien", "n", "--accept", "--seen", token, "--json")
    assert (refused.code, refused.error["error"]) == (1, "InvalidChange")
    assert machine.ok("get", "movies", "alien", "--json").record["n"] == 3
    contest(machine, "1", "2")
    token = str(machine.ok("conflicts", "--json").record["token"])
    machine.ok("resolve", "movies", "alien", "n", "--choose", named(machine, 1), "--seen", token)
    assert machine.ok("get", "movies", "alien", "--json").record["n"] == 1


def test_a_value_that_says_nothing_is_refused(machine: Machine) -> None:
    """JSON that is no value is not taken for text, as ``put`` does not; what is no JSON is text."""
    contest(machine, "1", "2")
    wrong = machine.run("resolve", "movies", "alien", "n", "--value", '{"$decimal": "x"}', "--json")
    assert (wrong.code, wrong.error["error"]) == (1, "InvalidValue")
    machine.ok("resolve", "movies", "alien", "n", "--value", "{a text")
    assert machine.ok("get", "movies", "alien", "--json").record["n"] == "{a text"


def test_a_deletion_is_settled(machine: Machine) -> None:
    """Without a field, what is settled is whether the document is there."""
    machine.ok("configure", "movies", "--deletion", "ask")
    machine.ok("put", "movies", "alien", "n=0")
    token = str(machine.ok("get", "movies", "alien", "--token", "--json").record["$token"])
    machine.ok("put", "movies", "alien", "n=1")
    machine.ok("delete", "movies", "alien", "--seen", token)
    assert machine.ok("conflicts").out.splitlines()[0] == "movies/alien (ask)"
    assert machine.run("resolve", "movies", "alien", "--value", "1").code == 1
    wrong_name = machine.run("resolve", "movies", "alien", "--choose", "deleted")
    assert f"{named(machine, is_deletion=True)} (deleted)" in wrong_name.err
    machine.ok("resolve", "movies", "alien", "--choose", named(machine, is_deletion=True))
    assert machine.ok("find", "movies", "--count").out == "0\n"


def test_settings(machine: Machine) -> None:
    """What is set adds up, is shown, and is taken away with unset; a wrong rule names the right ones."""
    machine.ok(
        "configure", "movies", "--default", "ask", "--field", "gross=max", "--field", "s=authority:a,b"
    )
    record = machine.ok(
        "configure", "movies", "--deletion", "delete_wins", "--field", "t=cents@2", "--json"
    ).record
    assert record == machine.ok("settings", "movies", "--json").record
    assert record == {
        "collection": "movies",
        "default": "ask",
        "deletion": "delete_wins",
        "fields": {"gross": "max", "s": "authority:a,b", "t": "cents@2"},
    }
    assert "cents@2" in machine.ok("status").out
    machine.ok("configure", "movies", "--field", "t=unset", "--field", "s=unset", "--default", "unset")
    assert machine.ok("settings", "movies").out == "movies: last_write, deletion delete_wins\n  gross: max\n"
    for argument, rule in (("--default", "greatest"), ("--field", "gross=greatest"), ("--deletion", "max")):
        refused = machine.run("configure", "movies", argument, rule)
        assert refused.code == 2
        assert f"error: argument {argument}: " in refused.err
    assert machine.run("configure", "movies", "--field", "gross").code == 2
    assert machine.run("settings", "$settings").code == 1


def test_constraints_are_set_and_shown(machine: Machine) -> None:
    """Unique fields and references are given whole, hold, are shown, and are taken away with unset."""
    machine.ok("configure", "people", "--unique", "email", "--unique", "first,last")
    text = machine.ok(
        "configure", "posts", "--reference", "by=people:cascade", "--reference", "editor=people"
    ).out
    assert "  by names people (cascade)\n  editor names people (set_null)\n" in text
    assert machine.ok("settings", "people", "--json").record["unique"] == [["email"], ["first", "last"]]
    assert machine.ok("settings", "posts", "--json").record["references"] == {
        "by": {"collection": "people", "on_delete": "cascade"},
        "editor": {"collection": "people", "on_delete": "set_null"},
    }
    assert "  unique: email\n  unique: first, last\n" in machine.ok("settings").out
    machine.ok("put", "people", "ann", "email=x")
    assert "people/ann has it" in machine.run("put", "people", "bob", "email=x").err
    assert "there is no people/bob" in machine.run("put", "posts", "p", "by=bob").err
    machine.ok("configure", "people", "--unique", "email")
    assert machine.ok("settings", "people", "--json").record["unique"] == [["email"]]
    assert "unique" not in machine.ok("configure", "people", "--unique", "unset", "--json").record
    assert "references" not in machine.ok("configure", "posts", "--reference", "unset", "--json").record
    assert machine.run("configure", "posts", "--reference", "by").code == 2
    assert machine.run("configure", "posts", "--reference", "by=people:never").code == 1
    assert machine.run("configure", "people", "--unique", "a,a").code == 1


def test_settings_of_all_collections(machine: Machine) -> None:
    """Without a collection, every one that has settings is shown, and that none has is said."""
    assert "no collection has settings" in machine.ok("settings").err
    machine.ok("put", "plain", "x", "n=0")
    machine.ok("configure", "movies", "--default", "ask")
    machine.ok("configure", "actors", "--deletion", "ask")
    assert [record["collection"] for record in machine.ok("settings", "--json").records] == [
        "actors",
        "movies",
    ]


def test_arguments_that_would_be_ignored(machine: Machine) -> None:
    """What has no meaning without --follow, or beside it, is refused."""
    assert "--follow" in machine.run("conflicts", "--timeout", "1").err
    assert machine.run("conflicts", "--timeout", "1").code == 2
    assert machine.run("conflicts", "--follow", "--all", "--timeout", "1").code == 2


def test_following(machine: Machine) -> None:
    """With --follow the list is printed now, and the command ends when its time is over."""
    contest(machine, "1", "2")
    record = machine.ok("conflicts", "--follow", "--timeout", "0.5", "--json").record
    conflicts = record["conflicts"]
    assert isinstance(conflicts, list)
    assert [one["id"] for one in conflicts] == ["alien"]
