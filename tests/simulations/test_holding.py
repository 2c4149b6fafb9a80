"""A look shows documents as checkers want them: siblings, deleted ones too, all at one moment."""

from simulations.holding import local, look
from simulations.world import World
from syncore.documents.changes import Counter, Text
from tests.simulations.small_plans import in_world


def test_a_look_shows_what_readers_see_and_what_they_do_not() -> None:
    """Values, all siblings of a register, the digest, and a token that a write takes."""

    async def main(world: World) -> None:
        machine = world.add_person("m").machine
        replica = await machine.start()
        notes = replica.collection("notes")
        read = await machine.run(
            notes.insert({"title": "one", "votes": Counter(2), "text": Text("t")}, id="a")
        )
        await machine.run(notes.update("a", title="two"))
        await machine.run(notes.update("a", title="three", seen=read.token))
        places = [("notes", "a"), ("notes", "nothing")]
        held = (await machine.run(look(replica, places)))["notes", "a"]
        assert held.is_live
        assert held.values == dict(await machine.run(notes.get("a")))
        assert held.siblings == {"title": frozenset({"two", "three"})}
        assert held.all_siblings == {"two", "three"}
        assert [*held.clocks.values()] == [3]
        settled = await machine.run(notes.update("a", title="four", seen=held.token))
        assert settled.conflicts == ()
        after = (await machine.run(look(replica, places)))["notes", "a"]
        assert after.digest != held.digest
        await machine.stop()

    in_world(main)


def test_a_look_finds_what_is_deleted_or_never_was() -> None:
    """A deleted document keeps its registers' values; one that never was is empty."""

    async def main(world: World) -> None:
        machine = world.add_person("m").machine
        replica = await machine.start()
        await machine.run(replica.collection("notes").insert({"title": "one"}, id="a"))
        await machine.run(replica.collection("notes").delete("a"))
        held = await machine.run(look(replica, [("notes", "a"), ("notes", "nothing")]))
        gone, nothing = held["notes", "a"], held["notes", "nothing"]
        assert (gone.is_live, nothing.is_live) == (False, False)
        assert gone.all_siblings == {"one"}
        assert (nothing.all_siblings, dict(nothing.values), dict(nothing.clocks)) == (frozenset(), {}, {})
        assert local(replica).default_space.is_private
        await machine.stop()

    in_world(main)
