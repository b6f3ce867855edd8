"""Find the C in what a model said.

Fenced blocks are read as CommonMark does (three or more backquotes or tildes, closed by as many; an
answer that was cut off may leave the last one open), but for what models do to them: fences are
indented as deep as their list, a block that was not closed ends where the next one opens, and a
whole answer may stand in a block of Markdown. Of several blocks the last that defines the wanted
function counts, and the blocks whose definitions it uses are put in front of it. Without any fence
the text itself is taken if it is code.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from hpctc.core.records import Answer, Candidate
from hpctc.prompt.csource import Names, names

LONGEST = 1 << 20
"""Characters a candidate may have."""

_FENCE = re.compile(r"^[ \t]*(`{3,}|~{3,})[ \t]*([^`\n]*)$")
_C_LANGUAGES = frozenset({"", "c", "c99", "c11", "c++", "cpp", "cc", "h", "cxx"})
_PROSE = frozenset({"markdown", "md"})
"""Languages of blocks that hold blocks."""
_CODE_ENDS = re.compile(r"\}[ \t;]*(?://[^\n]*|/\*[^\n]*\*/[ \t]*)?\r?$", re.MULTILINE)
_CODE_STARTS = re.compile(
    r"^\s*(#\s*(include|define|pragma|if)|/[/*]|static\b|void\b|typedef\b|inline\b|const\b|struct\b)",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Block:
    """A fenced block of an answer."""

    language: str
    code: str
    names: Names


def candidates(answers: Iterable[Answer], entries: Mapping[str, str]) -> Iterator[Candidate]:
    """The candidate of each answer; ``entries`` maps a prompt's id to the function wanted."""
    for answer in answers:
        if answer.text is None:
            yield Candidate.make(of=answer.id, source=None, reason=answer.reason or "no answer")
            continue
        source, reason = find(answer.text, entries[answer.of])
        yield Candidate.make(of=answer.id, source=source, reason=reason)


def find(text: str, entry: str) -> tuple[str | None, str]:
    """The source that defines ``entry`` and an empty reason, or None and why there is none."""
    if len(text) > LONGEST:
        return None, f"the answer has {len(text):,} characters; at most {LONGEST:,} are read"
    fenced = blocks(text)
    found = [b for b in fenced if b.language in _C_LANGUAGES]
    if not fenced and (bare := _bare(text)):
        found = [Block("", bare, names(bare))]
    if not found:
        return None, "the answer holds no C code"
    wanted = [i for i, b in enumerate(found) if entry in b.names.functions]
    if not wanted:
        there = sorted(set().union(*(b.names.functions for b in found)))
        defines = f"it defines {', '.join(there[:8])}" if there else "it defines no function"
        return None, f"no function {entry!r} in the answer; {defines}"
    return _with_helpers(found, wanted[-1]), ""


def blocks(text: str) -> list[Block]:
    """The fenced blocks, in order; an empty one is left out."""
    found: list[Block] = []
    fence, language, lines = "", "", [""]
    for line in text.split("\n"):
        match = _FENCE.match(line.rstrip("\r"))
        if not fence:
            if match:
                fence, language, lines = match[1], match[2].strip().lower(), []
        elif match and match[1].startswith(fence):
            found += _read(language, lines)
            opens = match[2].strip().lower()
            fence, language, lines = match[1] if opens else "", opens, []
        else:
            lines.append(line)
    if fence:
        found += _read(language, lines)
    return [b for b in found if b.code.strip()]


def _read(information: str, lines: list[str]) -> list[Block]:
    """A block, or those inside one of prose; ``{.c}`` and ``c,x=1`` name a language, too."""
    code = "\n".join(lines) + "\n"
    language = re.split(r"[\s,}]", information.lstrip("{."), maxsplit=1)[0]
    return blocks(code) if language in _PROSE else [Block(language, code, names(code))]


def _with_helpers(found: list[Block], main: int) -> str:
    """The block ``main``, after those of the others that define what it lacks."""
    chosen = {main}
    while True:
        known = frozenset[str]().union(*(found[i].names.defined for i in chosen))
        used = frozenset[str]().union(*(found[i].names.words for i in chosen))
        more = {
            i
            for i, block in enumerate(found)
            if i not in chosen
            and not block.names.functions & (known | {"main"})
            and block.names.defined & (used - known)
        }
        if not more:
            break
        chosen |= more
    helpers = [found[i].code for i in sorted(chosen - {main})]
    return "\n".join([*helpers, found[main].code])


def _bare(text: str) -> str | None:
    """The text from its first line of code to the last line that a brace ends, if it has both."""
    start = _CODE_STARTS.search(text)
    ends = [found.end() for found in _CODE_ENDS.finditer(text)]
    if start is None or not ends or ends[-1] < start.start():
        return None
    return text[start.start() : ends[-1]].lstrip("\n") + "\n"
