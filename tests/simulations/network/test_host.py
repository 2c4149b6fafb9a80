"""Listening, connecting, and what the death of a host does."""

import asyncio

import pytest

from relay.channel import ClientChannel
from simulations.network.host import Host
from simulations.network.medium import Fault
from simulations.network.settings import CLIENT, RELAY
from simulations.network.weather import Weather
from syncore.core.errors import ConnectionFailed, Misused
from tests.simulations.network.small_world import (
    ADDRESS,
    broken_after_s,
    connected,
    listening,
    new_network,
    now_s,
    receive_all,
)


async def failed_after_s(client: Host, address: str = ADDRESS) -> float:
    """How long it takes until a connection fails."""
    began_s = now_s()
    with pytest.raises(ConnectionFailed):
        await client.connector().connect(address)
    return now_s() - began_s


async def test_connecting_takes_two_round_trips() -> None:
    """Each of four crossings has its delay."""
    network = new_network()
    client = network.host("client")
    network.set_weather(Weather(delay_s=(0.5, 0.5)))
    async with listening(network):
        began_s = now_s()
        await client.connector().connect(ADDRESS)
        assert now_s() - began_s == pytest.approx(2.0)


@pytest.mark.parametrize("address", ["", "server:1", "http://server:1", "ws://", "ws:///x"])
async def test_what_is_no_address_is_misuse(address: str) -> None:
    """A relay's address begins with ws:// or wss:// and names a host."""
    with pytest.raises(Misused):
        await new_network().host("client").connector().connect(address)


async def test_where_nobody_listens_a_connection_is_refused() -> None:
    """An unknown address and a server that stopped listening refuse; what was open stays open."""
    network = new_network()
    client, server = network.host("client"), network.host("server")
    assert await failed_after_s(client) < 0.1
    async with listening(network) as channels:
        near = await client.connector().connect(ADDRESS)
        server.stop_listening()
        assert await failed_after_s(client) < 0.1
        await near.send(b"still here")
        assert await channels[0].receive() == b"still here"
    assert network.faults == {Fault.CONNECTION_REFUSED: 2}


async def test_a_cut_connection_attempt_times_out() -> None:
    """Behind a partition nothing answers within ten seconds; one that ends before lets it through."""
    network = new_network()
    client, server = network.host("client"), network.host("server")
    async with listening(network):
        partition = network.partition([client], [server])
        assert await failed_after_s(client) == pytest.approx(10.0)
        partition.end()
        network.partition([client], [server], ends_s=now_s() + 5)
        await client.connector().connect(ADDRESS)
        assert network.faults[Fault.CONNECTION_TIMED_OUT] == 1


async def test_a_dead_host_refuses_or_says_nothing() -> None:
    """Both ways of not being there are met."""
    network = new_network()
    client, server = network.host("client"), network.host("server")
    async with listening(network):
        server.is_alive = False
        times = [await failed_after_s(client) for _ in range(20)]
        assert min(times) < 0.1
        assert max(times) == pytest.approx(10.0)
        assert {fault: count > 2 for fault, count in network.faults.items()} == {
            Fault.CONNECTION_REFUSED: True,
            Fault.CONNECTION_TIMED_OUT: True,
        }


async def test_a_dead_host_is_silent_at_once() -> None:
    """Nothing leaves it and nothing arrives from the instant of its death; both ends break in their time."""
    async with connected() as world:
        await world.near.send(b"under way")
        world.client.is_alive = False
        await world.near.send(b"a zombie's")
        await world.far.send(b"to the dead")
        far_s = asyncio.ensure_future(broken_after_s(world.near))
        assert await world.far.receive() == b"under way"
        assert await broken_after_s(world.far) <= RELAY.ping_interval_s + RELAY.ping_timeout_s + 5.1
        await far_s
        assert world.network.frames == 1


async def test_what_was_under_way_to_a_dead_host_is_lost() -> None:
    """A frame that had left in time does not arrive any more, not even in the host's next life."""
    async with connected() as world:
        await world.near.send(b"under way")
        world.server.is_alive = False
        await asyncio.sleep(1)
        world.server.reset()
        await asyncio.sleep(100)
        assert await receive_all(world.far) == []
        assert world.network.frames == 0


async def test_peers_of_a_dead_program_find_out_by_a_reset_or_by_themselves() -> None:
    """In a host's next life the old connections' other ends are reset at once, or left to the keep-alive."""
    times = []
    for seed in range(20):
        async with connected(seed=seed) as world:
            world.server.is_alive = False
            await asyncio.sleep(1)
            world.server.reset()
            times.append(await broken_after_s(world.near))
            with pytest.raises(ConnectionFailed, match="program has ended"):
                await world.far.receive()
    at_once = sum(seconds < 1 for seconds in times)
    noticed_s = CLIENT.ping_interval_s + CLIENT.ping_timeout_s + CLIENT.close_timeout_s
    by_themselves = sum(abs(seconds - noticed_s) < 2 for seconds in times)
    assert at_once + by_themselves == 20
    assert min(at_once, by_themselves) > 3


async def test_a_new_life_listens_anew() -> None:
    """After a reset nobody listens until somebody does, and an old life's connector connects no more."""
    network = new_network()
    client = network.host("client")
    old = client.connector()
    async with listening(network):
        network.host("server").reset()
        assert await failed_after_s(client) < 0.1
    async with listening(network):
        await old.connect(ADDRESS)
        client.is_alive = False
        client.reset()
        with pytest.raises(ConnectionFailed):
            await old.connect(ADDRESS)
        await client.connector().connect(ADDRESS)


async def test_a_connection_attempt_that_is_given_up_leaves_nothing() -> None:
    """A server that had accepted a client that is gone meanwhile is told by a reset."""
    network = new_network()
    client, server = network.host("client"), network.host("server")
    network.set_weather(Weather(delay_s=(1.0, 1.0)))
    async with listening(network) as channels:
        connecting = asyncio.ensure_future(client.connector().connect(ADDRESS))
        await asyncio.sleep(3.5)
        assert len(channels) == 1
        connecting.cancel()
        assert await receive_all(channels[0]) == []
        assert network.faults == {Fault.RESET: 1}
        assert server.is_alive


async def test_a_handler_s_end_closes_its_channel() -> None:
    """A handler that returns says goodbye; one that fails ends its task group, as a crash of the program."""
    network = new_network()
    client, server = network.host("client"), network.host("server")

    async def greet(channel: ClientChannel) -> None:
        await channel.send(channel.peer.encode())

    async def fail(channel: ClientChannel) -> None:
        await channel.receive()
        raise ZeroDivisionError

    async with asyncio.TaskGroup() as tasks:
        server.listen(ADDRESS, greet, tasks)
        near = await client.connector().connect(ADDRESS)
        assert await near.receive() == b"client"
        with pytest.raises(ConnectionFailed, match="1000"):
            await near.receive()
    try:
        async with asyncio.TaskGroup() as tasks:
            server.listen(ADDRESS, fail, tasks)
            near = await client.connector().connect(ADDRESS)
            await near.send(b"x")
            await asyncio.sleep(1)
    except* ZeroDivisionError:
        assert await broken_after_s(near) < 1
    else:
        pytest.fail("the failure of a handler was swallowed")
