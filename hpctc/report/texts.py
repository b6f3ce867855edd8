"""The texts of a task: what was asked, and what every run answered, turn by turn."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from hpctc.core.records import Task
from hpctc.report.code import Blocks
from hpctc.report.proposals import Palette, coloured, legend
from hpctc.score import Trail

ASKED = "task"
"""The group of texts that are not a run's."""

GRAPH = "graph"


@dataclass(frozen=True, slots=True)
class Text:
    """A source that can be put beside another one."""

    title: str
    block: str
    """Its id in the page."""
    group: str = ASKED
    """:data:`ASKED`, or the name of the run it comes from."""


@dataclass(frozen=True)
class Turn:
    """One answer in a conversation of repairs, and what became of it."""

    number: int
    """From 1."""
    verdict: str
    reason: str
    texts: Sequence[Text]
    """The prompt first."""


def asked(task: Task, trails: Sequence[Trail], blocks: Blocks) -> list[Text]:
    """What the task is, and the prompts of the first turns."""
    pair = task.pair
    prompts = dict.fromkeys(t.turns[0].prompt.text for t in trails)
    return [
        Text("CUDA", blocks.add(pair.cuda_code, "cuda")),
        Text("reference C", blocks.add(pair.c_code, "c")),
        Text(GRAPH, blocks.add(pair.graph)),
        *(Text("prompt", blocks.add(text)) for text in prompts),
    ]


def turns(last: Trail, run: str, which: str, blocks: Blocks, colours: Palette) -> list[Turn]:
    """The conversation that led to a sample, the first turn first.

    ``which`` tells a run's samples apart, as `` #2``; empty where there is only one.
    """
    found = []
    several = last.before is not None
    for number, trail in enumerate(last.turns, 1):
        suffix = f"{which}, turn {number}" if several else which
        texts = [
            Text(f"{title}{suffix}", block, ASKED if title == "prompt" and number == 1 else run)
            for title, block in _of_turn(trail, blocks, colours)
        ]
        found.append(Turn(number, trail.verdict.verdict, trail.verdict.detail, texts))
    return found


def answered(found: Sequence[Turn]) -> list[Text]:
    """The texts of a conversation that are to be chosen from: the last turn first, its C ahead."""
    return [
        text
        for turn in reversed(found)
        for text in sorted(turn.texts, key=lambda t: not t.title.startswith("C"))
        if text.group != ASKED
    ]


def _of_turn(trail: Trail, blocks: Blocks, colours: Palette) -> Iterator[tuple[str, str]]:
    """Title and block of each text."""
    answer, source, log = trail.answer, trail.candidate.source, trail.build.log
    yield "prompt", blocks.add(trail.prompt.text)
    if answer.text is not None:
        html = coloured(answer, colours)
        if html is not None:
            yield "answer", blocks.add_html(html, answer.text, legend(answer, colours))
        elif answer.text != source:
            yield "answer", blocks.add(answer.text)
    if source is None:
        return
    yield "C", blocks.add(source, "c")
    if log:
        yield "compiler", blocks.add(log)
