"""The notes program, in two real windows at a real relay."""

from tests.examples.conftest import Programs


async def test_two_windows_show_each_others_notes(address: str, programs: Programs) -> None:
    """What one window adds, edits and deletes shows in the other one, and both end in good order."""
    one = await programs.start("notes.py", "one.db", "--share", address)
    code = (await one.until("invitation: ")).split()[1]
    one.type("add Buy milk")
    await one.until("  1  Buy milk")
    two = await programs.start("notes.py", "two.db", "--join", code)
    await two.until("  1  Buy milk")
    two.type("edit 1 Buy oat milk")
    await one.until("  1  Buy oat milk")
    one.type("add Sleep")
    await two.until("  2  Sleep")
    two.type("undo 1")
    await one.until("  1  Buy milk")
    one.type("delete 2")
    await two.until("--- 1 notes")
    for window in (one, two):
        window.type("quit")
        assert await window.ended() == 0


async def test_edits_of_both_windows_merge(address: str, programs: Programs) -> None:
    """Two windows that edit one note while apart keep both edits when they meet again."""
    one = await programs.start("notes.py", "one.db", "--share", address)
    code = (await one.until("invitation: ")).split()[1]
    one.type("add milk and bread")
    await one.until("  1  milk and bread")
    two = await programs.start("notes.py", "two.db", "--join", code)
    await two.until("  1  milk and bread")
    two.type("quit")
    assert await two.ended() == 0
    one.type("edit 1 oat milk and bread")
    await one.until("  1  oat milk and bread")
    one.type("quit")
    assert await one.ended() == 0
    # Typed before the first look at the relay can be over: the edit is of what was there.
    two = await programs.start("notes.py", "two.db")
    two.type("edit 1 milk and bread and salt")
    await two.until("bread and salt")
    one = await programs.start("notes.py", "one.db")
    await one.until("bread and salt")


async def test_what_cannot_be_done_is_said(programs: Programs) -> None:
    """A wrong number, an unknown command, a file in use and a wrong code are answered with what to do."""
    window = await programs.start("notes.py", "one.db")
    await window.until("add TEXT")
    window.type("edit 7 nothing")
    await window.until("add TEXT")
    window.type("sing")
    await window.until("add TEXT")
    second = await programs.start("notes.py", "one.db")
    await second.until("notes: ")
    assert await second.ended() == 1
    assert "Traceback" not in second.printed
    joining = await programs.start("notes.py", "two.db", "--join", "nonsense")
    await joining.until("notes: ")
    assert await joining.ended() == 1
