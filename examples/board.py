"""A small web page served from a replica: ideas, votes, and a page that changes while one looks at it.

python examples/board.py board.db --port 8000    then open http://127.0.0.1:8000 in two browser windows

Every window shows each vote a moment after it was given: a live query, pushed as server-sent events. The
votes are a counter, so those of servers that were apart add up.
"""

import argparse
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from syncore import Counter, DocumentNotFound, Model, Replica, ValidationFailed, field, increment

MAX_BODY_BYTES = 4096
"""An idea has 200 characters at most; whoever sends more than this means no idea."""

PAGE = """<!doctype html>
<meta charset="utf-8"><title>Ideas</title>
<style>body{font:1.1em system-ui;max-width:32em;margin:3em auto}
button{margin-left:1em} #problem{color:#b00}</style>
<h1>Ideas</h1>
<form id="form"><input id="text" maxlength="200" placeholder="A new idea"><button>Add</button></form>
<p id="problem"></p><ol id="ideas"></ol>
<script>
const post = async (path, body) => {
  const answer = await fetch(path, {method: "POST", body: JSON.stringify(body)});
  problem.textContent = answer.ok ? "" : (await answer.json()).problem;
};
form.onsubmit = event => { event.preventDefault(); post("/ideas", {text: text.value}); form.reset(); };
new EventSource("/events").onmessage = event => {
  ideas.replaceChildren(...JSON.parse(event.data).map(idea => {
    const row = document.createElement("li"), button = document.createElement("button");
    row.textContent = idea.text; button.textContent = "+" + idea.votes;
    button.onclick = () => post("/ideas/" + encodeURIComponent(idea.id) + "/vote", {});
    row.append(button); return row;
  }));
};
</script>
"""


class Idea(Model, collection="ideas"):
    """An idea and how many like it; the best are shown first."""

    text: str = field(min_length=1, max_length=200)
    votes: Counter = field(default_factory=Counter, index=True)


async def page(_request: Request) -> Response:
    """The page itself."""
    return HTMLResponse(PAGE)


async def events(request: Request) -> Response:
    """The twenty best ideas, now and whenever they change, until the browser goes away."""
    query = request.app.state.replica.collection(Idea).find(order_by="-votes", limit=20)

    async def stream() -> AsyncIterator[str]:
        async with query.live().results() as results:
            async for ideas in results:
                shown = [{"id": one.id, "text": one.text, "votes": one.votes.count} for one in ideas]
                yield f"data: {json.dumps(shown)}\n\n"

    return StreamingResponse(stream(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})


async def add(request: Request) -> Response:
    """Write a new idea; it is on the disk when this answers."""
    body = await _read(request)
    idea = await request.app.state.replica.collection(Idea).insert(Idea(text=body.get("text", "")))
    return JSONResponse({"id": idea.id}, status_code=201)


async def vote(request: Request) -> Response:
    """Add a vote."""
    await _read(request)
    idea = await request.app.state.replica.collection(Idea).update(
        request.path_params["id"], votes=increment()
    )
    return JSONResponse({"votes": idea.votes.count})


async def _read(request: Request) -> dict[str, Any]:
    """The JSON object of a request that comes from this page, not from another one in the browser."""
    if request.headers.get("sec-fetch-site", "same-origin") != "same-origin":
        raise HTTPException(403, "ideas are written from their own page only")
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise HTTPException(413, f"more than {MAX_BODY_BYTES} bytes")
    try:
        found = json.loads(body)
    except ValueError as error:
        raise HTTPException(400, f"not JSON: {error}") from error
    if not isinstance(found, dict):
        raise HTTPException(400, "not a JSON object")
    return found


def _answer(status: int) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def answer(_request: Request, error: Exception) -> Response:
        code = error.status_code if isinstance(error, HTTPException) else status
        told = error.detail if isinstance(error, HTTPException) else str(error)
        return JSONResponse({"problem": told}, status_code=code)

    return answer


def make_app(file: str) -> Starlette:
    """The application over a replica file, which is open as long as the application runs."""

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with Replica.open(file) as app.state.replica:
            yield

    routes = [
        Route("/", page),
        Route("/events", events),
        Route("/ideas", add, methods=["POST"]),
        Route("/ideas/{id}/vote", vote, methods=["POST"]),
    ]
    answers = {ValidationFailed: _answer(422), DocumentNotFound: _answer(404), HTTPException: _answer(500)}
    return Starlette(routes=routes, lifespan=lifespan, exception_handlers=answers)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("file", help="the ideas; made if there are none")
    parser.add_argument("--port", type=int, default=8000)
    options = parser.parse_args()
    # A browser that listens to events would otherwise keep the server from stopping.
    uvicorn.run(make_app(options.file), port=options.port, timeout_graceful_shutdown=1)
