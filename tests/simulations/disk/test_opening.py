"""What is taken for a database of ours when a file is opened; deaths amid it are in ``test_database.py``."""

from random import Random

import pytest

from simulations.disk.disk import Disk
from simulations.disk.opening import close, open_replica_file
from simulations.disk.statements import integer_pragma
from syncore.core.errors import NotAReplica
from tests.simulations.disk.deaths import Death

NAME = "a.db"


def make(disk: Disk, application_id: int = 7) -> None:
    """Make a file, or open one, and close it."""
    close(open_replica_file(disk, NAME, application_id=application_id))


def test_a_file_whose_making_was_interrupted_is_made_anew() -> None:
    """Wherever the power fails while a file is made, also when its first page is torn, it can be opened."""
    torn_headers = 0
    for operation in range(20):
        for seed in range(30):
            disk = Disk()
            death = Death(disk, operation, random=Random(seed))
            make(disk)
            left = death.next_disk()
            content = left.content(NAME) if NAME in left.names else b""
            torn_headers += bool(content) and not content.startswith(b"SQLite")
            connection = open_replica_file(left, NAME, application_id=7)
            assert integer_pragma(connection, "application_id") == 7
            close(connection)
    assert torn_headers


def test_what_is_not_ours_is_refused_and_not_touched() -> None:
    """Other bytes, and a database of another application, stay as they are, with nothing beside them."""
    disk = Disk()
    make(disk, 8)
    for content in (b"x", b"dear diary\n" * 500, bytes(4096), disk.content(NAME)):
        disk.put(NAME, content)
        with pytest.raises(NotAReplica):
            make(disk)
        assert (disk.names, disk.content(NAME)) == ((NAME,), content)


def test_the_log_of_a_dead_process_is_emptied_at_opening() -> None:
    """After a kill the log is copied into the file at once, so that it does not grow from life to life."""
    disk = Disk()
    connection = open_replica_file(disk, NAME, application_id=7)
    connection.execute("CREATE TABLE item (x)")
    killed = disk.after_kill()
    before = len(killed.content(NAME))
    again = open_replica_file(killed, NAME, application_id=7)
    assert len(killed.content(NAME)) > before
    close(again)
    close(connection)
