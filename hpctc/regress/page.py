"""The gate's answer for machines: JSON, JUnit XML, a GitHub step summary."""

from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

from hpctc.core.codec import encode
from hpctc.regress.judge import REGRESSIONS, Change, Comparison, order

MARKS = {
    "newly wrong": ":x:",
    "slower": ":x:",
    "cannot tell": ":grey_question:",
    "newly right": ":white_check_mark:",
    "faster": ":rocket:",
    "same": ":heavy_minus_sign:",
}

MOST_ROWS = 50
"""Of a step summary: what does not matter comes last and is counted."""


def document(found: Comparison, exit_code: int) -> Mapping[str, Any]:
    """All of it as JSON values."""
    return {"answer": found.outcome, "exit_code": exit_code, **encode(found)}


def junit(found: Comparison, names: tuple[str, str]) -> str:
    """One test a task: a regression is a failure, a doubt is skipped."""
    changes = _all(found)
    answers = [c.answer for c in changes]
    suite = ElementTree.Element(
        "testsuite",
        name=f"hpctc regress {names[0]} {names[1]}",
        tests=str(len(changes)),
        failures=str(sum(a in REGRESSIONS for a in answers)),
        errors="0",
        skipped=str(answers.count("cannot tell")),
    )
    for c in changes:
        case = ElementTree.SubElement(suite, "testcase", classname="hpctc.regress", name=c.name)
        if c.answer in REGRESSIONS:
            ElementTree.SubElement(case, "failure", message=_words(c), type=c.answer)
        elif c.answer == "cannot tell":
            ElementTree.SubElement(case, "skipped", message=_words(c))
        else:
            ElementTree.SubElement(case, "system-out").text = _words(c)
    ElementTree.indent(suite)
    return ElementTree.tostring(suite, encoding="unicode", xml_declaration=True) + "\n"


def summary(found: Comparison, names: tuple[str, str]) -> str:
    """Markdown for people who look at a pull request."""
    ranked = order(found.changes)
    head = {"regression": ":x: regression", "cannot tell": ":grey_question: cannot tell"}.get(
        found.outcome, ":white_check_mark: no regression"
    )
    how = "timed beside each other on this host" if found.live else "from two recorded runs"
    lines = [
        f"### {head}",
        "",
        f"`{names[1]}` against `{names[0]}`, {how}; threshold {found.threshold:.1%}. "
        "A ratio above 1 is faster.",
        "",
        "| task | answer | new / old | interval |",
        "|---|---|---:|---|",
        *([_row(found.whole)] if found.whole else []),
        *map(_row, ranked[:MOST_ROWS]),
    ]
    if len(ranked) > MOST_ROWS:
        lines.append(f"\n{len(ranked) - MOST_ROWS} more tasks matter less.")
    return "\n".join(lines) + "\n"


def _all(found: Comparison) -> list[Change]:
    return [*found.changes, *([found.whole] if found.whole else [])]


def _words(c: Change) -> str:
    ratio = f"{c.ratio.value:.3f}x [{c.ratio.low:.3f}, {c.ratio.high:.3f}]" if c.ratio else ""
    return ", ".join(filter(None, (c.answer, ratio, _printable(c.detail))))


def _row(c: Change) -> str:
    value = f"{c.ratio.value:.3f}x" if c.ratio else ""
    rest = f"{c.ratio.low:.3f} to {c.ratio.high:.3f}" if c.ratio else _cell(c.detail)
    name = f"**{c.name}**" if c.name == "all" else f"`{c.name}`"
    return f"| {name} | {MARKS[c.answer]} {c.answer} | {value} | {rest} |"


def _cell(text: str) -> str:
    """One line that cannot leave its cell: a reason may hold what a model wrote."""
    plain = " ".join(_printable(text).split())[:160]
    return plain.replace("\\", "\\\\").replace("|", "\\|").replace("<", "&lt;").replace("`", "'")


def _printable(text: str) -> str:
    """Without the control characters that XML cannot hold."""
    return "".join(c for c in text if c.isprintable() or c in "\n\t")
