"""Tests of syncore.adapters.sqlite_thread: whole jobs on one thread, and how that thread begins and ends."""

import asyncio
import sqlite3
import threading

import pytest

from syncore.adapters.sqlite_thread import ThreadConnection

THREADS_END_WITHIN_SECONDS = 30


def connect() -> sqlite3.Connection:
    """A database in memory, used on the thread that made it and on no other."""
    return sqlite3.connect(":memory:", isolation_level=None)


async def test_jobs_run_one_after_the_other_on_a_thread_of_their_own() -> None:
    """Every job runs on the thread that connected, which is not the caller's, in the order of the calls."""
    connection = await ThreadConnection.open(connect)
    order: list[int] = []

    def job(number: int) -> tuple[int, int]:
        order.append(number)
        return number, threading.get_ident()

    made = await asyncio.gather(*(connection.run(lambda _, n=n: job(n)) for n in range(50)))  # type: ignore[misc]
    assert [number for number, _ in made] == order == list(range(50))
    (thread,) = {ident for _, ident in made}
    assert thread != threading.get_ident()
    await connection.close()


async def test_a_job_gets_the_connection_and_gives_its_result() -> None:
    """A job may run as many statements as it likes; what it returns, or raises, comes out of the call."""
    connection = await ThreadConnection.open(connect)

    def fill(sql: sqlite3.Connection) -> int:
        sql.execute("CREATE TABLE item (number)")
        sql.executemany("INSERT INTO item VALUES (?)", [(number,) for number in range(100)])
        return sql.total_changes

    def fail(_: sqlite3.Connection) -> None:
        raise ZeroDivisionError

    assert await connection.run(fill) == 100
    with pytest.raises(ZeroDivisionError):
        await connection.run(fail)
    assert await connection.run(lambda sql: sql.execute("SELECT count(*) FROM item").fetchone()) == (100,)
    await connection.close()


async def test_a_cancelled_caller_stops_no_job() -> None:
    """A job whose caller has gone runs to its end, and the next one follows it."""
    connection = await ThreadConnection.open(connect)
    begun, gate = threading.Event(), threading.Event()
    order: list[str] = []

    def slow(_: sqlite3.Connection) -> None:
        begun.set()
        assert gate.wait(THREADS_END_WITHIN_SECONDS)
        order.append("slow")

    cancelled = asyncio.ensure_future(connection.run(slow))
    await asyncio.to_thread(begun.wait, THREADS_END_WITHIN_SECONDS)
    cancelled.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cancelled
    following = asyncio.ensure_future(connection.run(lambda _: order.append("next")))
    gate.set()
    await following
    assert order == ["slow", "next"]
    await connection.close()


async def test_stopping_waits_for_what_was_asked_before() -> None:
    """The future of a stop is done when every earlier job has run; the connection is closed by then."""
    connection = await ThreadConnection.open(lambda: sqlite3.connect(":memory:", check_same_thread=False))
    done: list[sqlite3.Connection] = []
    jobs = [asyncio.ensure_future(connection.run(done.append)) for _ in range(20)]
    await asyncio.sleep(0)  # every job is asked for now
    stopped = connection.stop()
    assert stopped is not None
    await stopped
    assert len(done) == 20
    await asyncio.gather(*jobs)
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        done[0].execute("SELECT 1")


async def test_the_thread_does_not_keep_a_program_from_ending() -> None:
    """A program that forgets to close ends all the same, because the thread is a daemon; closing ends it."""
    connection = await ThreadConnection.open(connect)
    thread = await connection.run(lambda _: threading.current_thread())
    await connection.close()
    await asyncio.to_thread(thread.join, THREADS_END_WITHIN_SECONDS)
    assert (thread.daemon, thread.is_alive()) == (True, False)


def test_a_connector_that_fails_leaves_no_thread() -> None:
    """What the connector raises comes out once its thread has reported its end, so the loop may close."""
    seen: list[threading.Thread] = []

    def fail() -> sqlite3.Connection:
        seen.append(threading.current_thread())
        raise FileNotFoundError("no such disk")

    for _ in range(20):
        with pytest.raises(FileNotFoundError, match="no such disk"):
            asyncio.run(ThreadConnection.open(fail))
    for thread in seen:
        thread.join(THREADS_END_WITHIN_SECONDS)
    assert len(seen) == 20
    assert not any(thread.is_alive() for thread in seen)
