"""init, status and digest."""

from tests.cli.command_line import Machine


def test_init(machine: Machine) -> None:
    """Making a replica again changes nothing."""
    machine.ok("put", "movies", "alien", "title=Alien")
    assert machine.ok("init", "--json").record == {"replica": str(machine.replica), "is_new": False}
    assert "title: Alien" in machine.ok("get", "movies", "alien").out


def test_private_status(machine: Machine) -> None:
    """A private space has documents and conflicts, and nothing to do with relays."""
    machine.ok("put", "movies", "alien", "title=Alien")
    record = machine.ok("status", "--json").record
    assert (record["state"], record["documents"], record["conflicts"]) == ("private", 1, 0)
    assert "relay" not in record
    assert machine.ok("status").out.startswith("space private: private, the default\n  documents: 1\n")


def test_digest(machine: Machine, other: Machine) -> None:
    """A digest is printed for the space, the same in status and without the keystore."""
    machine.ok("put", "movies", "alien", "title=Alien")
    digest = machine.ok("digest", "--json").record["digest"]
    assert machine.ok("status", "--digest", "--json").record["digest"] == digest
    assert machine.ok("digest", "--keystore", "/nowhere").out == f"{digest}  private\n"
    assert other.ok("digest", "--json").record["digest"] != digest


def test_unknown_space(machine: Machine) -> None:
    """A space that is not there is an error, wherever it is named."""
    for command in (["status"], ["digest"], ["find", "movies"], ["put", "movies", "a=1"]):
        outcome = machine.run(*command, "--space", "ff")
        assert outcome.code == 1
        assert "no space" in outcome.err
