"""The verdict on ledgers and replicas: each planted loss is found, and an honest ending has none."""

from dataclasses import replace

from syncore.cli.demo.ledger import LedgerEdit, LedgerWrite
from syncore.cli.demo.scenario import HEADING, Json, Place, WriteKind, route_element
from syncore.cli.demo.verification import Ending, find_losses

ROME = Place("airports", "FCO")
OSLO = Place("airports", "OSL")
TEXT = Place("texts", "travellers")
ROUTE = route_element("d1#6", [ROME, OSLO, TEXT])

IMPORTED: dict[Place, dict[str, Json]] = {
    ROME: {"name": "Fiumicino", "tz": "Europe/Rome"},
    OSLO: {"name": "Gardermoen", "tz": "Europe/Oslo"},
}


def write(place: Place, field: str, kind: WriteKind, value: Json, *saw: str) -> LedgerWrite:
    """A write as a ledger has it."""
    return LedgerWrite(place=place, field=field, kind=kind, value=value, saw=saw)


def made(edit: str, *writes: LedgerWrite, is_acknowledged: bool = True) -> LedgerEdit:
    """An edit of these writes."""
    return LedgerEdit(id=edit, writes=writes, is_acknowledged=is_acknowledged)


def named(edit: str, *saw: str, is_acknowledged: bool = True) -> LedgerEdit:
    """An edit of Rome's name."""
    name = write(ROME, "name", WriteKind.REGISTER, f"Rome «{edit}»", *saw)
    return made(edit, name, is_acknowledged=is_acknowledged)


def lined(edit: str, *, is_acknowledged: bool = True) -> LedgerEdit:
    """An edit of the shared text."""
    line = write(TEXT, "body", WriteKind.TEXT, f"«{edit}» late\n")
    return made(edit, line, is_acknowledged=is_acknowledged)


TRANSACTION = made(
    "d1#6",
    write(ROME, "routes", WriteKind.ADD, ROUTE),
    write(OSLO, "routes", WriteKind.ADD, ROUTE),
    write(TEXT, "body", WriteKind.TEXT, "«d1#6» on time\n"),
)
EDITS = [
    LedgerEdit(id="d1#import-0", imported=(ROME, OSLO), is_acknowledged=True),
    named("d1#1", ""),
    named("d2#1", "d1#1"),
    named("d3#1", "d1#1"),
    made("d1#2", write(ROME, "visits", WriteKind.COUNTER, 5)),
    made("d2#2", write(ROME, "visits", WriteKind.COUNTER, 2), is_acknowledged=False),
    made("d1#3", write(ROME, "tags", WriteKind.ADD, "d1#3")),
    made("d1#4", write(ROME, "tags", WriteKind.ADD, "d1#4")),
    made("d2#3", write(ROME, "tags", WriteKind.REMOVE, "d1#4")),
    lined("d1#5"),
    TRANSACTION,
]
BODY = f"{HEADING}«d1#6» on time\n«d1#5» late\n"


def ending(
    *,
    rome: dict[str, Json] | None = None,
    oslo: dict[str, Json] | None = None,
    names: tuple[str, ...] = ("d2#1", "d3#1"),
    body: str = BODY,
) -> Ending:
    """An ending in which all edits have their effect, but for what is given otherwise."""
    good: dict[str, Json] = {"name": "Rome «d3#1»", "tz": "Europe/Rome", "visits": 5}
    good |= {"tags": ["d1#3"], "routes": [ROUTE]}
    return Ending(
        shown={
            ROME: {**good, **(rome or {})},
            OSLO: {**IMPORTED[OSLO], "routes": [ROUTE], **(oslo or {})},
            TEXT: {"body": body},
        },
        siblings={ROME: {"name": [f"Rome «{edit}»" if edit else "Fiumicino" for edit in names]}},
    )


def losses(found: Ending, edits: list[LedgerEdit] | None = None) -> list[str]:
    """The verdict on an ending."""
    return find_losses(EDITS if edits is None else edits, found, IMPORTED)


def test_an_ending_that_holds_everything_has_no_losses() -> None:
    """Shown, kept as a sibling, superseded, removed and unconfirmed edits are all accounted for."""
    assert losses(ending()) == []


def test_an_acknowledged_value_that_is_gone_is_a_loss() -> None:
    """A value that is neither shown nor a sibling, and that nobody had seen, is lost."""
    (loss,) = losses(ending(names=("d3#1",)))
    assert loss.startswith("d2#1: its value")


def test_a_value_that_was_superseded_by_a_lost_edit_counts_once() -> None:
    """Where a chain of edits is cut off, its last acknowledged edit is the one that is lost."""
    edits = [*EDITS, named("d2#9", "d2#1")]
    (loss,) = losses(ending(names=("d3#1",)), edits)
    assert loss.startswith("d2#9")


def test_an_unconfirmed_edit_that_left_no_trace_supersedes_nothing() -> None:
    """An edit that was never made does not excuse the loss of the value that it was going to replace."""
    edits = [*EDITS, named("d2#9", "d2#1", is_acknowledged=False)]
    (loss,) = losses(ending(names=("d3#1",)), edits)
    assert loss.startswith("d2#1")
    assert losses(ending(), edits) == []


def test_an_unconfirmed_edit_that_somebody_saw_supersedes() -> None:
    """An edit without a confirmation that another edit has seen was made, so what it replaced is not lost."""
    edits = [*EDITS, named("d2#9", "d2#1", is_acknowledged=False), named("d3#9", "d2#9")]
    assert losses(ending(names=("d3#1", "d3#9")), edits) == []


def test_a_value_that_comes_back_is_found() -> None:
    """A value that an acknowledged edit had replaced may not be among the siblings again."""
    found = losses(ending(names=("d1#1", "d2#1", "d3#1")))
    assert [loss for loss in found if "is back" in loss]
    found = losses(ending(names=("", "d2#1", "d3#1")))
    assert [loss for loss in found if "the import is back" in loss]


def test_a_value_that_nobody_wrote_is_found() -> None:
    """A sibling of an edit that is in no ledger is reported."""
    assert [loss for loss in losses(ending(names=("d2#1", "d3#1", "d9#9"))) if "no ledger" in loss]


def test_a_shown_value_that_is_no_sibling_is_found() -> None:
    """What programs are shown must be one of the values that are kept."""
    assert [loss for loss in losses(ending(rome={"name": "Rome «d1#1»"})) if "what shows" in loss]


def test_counters_lie_between_what_was_acknowledged_and_what_may_have_been_made() -> None:
    """A counter may miss or hold what is unconfirmed, and nothing else."""
    assert losses(ending(rome={"visits": 7})) == []
    for wrong in (4, 8, None):
        (loss,) = losses(ending(rome={"visits": wrong}))
        assert "visits" in loss


def test_elements_of_sets_stay_until_somebody_removes_them() -> None:
    """A lost element, a removed one that is back and an unknown one are found."""
    assert [loss for loss in losses(ending(rome={"tags": []})) if "nobody removed" in loss]
    assert [loss for loss in losses(ending(rome={"tags": ["d1#3", "d1#4"]})) if "was removed" in loss]
    assert [loss for loss in losses(ending(rome={"tags": ["d1#3", "x"]})) if "no ledger" in loss]


def test_every_line_of_the_text_stands_exactly_once() -> None:
    """A lost, doubled, garbled or unknown line is found, and so is a lost heading."""
    assert [loss for loss in losses(ending(body=BODY.replace("«d1#5» late\n", ""))) if "0 times" in loss]
    assert [loss for loss in losses(ending(body=f"{BODY}«d1#5» late\n")) if "2 times" in loss]
    assert [loss for loss in losses(ending(body=BODY.replace("late", "lte"))) if "nobody wrote" in loss]
    assert [loss for loss in losses(ending(body=BODY.replace(HEADING, ""))) if "heading" in loss]


def test_an_unconfirmed_line_stands_at_most_once() -> None:
    """A line without a confirmation may be missing or there, but not twice."""
    edits = [*EDITS, lined("d2#5", is_acknowledged=False)]
    line = "«d2#5» late\n"
    assert losses(ending(), edits) == []
    assert losses(ending(body=BODY + line), edits) == []
    assert [loss for loss in losses(ending(body=BODY + line + line), edits) if "2 times" in loss]


def test_half_a_transaction_is_found_also_when_it_was_not_confirmed() -> None:
    """A transaction shows in all of its documents or in none."""
    edits = [*EDITS[:-1], replace(TRANSACTION, is_acknowledged=False)]
    without_line = BODY.replace("«d1#6» on time\n", "")
    assert losses(ending(), edits) == []
    assert losses(ending(rome={"routes": []}, oslo={"routes": []}, body=without_line), edits) == []
    for half in (ending(rome={"routes": []}), ending(oslo={"routes": []}), ending(body=without_line)):
        (loss,) = losses(half, edits)
        assert "half of the transaction" in loss


def test_imported_documents_stay_as_they_were() -> None:
    """A document that is gone, and a field that changed without an edit, are found."""
    whole = ending()
    gone = Ending(shown={ROME: whole.shown[ROME], TEXT: whole.shown[TEXT]}, siblings=whole.siblings)
    assert [loss for loss in losses(gone) if "is gone" in loss]
    (loss,) = losses(ending(oslo={"tz": "Europe/Berlin"}))
    assert "imported as" in loss
