"""A repair turn: the model is told what its last answer did wrong, and answers again.

What it is told comes from the compiler or from running its program: never the reference, what an
output should have been, or the inputs that were drawn. Words that could hold such things are not
cut out of a report; a report is built of the parts that are known to hold none.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from hpctc.core.records import Answer, Build, Exchange, Prompt, Verdict, VerdictClass
from hpctc.core.resources import render
from hpctc.prompt.render import How, fingerprint

TEMPLATE = "prompt/repair.j2"

LINES, CHARACTERS = 30, 2000
"""Of a compiler's or verifier's words, at most."""

BECAUSE: dict[VerdictClass, str] = {
    "wrong": "its results are not those of the CUDA program",
    "crashed": "it crashes when it is called",
    "timed out": "a call takes too long",
    "out-of-bounds": "it touches memory that is not its own",
    "racy": "it has a data race",
}

_ERROR = re.compile(r"^[^\s:]*:(?:\d+:)*\s*(?:fatal )?error:|undefined reference", re.MULTILINE)
_HEAD = re.compile(r"^(?=\S+:\d+(?::\d+)?: )", re.MULTILINE)
_FOLDERS = re.compile(r"(?<![\w./])/(?:[^\s/:'\"`*]+/)+(?=[^\s/:'\"`])")
_WRONG = re.compile(
    r"(?P<place>\w+(?:\[[\d, ]*\])?) is (?P<value>\S+), expected \S+"
    r" \((?P<count>[\d,]+ of [\d,]+ elements differ);"
)


@dataclass(frozen=True)
class Turn:
    """A turn that went wrong, with all that was said in it."""

    prompt: Prompt
    answer: Answer
    build: Build
    verdict: Verdict


def is_repairable(answer: Answer, verdict: Verdict) -> bool:
    """Whether there is an answer and something wrong with it."""
    return answer.text is not None and verdict.verdict not in ("correct", "abstained")


def repairs(turns: Iterable[Turn], how: How) -> Iterator[Prompt]:
    """The prompt of the next turn for each; its ``of`` is the verdict, so no two are the same."""
    for turn in turns:
        assert turn.answer.text is not None
        said = Exchange(prompt=turn.prompt.text, answer=turn.answer.text)
        verdict = turn.verdict.verdict
        yield Prompt.make(
            of=turn.verdict.id,
            template=fingerprint(TEMPLATE),
            text=render(
                TEMPLATE,
                verdict=verdict,
                because=BECAUSE.get(verdict, "it is not right"),
                words=words(turn.build, turn.verdict),
                build=how.build,
            ),
            shots=turn.prompt.shots,
            history=(*turn.prompt.history, said),
        )


def words(build: Build, verdict: Verdict) -> str:
    """What went wrong: short, without paths, and without anything that gives the answer away."""
    if verdict.verdict == "not built":
        return shortened(_errors(build.log))
    if verdict.verdict == "wrong":
        if (told := _WRONG.match(verdict.detail)) is None:
            return "some elements of its outputs differ"
        return f"{told['place']} is {told['value']}, which is not right; {told['count']}"
    return shortened(verdict.detail)


def shortened(text: str) -> str:
    """The first lines of a report, the folders taken out of its paths."""
    lines = _FOLDERS.sub("", text).strip().splitlines()
    kept = "\n".join(line.rstrip() for line in lines[:LINES])
    if len(kept) > CHARACTERS:
        return kept[:CHARACTERS].rstrip() + " ..."
    return kept + (f"\n... ({len(lines) - LINES} more lines)" if len(lines) > LINES else "")


def _errors(log: str) -> str:
    """The diagnostics of a compiler that are errors, with their lines; all where none is marked."""
    parts = _HEAD.split(log)
    errors = [part for part in parts if _ERROR.search(part)]
    return "".join(errors or parts)


__all__ = ["Turn", "is_repairable", "repairs", "shortened", "words"]
