"""Constraints on a collection that has many documents: looked at in the background, right at every moment."""

import random
from contextlib import suppress
from pathlib import Path

import pytest

from syncore.constraints.encoding import decode_facts, decode_standing
from syncore.constraints.evaluation import evaluate
from syncore.constraints.facts import DocumentFacts, Standing
from syncore.core.errors import Closed, ConstraintViolated, DocumentExists, DocumentNotFound
from syncore.core.identifiers import DocumentKey
from syncore.core.ports import SqlConnection
from syncore.documents.changes import UNSET
from syncore.replica.constraint_building import AT_ONCE, STEP
from syncore.replica.doctor.constraints import facts_as_built
from syncore.replica.document_work import DocumentWork
from syncore.replica.local_replica import LocalReplica
from syncore.storage.document_rows import DocumentRows
from syncore.storage.standing_rows import StandingRows
from tests.replica.databases import PrivateReplica as Opened
from tests.replica.databases import open_private
from tests.replica.invariants import check_file_alone

MANY = 3 * AT_ONCE
PEOPLE, LOANS = "people", "loans"


async def fill(replica: Opened, count: int = MANY) -> None:
    """People with doubled names, and a loan for each of them, which comes before whom it names."""
    async with replica.transaction() as tx:
        for number in range(count):
            await tx.insert(LOANS, {"who": f"p{number:03}"}, id=f"l{number:03}")
            await tx.insert(PEOPLE, {"name": f"n{number % 200}", "at": number}, id=f"p{number:03}")


async def check_as_built(local: LocalReplica) -> None:
    """What is noted of all documents is what evaluation finds in what is known of them so far."""
    state = local.default_space

    def known(work: DocumentWork) -> dict[DocumentKey, DocumentFacts]:
        found = {}
        for row, key in work.rows.keys(after=0, limit=100_000):
            facts = facts_as_built(work, state, key, row)
            if facts is not None:
                found[key] = facts
        return found

    def noted(sql: SqlConnection) -> dict[DocumentKey, tuple[DocumentFacts, Standing]]:
        rows = DocumentRows(sql, state.number)
        return {
            rows.key_of(row.document): (decode_facts(row.facts), decode_standing(row.standing))
            for row in StandingRows(sql, state.number).page(after=0, limit=100_000)
        }

    universe = await local.preview(state.number, known)
    standings, stored = evaluate(universe), await local.read(noted)
    assert stored.keys() <= universe.keys()
    for key, facts in universe.items():
        if key in stored:
            assert stored[key] == (facts, standings[key])
        else:
            assert (facts.references, facts.claims) == ((), ())
            assert standings[key].presence.value in ("live", "deleted")


async def shown(replica: Opened, id_: str, field: str = "name", collection: str = PEOPLE) -> object:
    """What is shown in a field."""
    return (await replica.collection(collection).get(id_)).get(field)


async def test_progress_rises_and_every_step_is_right(tmp_path: Path) -> None:
    """Configuring returns before documents are looked at; then names are taken step by step, by the first."""
    async with open_private(tmp_path / "a.db") as replica:
        await fill(replica)
        people = replica.collection(PEOPLE)
        await people.configure(unique=["name"])
        constraints = people.constraints()
        assert not constraints.is_built
        assert "0 of 300" in repr(constraints)
        assert await shown(replica, "p250") == "n50"
        seen = []
        async for progress in constraints:
            await check_as_built(replica.local)
            seen.append(progress.looked_at)
        assert seen == [*range(0, MANY + 1, STEP), *([MANY] if MANY % STEP == 0 else [])]
        assert people.constraints().is_built
        assert "built" in repr(constraints)
        assert await shown(replica, "p250") is None
        assert await shown(replica, "p050") == "n50"
        assert len(await replica.inbox.conflicts(PEOPLE, resolved=False)) == MANY - 200
        await check_file_alone(replica.local, replica.number)


async def test_few_documents_are_looked_at_at_once(tmp_path: Path) -> None:
    """Where there are few, the setting holds when configuring has returned."""
    async with open_private(tmp_path / "a.db") as replica:
        async with replica.transaction() as tx:
            for number in range(AT_ONCE):
                await tx.insert(PEOPLE, {"name": f"n{number // 2}"}, id=f"p{number:03}")
        people = replica.collection(PEOPLE)
        await people.configure(unique=["name"])
        assert people.constraints().is_built
        assert [progress.total async for progress in people.constraints()] == [0]
        assert await shown(replica, "p001") is None
        await check_file_alone(replica.local, replica.number)


async def test_it_goes_on_after_a_restart(tmp_path: Path) -> None:
    """A file that was closed half way is right when it is opened, and looks at the rest then."""
    async with open_private(tmp_path / "a.db") as replica:
        await fill(replica)
        people = replica.collection(PEOPLE)
        await people.configure(unique=["name"])
        for _ in range(4):
            await replica.local.indexing.step()
        waiting = people.constraints()
    with pytest.raises(Closed, match="opened again"):
        await waiting.built()
    async with open_private(tmp_path / "a.db") as replica:
        build = replica.local.default_space.build
        assert build is not None
        assert 0 < build.looked_at < MANY
        await check_as_built(replica.local)
        await replica.collection(PEOPLE).constraints().built()
        assert await shown(replica, "p250") is None
        await check_file_alone(replica.local, replica.number)


async def test_a_reference_is_never_shown_as_nothing_because_its_target_waits(tmp_path: Path) -> None:
    """Loans are looked at before whom they name; those are there, and a new loan may name them."""
    async with open_private(tmp_path / "a.db") as replica:
        await fill(replica)
        loans = replica.collection(LOANS)
        await loans.configure(references={"who": (PEOPLE, "cascade")})
        async for _ in loans.constraints():
            await check_as_built(replica.local)
            assert await shown(replica, "l000", "who", LOANS) == "p000"
            assert await shown(replica, "l299", "who", LOANS) == "p299"
            await loans.insert({"who": "p299"})
        await replica.collection(PEOPLE).delete("p299")
        assert await loans.find_one("l299") is None
        await check_file_alone(replica.local, replica.number)


async def test_what_was_broken_before_is_in_nobodys_way(tmp_path: Path) -> None:
    """A document that waits and will lose its name can be changed elsewhere; a taken name is refused."""
    async with open_private(tmp_path / "a.db") as replica:
        await fill(replica)
        people = replica.collection(PEOPLE)
        await people.configure(unique=["name"])
        for _ in range(3):
            await replica.local.indexing.step()
        await people.update("p205", at=-1)
        assert await shown(replica, "p205") is None
        with pytest.raises(ConstraintViolated):
            await people.update("p206", name="n7")
        await people.update("p206", name="n206")
        await check_as_built(replica.local)
        await people.constraints().built()
        await check_file_alone(replica.local, replica.number)


async def test_constraints_are_taken_back_step_by_step(tmp_path: Path) -> None:
    """What was held back shows again, also when the setting goes while it is being carried out."""
    async with open_private(tmp_path / "a.db") as replica:
        await fill(replica)
        people, loans = replica.collection(PEOPLE), replica.collection(LOANS)
        await loans.configure(references={"who": (PEOPLE, "restore")})
        await people.configure(unique=["name"])
        for _ in range(8):
            await replica.local.indexing.step()
        await people.configure(unique=UNSET)
        await loans.configure(references=UNSET)
        async for _ in people.constraints():
            await check_as_built(replica.local)
            assert await shown(replica, "l299", "who", LOANS) == "p299"
        assert await shown(replica, "p250") == "n50"
        assert await replica.local.read(lambda sql: sql.rows("SELECT * FROM standings")) == []
        await check_file_alone(replica.local, replica.number)


@pytest.mark.parametrize("seed", range(6))
async def test_whatever_is_written_meanwhile_it_ends_as_from_scratch(tmp_path: Path, seed: int) -> None:
    """Random writes, other settings and restarts while documents are looked at: each moment is right."""
    draw = random.Random(seed)
    path = tmp_path / "a.db"
    async with open_private(path) as replica:
        await fill(replica, 160)
        await replica.collection(LOANS).configure(references={"who": (PEOPLE, draw.choice(RULES))})
        await replica.collection(PEOPLE).configure(unique=["name"])
    for _ in range(4):
        async with open_private(path) as replica:
            for _ in range(12):
                await _write(replica, draw)
                if draw.random() < 0.3:
                    await replica.local.indexing.step()
            await check_as_built(replica.local)
    async with open_private(path) as replica:
        for name in (PEOPLE, LOANS):
            await replica.collection(name).constraints().built()
        await check_file_alone(replica.local, replica.number)


UNIQUE: list[list[str | tuple[str, ...]]] = [["name"], [("name", "at")], []]
RULES = ("set_null", "cascade", "restore")


async def _write(replica: Opened, draw: random.Random) -> None:
    people, loans = replica.collection(PEOPLE), replica.collection(LOANS)
    person, loan = f"p{draw.randrange(170):03}", f"l{draw.randrange(170):03}"
    with suppress(ConstraintViolated, DocumentNotFound, DocumentExists):
        match draw.randrange(12):
            case 0 | 1:
                await people.delete(person)
            case 2 | 3:
                await people.insert({"name": f"n{draw.randrange(200)}"}, id=person)
            case 4 | 5:
                await people.update(person, name=f"n{draw.randrange(200)}")
            case 6 | 7:
                await loans.update(loan, who=person)
            case 8:
                await loans.delete(loan)
            case 9:
                await loans.insert({"who": person}, id=loan)
            case 10:
                await loans.configure(references={"who": (PEOPLE, draw.choice(RULES))})
            case _:
                await people.configure(unique=draw.choice(UNIQUE))
