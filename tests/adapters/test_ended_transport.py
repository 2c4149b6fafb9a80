"""A transport that is over says whose it was and lets itself be ended again."""

import asyncio

from syncore.adapters.ended_transport import EndedTransport


async def test_it_can_be_ended_again_and_still_knows_its_peer() -> None:
    """Where asyncio's transport raises (as it does today), this one does nothing."""

    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        address = next(iter(server.sockets)).getsockname()
        _, writer = await asyncio.open_connection(*address)
        ended = EndedTransport(writer.transport)
        assert ended.get_extra_info("peername") == address
        assert ended.get_extra_info("nothing", 7) == 7
        assert ended.is_closing()
        ended.abort()
        ended.close()
        writer.close()
        await writer.wait_closed()
