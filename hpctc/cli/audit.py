"""``hpctc audit``: what is wrong with the records of a dataset or of the published layout."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from hpctc.core.errors import HpctcError

WIDTH = 80


@click.command()
@click.argument("path")
@click.option("--only", default="", metavar="TEXT", help="Records whose name holds TEXT.")
@click.option("--jobs", type=click.IntRange(min=1), default=1, show_default=True)
@click.option(
    "--seconds",
    type=click.FloatRange(min=1),
    default=120.0,
    show_default=True,
    help="For the checks of one record.",
)
@click.option("--json", "target", type=click.Path(path_type=Path), help="Write all findings here.")
@click.option(
    "--out", type=click.Path(path_type=Path), help="Keep the audits here; continue with them."
)
def audit(path: str, only: str, target: Path | None, **asked: Any) -> None:
    """Check every record of PATH: a dataset, a suite, or JSON of the published layout.

    Does it parse, does 'rules' lower it, do its sides agree; out of bounds, races, vacuous tasks,
    NaN outputs, weak oracles, duplicates. Launches that a record lacks are inferred. docs/audit.md
    explains every finding.

    \b
    hpctc audit mini
    hpctc audit HPCTransEval --jobs 2 --json audit.json --out audit
    Ends with 0 nothing found, 1 findings or unreadable data, 2 wrong use.
    """  # noqa: D301
    from hpctc.audit.examine import Limits
    from hpctc.audit.strengths import Told
    from hpctc.audit.subjects import chosen, subjects
    from hpctc.cli.progress import Shown
    from hpctc.flow.auditing import AUDITS, Wanted
    from hpctc.flow.auditing import audit as audit_all

    found = chosen(subjects(path), only)
    told = Told.of(path, found)
    out: Path | None = asked["out"]
    wanted = Wanted(Limits(seconds=asked["seconds"]), asked["jobs"], out)
    if target is not None:
        _check_writable(target)
    try:
        audits = told.judged(audit_all(found, wanted, Shown(Console(stderr=True))))
    except KeyboardInterrupt:
        words = "nothing was kept; --out FOLDER makes a run that can be continued"
        if out is not None:
            words = f"what was audited is safe in {out / AUDITS}; the same command continues"
        click.echo(f"\ninterrupted; {words}", err=True)
        raise SystemExit(130) from None
    if target is not None:
        _write(audits, told, target)
    console = Console(width=WIDTH, highlight=False)
    console.print(_table(audits, told))
    _summary(audits, told, console)
    raise SystemExit(1 if any(a.findings for a in audits) else 0)


def document(audits: Sequence[Any], told: Any) -> list[dict[str, Any]]:
    """One object a record, as ``--json`` writes it; only ours can have an oracle strength."""
    return [
        {
            "name": a.name,
            "parses": a.parses,
            "lowers": a.lowers,
            "agrees": a.agrees,
            **({"oracle_strength": told.known.get(a.of)} if a.of in told.pairs else {}),
            "findings": [{"kind": f.kind, "detail": f.detail} for f in a.findings],
        }
        for a in audits
    ]


def _table(audits: Sequence[Any], told: Any) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold", width=WIDTH)
    ours = bool(told.pairs)
    table.add_column("record", no_wrap=True, max_width=32 if ours else 38, overflow="ellipsis")
    for name in ("parses", "lowers", "agrees"):
        table.add_column(name, no_wrap=True)
    if ours:
        table.add_column("oracle", no_wrap=True, justify="right")
    table.add_column("findings", overflow="fold")
    for a in audits:
        kinds = Counter(f.kind for f in a.findings)
        words = ", ".join(f"{n} x {kind}" if n > 1 else kind for kind, n in kinds.items())
        answers = [_word(a.parses), _word(a.lowers), _word(a.agrees)]
        if ours:
            strength = told.known.get(a.of)
            answers.append("-" if strength is None else f"{strength:.1%}")
        table.add_row(escape(a.name), *answers, words or "-", style="yellow" if words else "")
    return table


def _word(answer: bool | None) -> str:
    return {True: "yes", False: "no", None: "?"}[answer]


def _summary(audits: Sequence[Any], told: Any, console: Console) -> None:
    from hpctc.audit.findings import KINDS

    clean = sum(not a.findings for a in audits)
    agree = sum(a.agrees is True for a in audits)
    console.print(f"\n{len(audits)} records: {agree} agree, {clean} without findings")
    if told.pairs:
        console.print(_oracles(told))
    table = Table(box=None, pad_edge=False, show_header=False, width=WIDTH)
    table.add_column(justify="right")
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for kind, sentence in KINDS.items():
        if number := sum(any(f.kind == kind for f in a.findings) for a in audits):
            table.add_row(str(number), kind, sentence)
    if clean < len(audits):
        console.print(table)
        console.print("the details: --json FILE, or --only TEXT for one record")
    for a in audits if len(audits) <= FEW else ():
        for f in a.findings:
            console.print(f"\n{escape(a.name)}: [bold]{f.kind}[/bold]\n  {escape(f.detail)}")


def _oracles(told: Any) -> str:
    """How many records are strong, and how to measure those of which nobody knows."""
    from hpctc.audit.strengths import LEAST

    known = [told.known[i] for i in told.pairs if i in told.known]
    words = f"oracle strength: {sum(s >= LEAST for s in known)} at {LEAST:.0%} or more"
    if weak := sum(s < LEAST for s in known):
        words += f", {weak} weak"
    if told.missing:
        words += f", {told.missing} not measured (hpctc dataset oracle SUITE)"
    return words


FEW = 5
"""Records up to which every finding is printed in full."""


def _check_writable(target: Path) -> None:
    """Say so before hours of work, not after."""
    if target.is_dir() or not target.parent.is_dir():
        raise HpctcError(f"cannot write {target}", "name a file in a folder that is there")


def _write(audits: Sequence[Any], told: Any, target: Path) -> None:
    text = json.dumps(document(audits, told), indent=1, ensure_ascii=False) + "\n"
    try:
        target.write_text(text, encoding="utf-8")
    except OSError as problem:
        raise HpctcError(f"cannot write {target}: {problem.strerror}") from None
