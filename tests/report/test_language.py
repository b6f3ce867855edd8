"""What a report tells of language models: strategies, cost, regions, proposers, turns."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from hpctc.cli import main
from hpctc.core.records import Answer, Decoding
from hpctc.report.page import page
from hpctc.report.proposals import coloured
from hpctc.report.reading import read
from tests.report.conftest import Speech
from tests.report.test_page import Elements

Write = Callable[..., Path]

TASKS: dict[str, float | str] = {"conv": 3.0, "gelu": "not built", "sum": "wrong", "tanh": 1.5}

PLAIN = Speech("autoregressive", rate=8.0, sources=(), dollars=2e-6)
CASCADE = Speech("cascade", rate=24.0, dollars=2e-6)


@pytest.fixture
def two(write_run: Write) -> tuple[Path, Path]:
    """One model with two strategies."""
    return (
        write_run("plain", TASKS, code="one", speech=PLAIN),
        write_run("cascade", TASKS, code="one", speech=CASCADE),
    )


def report(*words: object) -> Result:
    done = CliRunner().invoke(main, ["report", *map(str, words)])
    assert done.exit_code == 0, done.output
    return done


def test_strategies_stand_side_by_side(two: tuple[Path, Path], tmp_path: Path) -> None:
    said = report(*two, "--json", tmp_path / "figures.json").output
    assert max(len(line) for line in said.splitlines() if str(tmp_path) not in line) <= 80
    assert re.search(r"plain +8\.0 +0\.9\d +- +0\.25 s", said)
    assert re.search(r"cascade +24\.0 +4\.\d\d +50% +0\.25 s +yes +3\.00x \[3\.00, 3\.00\]", said)
    plain, cascade = json.loads((tmp_path / "figures.json").read_text())
    assert plain["beside_first"] is None
    assert cascade["beside_first"]["identical"] == len(TASKS)
    assert cascade["beside_first"]["faster"]["value"] == pytest.approx(3.0)
    assert cascade["pace"]["strategies"] == ["cascade"]
    assert set(cascade["pace"]["sources"]) == {"compiler", "lookup", ""}
    assert cascade["pace"]["parts"]["declaration"]["drafted"]["value"] > 0.7


def test_another_text_is_not_the_same(two: tuple[Path, Path], write_run: Write) -> None:
    other = write_run("other", TASKS, code="two", speech=CASCADE)
    assert re.search(r"other .* 0 of 4 ", report(two[0], other).output)


def test_answers_to_other_prompts_are_not_compared(
    two: tuple[Path, Path], write_run: Write
) -> None:
    other = write_run("other", {"relu": 1.0}, speech=CASCADE)
    assert re.search(r"other .* - +other prompts", report(two[0], other).output)
    assert ">other prompts</span>" in page([read(two[0]), read(other)])


def test_all_answers_are_paid_for(two: tuple[Path, Path], tmp_path: Path) -> None:
    said = report(two[0], "--json", tmp_path / "figures.json").output
    (found,) = json.loads((tmp_path / "figures.json").read_text())
    cost = found["cost"]
    assert (cost["answers"], cost["solved"]) == (4, 2)
    assert cost["solved_seconds"]["value"] == pytest.approx(cost["seconds"] / 2)
    assert cost["solved_dollars"]["value"] == pytest.approx(cost["completion_tokens"] * 1e-6)
    assert re.search(r"solved +2 kernels for [\d,]+ tokens, .* s, \$0\.000", said)
    assert re.search(r"each +[\d.]+ s \[[\d.]+ s.*\], \$0\.000\d+ \[\$0\.000", said)


def test_who_asks_no_language_model_is_not_told_of_any(write_run: Write) -> None:
    folder = write_run("run", TASKS)
    said = report(folder).output
    assert "tokens" not in said
    assert "solved" not in said
    assert 'id="language"' not in page([read(folder)])


def test_a_server_that_only_counts_is_told_without_passes(write_run: Write) -> None:
    folder = write_run("run", TASKS, speech=CASCADE)
    path = folder / "answers.jsonl"
    records = [json.loads(line) for line in path.read_text().splitlines()]
    path.write_text("".join(json.dumps({**r, "decoding": None}) + "\n" for r in records))
    said = report(folder).output
    assert "24.0 a second" in said
    assert "target pass" not in said
    text = page([read(folder)])
    assert 'id="language"' in text
    assert "Who said the tokens" not in text
    assert "by region" not in text


def test_the_page_tells_all_of_it(two: tuple[Path, Path]) -> None:
    text = page([read(folder) for folder in two])
    Elements(text)
    for words in ("Who said the tokens", "What a solved kernel costs", "Drafted, by region"):
        assert words in text
    assert ">all 4</span>" in text
    assert re.search(
        r'<th scope="row">new loop</th>.*data-tip="compiler: \d+ % of \d+ tokens"', text
    )


def test_every_character_of_an_answer_is_there_under_its_colour(two: tuple[Path, Path]) -> None:
    for trail in read(two[1]).trails:
        html = coloured(trail.answer, {"compiler": "d0", "lookup": "d1"})
        assert html is not None
        assert trail.answer.decoding is not None
        assert html.striptags() == " ".join((trail.answer.text or "").split())
        assert html.count('class="d0"') == sum(
            who == "compiler" for who, _, _ in trail.answer.decoding.spans
        )


def test_what_a_model_says_in_colour_is_text() -> None:
    spans = (("lookup", 4, 8), ("", 2, 6))
    decoding = Decoding(
        strategy="s", passes=1, proposed=4, accepted=4, first_seconds=0.1, spans=spans
    )
    answer = Answer.make(of="p", model="m", sample=0, text="<script>&amp;'", decoding=decoding)
    html = coloured(answer, {"lookup": "d0"})
    assert html == '<i class="d0" data-tip="lookup: 4 tokens">&lt;script&gt;</i>&amp;amp;&#39;'


def test_turns_are_told_in_their_order(write_run: Write) -> None:
    folder = write_run("run", TASKS, speech=Speech(repairs=True))
    said = report(folder).output
    assert re.search(r"repaired +1 in 1 repair turn; correct at once: 25%", said)
    text = page([read(folder)])
    Elements(text)
    assert "correct at once" in text
    assert re.search(r'v-correct">correct</span> <span class="muted">turn 2</span>', text)
    (turns,) = re.findall(r'<ol class="turns">(.*?)</ol>', text, re.DOTALL)
    assert re.findall(r'class="badge v-([\w-]+)"', turns) == ["not-built", "correct"]
    first, second = turns.split("<li>")[1:]
    assert "unknown type name" in first
    for part in (first, second):
        titles = re.findall(r">(\w+)</button>", part)
        assert titles[:3] == ["prompt", "answer", "C"]
    for block in re.findall(r'data-show="([\w-]+)"', turns):
        assert text.count(f'<template id="{block}"') == 1


def test_every_turn_leads_to_its_task(write_run: Write) -> None:
    folder = write_run("run", TASKS, speech=Speech(repairs=True))
    held = " ".join(re.findall(r'data-ids="([^"]*)"', page([read(folder)]))).split()
    for trail in read(folder).trails:
        for turn in trail.turns:
            assert {turn.prompt.id, turn.answer.id, turn.verdict.id} <= set(held)


def test_show_lists_the_turns_of_a_task(write_run: Write) -> None:
    folder = write_run("run", TASKS, speech=Speech(repairs=True))
    done = CliRunner().invoke(main, ["show", str(folder), "conv"])
    assert done.exit_code == 0, done.output
    assert re.findall(r"## answer 0 of replay(.*?):", done.output) == ["", ", turn 2"]
    assert "turn 2: correct, 3.00 times as fast" in done.output
