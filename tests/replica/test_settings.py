"""Collection settings: who may change them, what they come to, and that programs never meet them."""

from pathlib import Path

import pytest

from syncore.core.errors import InvalidName, Misused, NotPermitted
from syncore.core.identifiers import SETTINGS, DocumentKey
from syncore.core.ports import Durability
from syncore.documents.changes import UNSET, rewrite
from syncore.documents.resolvers import Resolver
from syncore.documents.rules import (
    NO_RULES,
    Authority,
    CollectionRules,
    DeletionRule,
    ResolverName,
    Strategy,
    Unreadable,
)
from syncore.protocol.control_payloads import Role
from syncore.replica.digesting import space_digest
from syncore.replica.intents import Intent, Verb
from syncore.replica.requests import CommitRequest
from syncore.storage.document_rows import DocumentRows
from tests.replica.databases import PrivateReplica, open_private
from tests.replica.world import make_world


async def test_only_what_is_given_changes(tmp_path: Path) -> None:
    """Settings add up, a rule is taken away with UNSET, and they are there when the file is opened again."""
    async with open_private(tmp_path / "a.db") as replica:
        notes = replica.collection()
        assert await notes.settings() == NO_RULES
        await notes.configure(default="ask", fields={"gross": "max", "title": "x@2"})
        await notes.configure(fields={"state": Authority(["chain"]), "title": Resolver("x", 3, len)})
        await notes.configure(deletion="delete_wins")
        wanted = CollectionRules(
            default=Strategy.ASK,
            fields={"gross": Strategy.MAX, "title": ResolverName("x", 3), "state": Authority(["chain"])},
            deletion=DeletionRule.DELETE_WINS,
        )
        assert await notes.settings() == wanted
    async with open_private(tmp_path / "a.db") as replica:
        notes = replica.collection()
        assert await notes.settings() == wanted
        await notes.configure(default=UNSET, fields=dict.fromkeys(wanted.fields, UNSET), deletion=UNSET)
        assert await notes.settings() == NO_RULES
        assert await replica.collection("tasks").settings() == NO_RULES


async def test_what_holds_already_is_not_written(tmp_path: Path) -> None:
    """A program may configure its collections whenever it starts."""
    async with open_private(tmp_path / "a.db") as replica:
        notes = replica.collection()
        await notes.configure(default=UNSET, fields={"title": UNSET}, deletion=UNSET)
        digest = await space_digest(replica.local, replica.number)
        assert replica.local.spaces[replica.number].next_number == 1
        for _ in range(2):
            await notes.configure(default="max", fields={"title": "ask"}, deletion="ask")
        assert replica.local.spaces[replica.number].next_number == 2
        assert await space_digest(replica.local, replica.number) != digest


async def test_wrong_settings_change_nothing(tmp_path: Path) -> None:
    """One wrong rule costs the whole call."""
    async with open_private(tmp_path / "a.db") as replica:
        notes = replica.collection()
        for attempt in (
            notes.configure(default="greatest"),
            notes.configure(fields={"a": "max", "b": "greatest"}),
            notes.configure(fields={"a": None}),  # type: ignore[dict-item]  # what is tested
            notes.configure(deletion="last_write"),
            notes.configure(fields={"": "max"}),
            notes.configure(fields={"x" * 255: "max"}),
        ):
            with pytest.raises((Misused, InvalidName)):
                await attempt
        assert await notes.settings() == NO_RULES


async def test_programs_never_meet_settings(tmp_path: Path) -> None:
    """They are in no list, no collection has their name, and a watcher is not told."""
    async with open_private(tmp_path / "a.db") as replica:
        await replica.collection().configure(default="max")
        assert await replica.local.read(lambda sql: DocumentRows(sql, replica.number).collections()) == []
        with pytest.raises(InvalidName, match="kept for syncore"):
            replica.collection(SETTINGS)
        async with replica.transaction() as transaction:
            with pytest.raises(InvalidName):
                await transaction.insert("$mine")
            with pytest.raises(InvalidName):
                await transaction.get(SETTINGS, "notes")


async def test_settings_converge(tmp_path: Path) -> None:
    """What two devices set at once is joined setting by setting; of one setting the last write holds."""
    _, devices = make_world(tmp_path, "settings", 3)
    for device in devices:
        await device.open()
    first, second, third = (device.collection("notes") for device in devices)
    await first.configure(default="ask", fields={"a": "max", "both": "min"})
    devices[1].clock.time_ms += 10_000
    await second.configure(fields={"b": "union", "both": "max"}, deletion="ask")
    for _ in range(2):
        for device in devices:
            await device.exchange()
    wanted = CollectionRules(
        default=Strategy.ASK,
        fields={"a": Strategy.MAX, "b": Strategy.UNION, "both": Strategy.MAX},
        deletion=DeletionRule.ASK,
    )
    assert [await one.settings() for one in (first, second, third)] == [wanted] * 3
    assert len({await space_digest(device.local, device.number) for device in devices}) == 1
    assert await devices[2].inbox.conflicts(None, resolved=True) == []
    for device in devices:
        await device.close()


async def test_a_reader_cannot_configure(tmp_path: Path) -> None:
    """Settings are written like documents."""
    _, devices = make_world(tmp_path, "reader", 2, [Role.OWNER, Role.READER])
    for device in devices:
        await device.open()
        await device.exchange()
    with pytest.raises(NotPermitted):
        await devices[1].collection("notes").configure(default="max")
    for device in devices:
        await device.close()


async def write_setting(replica: PrivateReplica, collection: str, **fields: object) -> None:
    """What another version, or a member that means harm, writes into a settings document."""
    intent = Intent(verb=Verb.PUT, key=DocumentKey(SETTINGS, collection), changes=fields)
    await replica.local.commit(CommitRequest(replica.number, (intent,), Durability.NORMAL))


async def test_rules_of_another_version_are_kept(tmp_path: Path) -> None:
    """They stay in the settings, are named in the status, and the last write is shown meanwhile."""
    async with open_private(tmp_path / "a.db") as replica:
        notes = replica.collection()
        await write_setting(replica, "notes", **{".n": {"rule": "median"}, "deletion": "vote", "default": 7})
        rules = await notes.configure(fields={"other": "max"})
        assert (rules.fields["n"], rules.deletion) == (Unreadable("'median'"), Unreadable("'vote'"))
        lacking = replica.local.default_space.lacking_rules()
        assert [sentence.split(":")[0] for sentence in lacking] == [
            *("notes, the default", "notes, n", "notes, deletion")
        ]
        made = await notes.insert({"n": 1}, id="a")
        await notes.update("a", n=2)
        shown = await notes.update("a", n=3, seen=made.token)
        assert (shown["n"], shown.conflicts) == (3, ("n",))
        assert (await notes.configure(fields={"n": "max"})).fields["n"] is Strategy.MAX


async def test_a_transaction_that_is_open_commits_by_the_settings_of_the_moment(tmp_path: Path) -> None:
    """What was planned before they changed is planned anew."""
    async with open_private(tmp_path / "a.db") as replica:
        notes = replica.collection()
        made = await notes.insert({"n": 0}, id="a")
        for value in (5, 2):
            await notes.update("a", n=value, seen=made.token)
        async with replica.transaction() as transaction:
            await transaction.update(("notes", "a"), n=rewrite(lambda shown: shown * 10))
            assert (await transaction.get("notes", "a"))["n"] == 20
            await notes.configure(fields={"n": "max"})
        assert (await notes.get("a"))["n"] == 50
