"""The web page, over real HTTP."""

import asyncio
import json
import re
import signal

from tests.examples.conftest import Programs

HEAD = "Host: 127.0.0.1\r\nConnection: close\r\n"


async def ask(port: int, method: str, path: str, body: object = None, head: str = "") -> tuple[int, str]:
    """The status and the body of an answer."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    content = b"" if body is None else json.dumps(body).encode()
    writer.write(
        f"{method} {path} HTTP/1.1\r\n{HEAD}{head}Content-Length: {len(content)}\r\n\r\n".encode() + content
    )
    async with asyncio.timeout(30):
        answer = (await reader.read()).decode()
    writer.close()
    return int(answer.split()[1]), answer.partition("\r\n\r\n")[2]


async def shown(reader: asyncio.StreamReader) -> list[dict[str, object]]:
    """The next list that the page is sent."""
    async with asyncio.timeout(30):
        while not (line := (await reader.readline()).decode()).startswith("data: "):
            assert line, "the stream ended"
    ideas: list[dict[str, object]] = json.loads(line.removeprefix("data: "))
    return ideas


async def test_every_browser_sees_each_vote(programs: Programs) -> None:
    """A browser that looks on is sent each idea and vote of another one; what is refused says why."""
    server = await programs.start("board.py", "board.db", "--port", "0")
    found = re.search(r"http://127\.0\.0\.1:(\d+)", await server.until("Uvicorn running"))
    assert found is not None
    port = int(found.group(1))
    assert "<h1>Ideas</h1>" in (await ask(port, "GET", "/"))[1]
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(f"GET /events HTTP/1.1\r\n{HEAD}\r\n".encode())
    assert await shown(reader) == []
    body = ""
    for text in ("Tea", "Cake"):
        status, body = await ask(port, "POST", "/ideas", {"text": text})
        assert status == 201
    cake = json.loads(body)["id"]
    while len(ideas := await shown(reader)) < 2:
        pass
    assert await ask(port, "POST", f"/ideas/{cake}/vote", {}) == (200, '{"votes":1}')
    ideas = await shown(reader)
    assert [(one["text"], one["votes"]) for one in ideas] == [("Cake", 1), ("Tea", 0)]
    assert (await ask(port, "POST", "/ideas", {"text": ""}))[0] == 422
    assert (await ask(port, "POST", "/ideas", {}))[0] == 422
    assert (await ask(port, "POST", "/ideas", {"text": "x" * 5000}))[0] == 413
    assert (await ask(port, "POST", "/ideas/nothing/vote", {}))[0] == 404
    assert (await ask(port, "POST", "/ideas", {"text": "Tea"}, "Sec-Fetch-Site: cross-site\r\n"))[0] == 403
    server.process.send_signal(signal.SIGINT)
    await server.ended()
    writer.close()
    assert "Traceback" not in server.printed
