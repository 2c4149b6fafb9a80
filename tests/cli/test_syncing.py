"""sync and watch."""

from pathlib import Path

from tests.cli.command_line import Machine, running_relay


def test_private(machine: Machine) -> None:
    """With nothing shared there is nothing to sync, which is no error."""
    outcome = machine.ok("sync")
    assert outcome.out == ""
    assert "nothing is shared" in outcome.err
    machine.ok("sync", "--follow", "--timeout", "5")


def test_watch_ends(machine: Machine) -> None:
    """A watch ends after the time that was given."""
    assert machine.ok("watch", "--timeout", "0.01", "--json").out == ""


def test_two_machines(machine: Machine, other: Machine, relay: str) -> None:
    """What two machines write apart is on both after each has synced."""
    machine.ok("put", "movies", "alien", 'votes={"$counter": 1}')
    machine.ok("share", relay)
    other.ok("join", machine.ok("invite").out.strip())
    for one in (machine, other):
        one.ok("put", "movies", "alien", "--increment", "votes=2")
        assert one.ok("status", "--json").record["unsent"] == 1
    for one in (machine, other, machine):
        record = one.ok("sync", "--timeout", "30", "--json").record
        assert (record["state"], record["unsent"]) == ("live", 0)
    assert machine.ok("get", "movies", "alien", "--json").record["votes"] == {"$counter": 5}
    assert machine.ok("digest").out == other.ok("digest").out
    assert " live" in machine.ok("sync", "--follow", "--timeout", "2").out


def test_no_relay(machine: Machine, tmp_path: Path) -> None:
    """Without its relay, sync gives up at once, or when the time is over, with exit status 4."""
    with running_relay(tmp_path / "store") as relay:
        machine.ok("share", relay)
    for more in ([], ["--timeout", "0.5"]):
        outcome = machine.run("sync", "--json", *more)
        assert (outcome.code, outcome.error["error"]) == (4, "ConnectionFailed")
    assert "offline" in machine.ok("sync", "--follow", "--timeout", "1").out
