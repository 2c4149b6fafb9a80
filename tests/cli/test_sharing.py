"""share, invite and join."""

from tests.cli.command_line import Machine


def test_share(machine: Machine, relay: str) -> None:
    """Sharing says where the space is and whom to compare with; a shared space is not shared again."""
    record = machine.ok("share", relay, "--json").record
    status = machine.ok("status", "--json").record
    assert record == {name: status[name] for name in ("space", "relay", "relay_key")}
    assert (status["state"], status["role"], status["devices"]) == ("shared", "owner", 1)
    assert machine.run("share", relay).code == 1


def test_share_nowhere(machine: Machine) -> None:
    """An address that is none, or where nobody answers, leaves the space private."""
    assert machine.run("share", "ftp://example.org").code == 1
    assert machine.run("share", "127.0.0.1:1").code == 4
    assert machine.ok("status", "--json").record["state"] == "private"


def test_invite(machine: Machine, other: Machine, relay: str) -> None:
    """The code stands alone on standard output; it makes a member with its role, once."""
    assert machine.run("invite").code == 1
    machine.ok("put", "movies", "alien", "title=Alien")
    machine.ok("share", relay)
    outcome = machine.ok("invite", "--role", "reader")
    assert len(outcome.out.splitlines()) == 1
    assert "reader" in outcome.err
    record = other.ok("join", outcome.out.strip(), "--json").record
    assert record["is_default"] is True
    assert other.ok("get", "movies", "alien", "--json").record["title"] == "Alien"
    assert other.ok("status", "--json").record["role"] == "reader"
    refused = other.run("put", "movies", "alien", "title=Aliens", "--json")
    assert (refused.code, refused.error["error"]) == (1, "NotPermitted")


def test_used_up(machine: Machine, other: Machine, relay: str) -> None:
    """A code that was used up is an invalid invitation."""
    machine.ok("share", relay)
    code = machine.ok("invite", "--json").record["code"]
    other.ok("join", str(code))
    third = Machine(other.folder / "third", other.capture)
    third.ok("init")
    outcome = third.run("join", str(code), "--json")
    assert (outcome.code, outcome.error["error"]) == (1, "InvalidInvitation")


def test_join_beside_own_documents(machine: Machine, other: Machine, relay: str) -> None:
    """A replica with documents of its own keeps its default space, and reaches the joined one by its id."""
    machine.ok("put", "movies", "alien", "title=Alien")
    machine.ok("share", relay)
    other.ok("put", "books", "dune", "title=Dune")
    outcome = other.ok("join", machine.ok("invite").out.strip())
    assert "--space" in outcome.err
    space = machine.ok("status", "--json").record["space"]
    assert other.ok("find", "movies", "--count").out == "0\n"
    assert other.ok("find", "movies", "--count", "--space", str(space)[:8]).out == "1\n"
    assert [record["state"] for record in other.ok("status", "--json").records] == ["private", "shared"]


def test_missing_keys(machine: Machine, relay: str) -> None:
    """Without its keys a shared replica can be read, not written, and the error says what is missing."""
    machine.ok("put", "movies", "alien", "title=Alien")
    machine.ok("share", relay)
    elsewhere = ["--keystore", str(machine.folder / "elsewhere")]
    machine.ok("get", "movies", "alien", *elsewhere)
    for command in (["put", "movies", "alien", "title=x"], ["sync"], ["invite"]):
        outcome = machine.run(*command, *elsewhere)
        assert outcome.code == 1
        assert "--keystore" in outcome.err
