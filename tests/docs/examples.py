"""Running the blocks of Python of a page, as a reader does who types them one after the other."""

import ast
import contextlib
import inspect
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass

from syncore import Replica

RELAY = "ws://127.0.0.1:8787"
PRINTS = "# prints: "


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A block of Python in a page.

    Attributes:
        line: The line of the page before its first.
        source: What is in it.
    """

    line: int
    source: str

    @property
    def prints(self) -> list[str]:
        """The lines that its comments say it prints, in order."""
        return [line.split(PRINTS)[1].strip() for line in self.source.splitlines() if PRINTS in line]


def read_examples(text: str) -> list[Example]:
    """The blocks of Python of a page, in order."""
    blocks = re.finditer(r"^```python\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    return [Example(line=text.count("\n", 0, block.start(1)), source=block.group(1)) for block in blocks]


async def run(example: Example, page: str, namespace: dict[str, object], address: str) -> list[str]:
    """Run an example, which may await at its top level; the lines that it printed."""
    # Empty lines in front make line numbers in a traceback those of the page.
    source = "\n" * example.line + example.source.replace(RELAY, address)
    code = compile(source, f"{page}.md", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        result = eval(code, namespace)  # noqa: S307 - the page's own program
        if inspect.isawaitable(result):
            await result
    return printed.getvalue().splitlines()


async def run_all(examples: Sequence[Example], page: str, address: str) -> None:
    """Run examples in one namespace, hold what each prints against its comments, close what they opened."""
    namespace: dict[str, object] = {"__name__": "page"}
    try:
        for example in examples:
            assert await run(example, page, namespace, address) == example.prints
    finally:
        for opened in list(namespace.values()):
            if isinstance(opened, Replica):
                await opened.close()
