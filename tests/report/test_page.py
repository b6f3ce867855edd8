"""The page is one file that holds everything and asks nobody for more."""

import re
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from click.testing import CliRunner

from hpctc.cli import main
from hpctc.core import jsonl
from hpctc.core.records import Provenance, Task, Timing
from hpctc.core.twins import source_of
from hpctc.report.code import Blocks
from hpctc.report.page import page
from hpctc.report.reading import read

Write = Callable[..., Path]

TASKS: dict[str, object] = {
    "conv": 2.0,
    "gelu": "not built",
    "softmax": 0.5,
    "sum": "wrong",
    "tanh": "crashed",
}


class Elements(HTMLParser):
    """Every tag with its attributes; a tag that is closed in the wrong order fails."""

    VOID = frozenset({"meta", "link", "input", "circle", "line", "polyline", "polygon", "rect"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, tag
        assert self.open.pop() == tag, self.getpos()


@pytest.fixture
def two(write_run: Write) -> tuple[Path, Path]:
    return write_run("first", TASKS), write_run("second", {**TASKS, "conv": 1.0, "sum": 3.0})


def test_every_tag_is_closed_and_every_id_is_there_once(two: tuple[Path, Path]) -> None:
    elements = Elements(page([read(folder) for folder in two]))
    ids = [attrs["id"] for _, attrs in elements.found if "id" in attrs]
    assert len(ids) == len(set(ids))
    assert {"table", "sheet", "find"} <= set(ids)


def test_nothing_is_loaded(two: tuple[Path, Path]) -> None:
    text = page([read(folder) for folder in two])
    for tag, attrs in Elements(text).found:
        for name in ("src", "href", "srcset", "data"):
            value = attrs.get(name) or "#"
            assert value.startswith(("#", "data:")), (tag, name, value)
    assert "url(" not in text
    assert "@import" not in text
    assert "default-src 'none'" in text


def test_every_record_leads_to_its_task(two: tuple[Path, Path]) -> None:
    text = page([read(folder) for folder in two])
    held = " ".join(re.findall(r'data-ids="([^"]*)"', text)).split()
    for folder in two:
        for trail in read(folder).trails:
            assert {trail.task.id, trail.verdict.id, trail.candidate.id} <= set(held)
        for score in read(folder).scores:
            assert score.id in held


def test_what_a_model_says_is_text(write_run: Write) -> None:
    folder = write_run("run", {"conv": 1.0})
    path = folder / "answers.jsonl"
    said = path.read_text().replace("/* run 0 */", "<script>alert(1)</script><img src=x>")
    path.write_text(said)
    text = page([read(folder)])
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)" in text
    assert not any(tag == "img" for tag, _ in Elements(text).found)


def test_a_source_is_held_once(write_run: Write) -> None:
    same = [write_run(name, {"conv": 1.0}, code="one") for name in ("a", "b", "c")]
    text = page([read(folder) for folder in same])
    assert len(re.findall(r'<template id="b-', text)) == len(
        set(re.findall(r'<template id="(b-\w+)"', text))
    )
    assert text.count("__global__</b>") == 1  # coloured: the word stands in a tag
    assert text.count("conv_kernel(") == 1


def test_colours_change_no_letter() -> None:
    code = (
        '#include "a.h"\n\n/* <b> & */ static int f(void) {\n\treturn sizeof("\\"") > 1.5f;\n}\n\n'
    )
    blocks = Blocks()
    html = blocks.known[blocks.add(code, "c")].html
    assert unescape(re.sub(r"<[^>]*>", "", html)) == code
    for coloured in ('"com">/* &lt;b&gt; &amp; */', '"key">static<', '"num">1.5f', '"fun">f<'):
        assert coloured in html


def test_runs_that_timed_nothing_make_a_page(write_run: Write) -> None:
    folder = write_run("run", {"conv": "wrong", "sum": "abstained"})
    text = page([read(folder)])
    assert "Nothing was timed" in text
    Elements(text)


def test_several_samples_of_a_task_are_one_row(write_run: Write) -> None:
    folder = write_run(
        "run", {"conv": [2.0, "wrong", 1.0, "not built"], "sum": [1.0] * 4}, samples=4
    )
    text = page([read(folder)])
    assert text.count("<tr data-task=") == 2
    assert "2 of 4 correct" in text
    assert "pass@2" in text


def test_runs_of_other_conditions_say_so(write_run: Write) -> None:
    a, b = write_run("a", {"conv": 1.0}), write_run("b", {"conv": 1.0}, threads=4)
    assert "The conditions differ: threads is 2 in one and 4 in the other" in page(
        [read(a), read(b)]
    )


def test_runs_of_one_name_are_told_apart(write_run: Write, tmp_path: Path) -> None:
    a = write_run("a", {"conv": 1.0})
    (tmp_path / "other").mkdir()
    b = a.rename(tmp_path / "other" / "a")
    a = write_run("a", {"conv": 1.0})
    text = page([read(a), read(b)])
    assert str(a) in text
    assert str(b) in text


def test_the_command_writes_the_page(two: tuple[Path, Path], tmp_path: Path) -> None:
    target = tmp_path / "report.html"
    done = CliRunner().invoke(main, ["report", *map(str, two), "--html", str(target)])
    assert done.exit_code == 0, done.output
    assert target.read_text().startswith("<!doctype html>")
    assert str(target) in done.output
    refused = CliRunner().invoke(main, ["report", str(two[0]), "--html", str(tmp_path)])
    assert refused.exit_code == 1
    assert "cannot write" in refused.output


@pytest.mark.parametrize("count", [1, 2])
def test_a_roof_in_the_run_is_drawn(write_run: Write, count: int) -> None:
    folders = [write_run(f"r{i}", {"conv": 1.0, "sum": 2.0}) for i in range(count)]
    assert "hold no roofline" in page([read(f) for f in folders])
    (folders[0] / "roofline.json").write_text(
        '[{"threads": 2, "flops_per_second": 1e11, "bytes_per_second": 1e10}]'
    )
    text = page([read(f) for f in folders])
    assert "hold no roofline" not in text
    assert "% of the roof" in text


def test_twins_are_told_beside_their_originals(write_run: Write) -> None:
    folder = write_run("run", {"conv": 1.0, "sum": "wrong"})
    assert "in other words" not in page([read(folder)])
    original, twin = jsonl.read(folder / "tasks.jsonl", Task)
    provenance = Provenance(source=source_of("names"), parents=(original.of,))
    other = replace(twin, pair=replace(twin.pair, provenance=provenance))
    jsonl.write(folder / "tasks.jsonl", [original, other])
    text = page([read(folder)])
    Elements(text)
    assert "in other words" in text
    assert re.search(r'<th scope="row">names</th>.*>100&nbsp;%</td>.*>0&nbsp;%</td>', text)


def climb(folder: Path) -> None:
    """Give every timing a second rung, both on one thread too, and one that is absent."""
    path = folder / "timings.jsonl"
    found = []
    for t in jsonl.read(path, Timing):
        half = tuple(ns // 2 for ns in t.baseline_ns)
        twice = tuple(2 * ns for ns in t.candidate_ns)
        given = {"of": t.of, "host": t.host}
        for threads, mine in ((1, twice), (2, t.candidate_ns)):
            for rung, theirs in (("reference", t.baseline_ns), ("null", half)):
                found.append(
                    Timing.make(
                        **given,
                        baseline=rung,
                        threads=threads,
                        candidate_ns=mine,
                        baseline_ns=theirs,
                        roof_share=0.25,
                        suspicious="faster than the host can be",
                    )
                )
            found.append(
                Timing.make(
                    **given,
                    baseline="rules",
                    threads=threads,
                    candidate_ns=(),
                    baseline_ns=(),
                    absent="the transpiler abstains",
                )
            )
    jsonl.write(path, found)


def test_rungs_and_threads_are_shown(write_run: Write) -> None:
    folder = write_run("run", {"conv": 2.0, "sum": 4.0}, noise=0.0001)
    alone = page([read(folder)])
    assert "timed at one number of threads" in alone
    climb(folder)
    text = page([read(folder)])
    Elements(text)
    assert "timed at one number of threads" not in text
    for words in ("over sequential", "the transpiler abstains", "faster than the host can be"):
        assert words in text
    assert "hold no roofline" not in text  # the shares that were recorded are drawn
    assert re.search(r'"strong"><th scope="row">best</th><td class="n">1\.41x', text)
    done = CliRunner().invoke(main, ["report", str(folder)])
    assert re.search(r"over +reference 2\.83x .*\n +null +1\.41x .*\n +best +1\.41x", done.output)
    assert "efficiency on 1: 141%, 2: 141%" in done.output
    assert not re.search(r"^(over|threads| {9}) .* $", done.output, re.MULTILINE)
    assert all(len(line) <= 80 for line in done.output.replace(str(folder), "run").splitlines())
