"""index list, add and drop."""

from tests.cli.command_line import Machine


def test_indexes(machine: Machine) -> None:
    """An index is added and built, listed, used, and dropped."""
    for name, year in (("alien", 1979), ("aliens", 1986)):
        machine.ok("put", "movies", name, f"year={year}", 'tags={"$set": ["scifi"]}')
    assert "no indexes" in machine.ok("index", "list").err
    assert machine.ok("index", "add", "movies", "year,-title").out == "built movies: year, -title\n"
    made = machine.ok(
        *("index", "add", "movies", "tags", "--each", "--name", "tags", "--where", "year > 1980", "--json")
    ).record
    assert (made["name"], made["is_complete"], made["built"], made["action"]) == ("tags", True, 2, "built")
    machine.ok("index", "add", "movies", "title", "--hash")
    listed = machine.ok("index", "list", "--json").records
    assert [one["name"] for one in listed[:2]] == ["year, -title", "tags"]
    assert len(listed) == len(machine.ok("index", "list", "movies", "--json").records) == 3
    assert "complete" in machine.ok("index", "list", "movies").out
    assert "index year, -title" in machine.ok("find", "movies", "--where", "year = 1979", "--explain").out
    assert machine.ok("index", "drop", "movies", "tags").out == "dropped movies: tags\n"
    assert len(machine.ok("index", "list", "--json").records) == 2


def test_wrong_uses(machine: Machine) -> None:
    """An action is needed; an index that is not there, and a wrong condition, are errors."""
    assert machine.run("index").code == 2
    assert machine.run("index", "add", "movies").code == 2
    assert machine.run("index", "drop", "movies", "year").code == 1
    assert "at character 7" in machine.run("index", "add", "movies", "year", "--where", "year >").err
