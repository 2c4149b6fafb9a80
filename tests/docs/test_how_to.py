"""The examples of the how-to pages run as they stand there, and print what they say."""

from pathlib import Path

import pytest

from tests.docs.examples import read_examples, run_all

FOLDER = Path(__file__).parents[2] / "docs" / "how-to"
PAGES = sorted(page.stem for page in FOLDER.glob("*.md") if page.stem != "index")


@pytest.mark.parametrize("page", PAGES)
async def test_a_page_is_a_program_that_prints_what_it_says(
    page: str, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The examples of a page, one after the other in an empty folder, print what their comments say."""
    folder = tmp_path / "page"
    folder.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setenv("SYNCORE_KEYSTORE", str(tmp_path / "keys"))
    examples = read_examples((FOLDER / f"{page}.md").read_text())
    assert examples
    await run_all(examples, page, address)
