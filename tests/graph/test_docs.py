"""What ``docs/graph.md`` and the examples say is so."""

import re
from pathlib import Path

import pytest

from hpctc.graph.errors import GraphTextError
from hpctc.graph.files import read_graphs
from hpctc.graph.text import parse, show

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "graph.md").read_text()


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def test_the_page_shows_a_graph_and_its_canonical_form() -> None:
    free, canonical = blocks("graph")
    assert show(parse(free)) == canonical


def test_the_page_shows_a_real_error() -> None:
    broken = blocks("graph")[0].replace("b: f32[512]", "b: f32[511]")
    with pytest.raises(GraphTextError) as caught:
        parse(broken, "layer.graph")
    assert [f"{caught.value}\n"] == blocks("text")


def test_the_page_shows_python_that_runs(capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = blocks("python")
    exec(compile(code, "docs/graph.md", "exec"), {})
    assert capsys.readouterr().out.endswith("(128, 512)\n")


@pytest.mark.parametrize("path", sorted((DOCS / "examples").glob("*.graph")), ids=lambda p: p.name)
def test_every_example_is_legal(path: Path) -> None:
    assert read_graphs(path)
