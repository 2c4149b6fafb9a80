"""Sharing, inviting and joining: who may, how often, for how long, and what becomes the default space."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path

import pytest

from relay.server import RelayServer
from syncore import Replica, Space, SyncState
from syncore.core.errors import (
    ConnectionFailed,
    DocumentNotFound,
    InvalidInvitation,
    Misused,
    NotPermitted,
    Refused,
    WrongRelay,
)
from syncore.protocol.refusal_codes import RefusalCode
from tests.relay.device import running_relay
from tests.sync.waiting import converged, synced

INSTANT_DAYS = 1.2e-6  # 100 ms


@pytest.fixture
async def relay(tmp_path: Path) -> AsyncIterator[RelayServer]:
    """A real relay in this process."""
    async with running_relay(tmp_path / "relay") as relay:
        yield relay


@pytest.fixture
async def owner(tmp_path: Path) -> AsyncIterator[Replica]:
    """A replica that will own a space."""
    async with Replica.open(tmp_path / "a.db", keystore=tmp_path / "keys-a") as replica:
        await replica.collection("notes").insert({"n": 1}, id="first")
        yield replica


@pytest.fixture
async def guest(tmp_path: Path) -> AsyncIterator[Replica]:
    """A replica that will join it."""
    async with Replica.open(tmp_path / "b.db", keystore=tmp_path / "keys-b") as replica:
        yield replica


async def shared(owner: Replica, relay: RelayServer) -> Space:
    """The owner's space, synced."""
    space = await owner.share(relay.address)
    await synced(space)
    return space


async def test_a_private_space_keeps_to_itself(owner: Replica) -> None:
    """Private: no relay, no invitation, synced at once."""
    space = owner.space
    assert (space.is_private, space.relay, space.relay_key) == (True, None, None)
    assert space.status().state is SyncState.PRIVATE
    await synced(space)
    with pytest.raises(Misused, match="share"):
        await space.invite()


async def test_sharing_keeps_the_space_that_the_program_holds(owner: Replica, relay: RelayServer) -> None:
    """What was the private space is the shared one: same documents, same objects, and no second sharing."""
    before, notes = owner.space, owner.collection("notes")
    space = await shared(owner, relay)
    assert space == before == owner.space
    assert len(owner.spaces) == 1
    assert (space.relay, space.relay_key) == (relay.address, relay.public_key.hex())
    assert await notes.get("first") is not None
    digest = await space.digest()
    with pytest.raises(Misused, match="shared already"):
        await owner.share(relay.address)
    assert await space.digest() == digest


@pytest.mark.parametrize(
    "address",
    [
        "",
        "http://127.0.0.1:1",
        "ws://",
        "ws://[::1",
        "ws://127.0.0.1:notaport",
        "ws://127.0.0.1:99999",
        "ws://host with space:1",
        "ws://relay.example.org:8787",
        "ws://192.0.2.1:8787",
        "ws://user:password@127.0.0.1:1",
        "ws://127.0.0.1:1/#part",
        "ws://" + "a" * 300,
        "::::",
        "\0",
    ],
)
async def test_addresses_of_no_relay_are_refused(owner: Replica, address: str) -> None:
    """What cannot be a relay's address, or would leave this machine unencrypted, is refused at once."""
    with pytest.raises(Misused):
        await owner.share(address)
    assert owner.space.is_private


async def test_a_relay_that_is_down_leaves_the_space_private(owner: Replica, guest: Replica) -> None:
    """Nobody at the address: the space stays private, a joiner stays as it was."""
    with pytest.raises(ConnectionFailed):
        await owner.share("ws://127.0.0.1:9")
    assert owner.space.is_private
    with pytest.raises(ConnectionFailed):
        await guest.join("NLSBU5Q5R5ZON4YGMLPQVE2Z@127.0.0.1:9")
    assert len(guest.spaces) == 1


async def test_an_empty_replica_takes_the_joined_space_as_default(
    owner: Replica, guest: Replica, relay: RelayServer
) -> None:
    """Joining makes the space the default one where nothing was written yet."""
    space = await shared(owner, relay)
    joined = await guest.join(await space.invite())
    assert guest.space == joined
    await converged(space, joined)
    assert await guest.collection("notes").get("first") is not None


async def test_a_replica_with_documents_keeps_its_default(
    owner: Replica, guest: Replica, relay: RelayServer
) -> None:
    """Joining leaves the default space where something was written, unless the program says otherwise."""
    space = await shared(owner, relay)
    await guest.collection("mine").insert({"n": 1}, id="own")
    joined = await guest.join(await space.invite())
    assert guest.space.is_private
    assert joined in guest.spaces
    await converged(space, joined)
    assert await joined.collection("notes").get("first") is not None
    with pytest.raises(DocumentNotFound):
        await guest.collection("notes").get("first")


@pytest.mark.parametrize("is_default", [True, False])
async def test_the_program_may_choose_the_default(
    owner: Replica,
    guest: Replica,
    relay: RelayServer,
    is_default: bool,  # noqa: FBT001 - a case
) -> None:
    """``default`` decides, also after reopening, and nothing of the other space is lost."""
    space = await shared(owner, relay)
    await guest.collection("mine").insert({"n": 1}, id="own")
    private = guest.space
    joined = await guest.join(await space.invite(), default=is_default)
    assert guest.space == (joined if is_default else private)
    assert await private.collection("mine").get("own") is not None


async def test_nobody_joins_twice(owner: Replica, guest: Replica, relay: RelayServer) -> None:
    """A member that joins again is told so, and uses nothing up."""
    space = await shared(owner, relay)
    code = await space.invite(uses=2)
    joined = await guest.join(code)
    with pytest.raises(Misused, match="already"):
        await guest.join(code)
    with pytest.raises(Misused, match="already"):
        await owner.join(code)
    assert guest.spaces.count(joined) == 1
    await converged(space, joined)


async def test_an_invitation_is_used_up(
    owner: Replica, guest: Replica, relay: RelayServer, tmp_path: Path
) -> None:
    """After its last use a code is refused, with a reason, and the late-comer is as before."""
    space = await shared(owner, relay)
    code = await space.invite()
    await guest.join(code)
    async with Replica.open(tmp_path / "c.db", keystore=tmp_path / "keys-c") as late:
        with pytest.raises(InvalidInvitation, match=r"used up|spent"):
            await late.join(code)
        assert len(late.spaces) == 1
        await late.join(await space.invite())


async def test_an_invitation_expires(owner: Replica, guest: Replica, relay: RelayServer) -> None:
    """A code that lasts no time at all, or no longer, is refused."""
    space = await shared(owner, relay)
    try:
        code = await space.invite(days=INSTANT_DAYS)
    except Refused as refusal:  # on a machine so slow that the relay says it already now
        assert refusal.code == RefusalCode.INVITATION_EXPIRED.value  # noqa: PT017 - one of two ends
        return
    await asyncio.sleep(0.15)  # longer than the code lasts
    with pytest.raises(InvalidInvitation, match="expired"):
        await guest.join(code)
    assert len(guest.spaces) == 1


async def test_mistyped_codes_are_told_from_unknown_ones(
    owner: Replica, guest: Replica, relay: RelayServer
) -> None:
    """Each wrong character is noticed before anything is sent; a well-formed code of nobody by the relay."""
    space = await shared(owner, relay)
    code = await space.invite()
    secret, _, host = code.partition("@")
    for place in (0, 7, 23):
        other = "A" if secret[place] != "A" else "B"
        with pytest.raises(InvalidInvitation, match="mistyped"):
            await guest.join(f"{secret[:place]}{other}{secret[place + 1 :]}@{host}")
    for wrong in (
        "",
        "@",
        secret,
        f"{secret[:-1]}@{host}",
        f"{secret}@",
        f"{secret}@nowhere",
        f"0{secret[1:]}@{host}",
    ):
        with pytest.raises(InvalidInvitation):
            await guest.join(wrong)
    with pytest.raises(InvalidInvitation, match="does not know"):
        await guest.join(f"NLSBU5Q5R5ZON4YGMLPQVE2Z@{host}")
    assert len(guest.spaces) == 1
    await guest.join(f"  {secret.lower()[:8]}-{secret[8:]}@{host}  ")


async def test_a_code_leads_to_its_own_relay_only(
    owner: Replica, guest: Replica, relay: RelayServer, tmp_path: Path
) -> None:
    """At another relay's address a code is unknown; a relay with another key there is not trusted."""
    space = await shared(owner, relay)
    code = await space.invite()
    async with running_relay(tmp_path / "other") as other:
        host = other.address.removeprefix("ws://")
        with pytest.raises((InvalidInvitation, WrongRelay)):
            await guest.join(f"{code.partition('@')[0]}@{host}")
    await guest.join(code)


@pytest.mark.parametrize(
    "arguments",
    [
        {"role": "king"},
        {"role": ""},
        {"uses": 0},
        {"uses": 1_001},
        {"days": 0},
        {"days": -1},
        {"days": float("nan")},
        {"days": float("inf")},
        {"days": 1e300},
        {"days": 1e-12},
    ],
)
async def test_invitations_that_make_no_sense_are_refused(
    owner: Replica, relay: RelayServer, arguments: dict[str, object]
) -> None:
    """Unknown roles, and uses and days out of range, are refused before anything is written."""
    space = await shared(owner, relay)
    with pytest.raises(Misused):
        await space.invite(**arguments)  # type: ignore[arg-type]
    await synced(space)
    await space.invite()


async def test_roles_bind(owner: Replica, guest: Replica, relay: RelayServer, tmp_path: Path) -> None:
    """A reader neither writes nor invites, a writer does not invite, an admin invites up to its own role."""
    space = await shared(owner, relay)
    joined = await guest.join(await space.invite(role="reader"))
    await converged(space, joined)
    before = await joined.digest()
    with pytest.raises(NotPermitted):
        await guest.collection("notes").insert({"n": 2})
    with pytest.raises(NotPermitted):
        async with guest.transaction() as transaction:
            await transaction.update(("notes", "first"), n=3)
    with pytest.raises(NotPermitted):
        await joined.invite(role="reader")
    assert await joined.digest() == before
    await owner.collection("notes").update("first", n=5)
    await converged(space, joined)
    async with (
        Replica.open(tmp_path / "c.db", keystore=tmp_path / "keys-c") as writer,
        Replica.open(tmp_path / "d.db", keystore=tmp_path / "keys-d") as admin,
        Replica.open(tmp_path / "e.db", keystore=tmp_path / "keys-e") as last,
    ):
        written = await writer.join(await space.invite(role="writer"))
        await writer.collection("notes").insert({"n": 6})
        with pytest.raises(NotPermitted):
            await written.invite()
        managed = await admin.join(await space.invite(role="admin"))
        with pytest.raises(NotPermitted):
            await managed.invite(role="owner")
        final = await last.join(await managed.invite(role="writer"))
        await last.collection("notes").insert({"n": 7})
        await converged(space, joined, written, managed, final)


async def test_a_member_can_write_as_soon_as_it_joined(
    owner: Replica, guest: Replica, relay: RelayServer
) -> None:
    """join() returns when the device is admitted: writing needs no further wait."""
    space = await shared(owner, relay)
    joined = await guest.join(await space.invite())
    await guest.collection("notes").insert({"n": 2}, id="second")
    await converged(space, joined)
    assert await owner.collection("notes").get("second") is not None


@pytest.mark.parametrize("turns", [1, 4, 8, 12, 16, 24, 32, 48])
async def test_a_cancelled_share_or_join_can_be_finished(
    relay: RelayServer, owner: Replica, guest: Replica, turns: int
) -> None:
    """Cancelled at any moment, each has not happened, and can be tried again, or it works."""
    await _cancelled_after(turns, owner.share(relay.address))
    if owner.space.is_private:
        await owner.share(relay.address)
    await synced(owner.space)
    code = await owner.space.invite()
    await _cancelled_after(turns, guest.join(code))
    if guest.space.is_private:
        await guest.join(code)
    await converged(owner.space, guest.space)


async def _cancelled_after(turns: int, work: Coroutine[object, object, Space]) -> None:
    """Let the work go on for some milliseconds, cancel it, and let what it began come to its end."""
    task = asyncio.ensure_future(work)
    await asyncio.wait([task], timeout=turns / 1000)
    task.cancel()
    await asyncio.wait([task])
    await asyncio.wait([asyncio.ensure_future(asyncio.sleep(0.2))])


async def test_conflicts_of_a_space(owner: Replica, guest: Replica, relay: RelayServer) -> None:
    """Two members disagree: both list it, live too; one decides, and both are rid of it."""
    space = await shared(owner, relay)
    joined = await guest.join(await space.invite())
    await joined.synced()
    await owner.collection("notes").configure(fields={"n": "ask"})
    made = await owner.collection("notes").insert({"n": 0})
    await converged(space, joined)
    async with guest.space.watch() as changes:
        lists = joined.watch_conflicts()
        assert await anext(lists) == []
        for replica in (owner, guest):
            await replica.collection("notes").update(made.id, n=1 if replica is owner else 2, seen=made.token)
        await converged(space, joined)
        [conflict] = await anext(lists)
        assert {sibling.device for sibling in conflict.siblings} == {0, 1}
        assert all(sibling.author for sibling in conflict.siblings)
        [theirs] = await space.conflicts("notes")
        await theirs.set(3)
        await converged(space, joined)
        assert await anext(lists) == []
        await lists.aclose()
        assert await joined.conflicts(resolved=True) == []
        assert (await guest.collection("notes").get(made.id))["n"] == 3
        await guest.collection("notes").configure(default="max")
        await guest.collection("notes").insert(id="end")
        while (change := await anext(changes)).id != "end":
            assert change.collection == "notes"
    assert await joined.collections() == ["notes"]


async def test_a_space_is_not_shared_with_stand_ins(owner: Replica, relay: RelayServer) -> None:
    """Sharing keeps what is shown: where this program lacks the rule, it asks for a decision first."""
    notes = owner.collection("notes")
    await notes.configure(fields={"n": "sum@1"})
    made = await notes.insert({"n": 0}, id="a")
    for number in (1, 2):
        await notes.update("a", n=number, seen=made.token)
    assert "sum@1" in owner.space.status().lacking_rules[0]
    with pytest.raises(Misused, match="notes/a"):
        await owner.share(relay.address)
    [conflict] = await owner.space.conflicts()
    await conflict.accept()
    space = await owner.share(relay.address)
    assert await space.conflicts(resolved=True) == []
    assert str((await notes.settings()).fields["n"]) == "sum@1"
