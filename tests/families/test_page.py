"""The page of the families is made from the registry, and says what the command shows."""

from pathlib import Path

from click.testing import CliRunner

from hpctc.cli import main
from hpctc.families import FAMILIES
from hpctc.families.page import TITLES, page
from hpctc.graph.text import parse

PAGE = Path(__file__).parents[2] / "docs" / "families.md"


def run(*words: str) -> str:
    result = CliRunner().invoke(main, ["families", *words])
    assert result.exit_code == 0, result.output
    return result.output


def test_the_page_is_what_the_registry_says() -> None:
    stale = "write it anew: python -c 'from hpctc.families.page import *; print(page(), end=\"\")'"
    assert PAGE.read_text() == page(), stale
    assert {name.partition(".")[0] for name in FAMILIES} == set(TITLES)


def test_the_command_shows_the_table_one_family_and_its_graph_at_sizes() -> None:
    assert "attention.tiled" in run()
    assert "longconv.direct computes the same of the same inputs" in run("longconv.monarch")
    shown = parse(run("longconv.monarch", "--at", "first=8"))
    assert shown.types()["u"].shape == (1, 4, 32)
    block = parse(run("published.resnet", "--published"))
    assert block.types()["x"].shape == (1, 3, 128, 128)


def test_the_command_words_what_is_wrong() -> None:
    for words, message in (
        (["attention", "--at", "seq=4"], "a graph is of one family"),
        (["attention.naive", "--at", "seq=four"], "--at seq=four is no size"),
        (["attention.naive", "--published"], "no sizes of attention.naive are published"),
        (["nothing"], "there is no family 'nothing'"),
    ):
        result = CliRunner().invoke(main, ["families", *words])
        assert result.exit_code == 2
        assert message in result.output
