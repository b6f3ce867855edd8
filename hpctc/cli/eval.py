"""``hpctc eval``: let a model answer a suite; build, check, time and score what it says."""

import logging
import os
import re
from pathlib import Path

import click
from rich.console import Console

from hpctc.cli.progress import Shown
from hpctc.core import suite as suites
from hpctc.core.errors import HpctcError, UsageError
from hpctc.core.run import STAGES, About, Run, read_about
from hpctc.flow.evaluation import evaluate_suite
from hpctc.flow.plan import How, Plan, plan
from hpctc.report.tables import print_run
from hpctc.sandbox.layers import LEVELS

SANDBOX = "Isolation that this host must give.  [jail]"


@click.command(name="eval")
@click.argument("suite")
@click.option("--model", required=True, metavar="SPEC", help="Who answers; see 'hpctc models'.")
@click.option("--samples", default=1, type=click.IntRange(1), help="Answers a task.  [1]")
@click.option("--temperature", default=0.0, type=click.FloatRange(0), help="0: greedy.  [0]")
@click.option("--seed", default=0, type=click.IntRange(0), help="Of what is sampled.  [0]")
@click.option("--strategy", default="", metavar="SPEC", help="How an hf model decodes.")
@click.option("--shots", default=0, type=click.IntRange(0), help="Examples in a prompt.  [0]")
@click.option("--shots-from", default="mini", metavar="DATASET", help="Their source.  [mini]")
@click.option("--repair", default=0, type=click.IntRange(0), help="Turns to repair in.  [0]")
@click.option("--limit", type=click.IntRange(1), help="Only the first so many tasks.")
@click.option("--only", default="*", metavar="GLOB", help="Only tasks of such a name.  [*]")
@click.option("--out", type=click.Path(path_type=Path), help="Run folder.  [runs/SUITE-MODEL-N]")
@click.option("--threads", metavar="N,...", help="Threads, timed at each.  [the suite's]")
@click.option("--checks", metavar="NAME,...", help="sanitizers,race or none.  [both]")
@click.option("--baselines", metavar="NAME,...", help="Timed against.  [all but torch]")
@click.option("--compiler", default="gcc", metavar="SPEC", help="gcc{flags='-O2'}, clang.  [gcc]")
@click.option("--jobs", type=click.IntRange(1), help="Builds and checks at once.  [all cores]")
@click.option("--seconds", type=click.FloatRange(0), help="For timing one candidate; 0: none.")
@click.option("--sandbox", default="jail", type=click.Choice(tuple(LEVELS)), help=SANDBOX)
@click.option("--from", "stage", type=click.Choice(STAGES), help="Make this stage and later anew.")
def evaluate(suite: str, out: Path | None, stage: str | None, **chosen: object) -> None:
    """Let a model answer SUITE; build, check, time and score what it says.

    SUITE is a name below evals/ or a folder that holds a suite.toml. A run that was interrupted
    goes on when the same command is given again.

    \b
    hpctc eval mini --model null
    hpctc eval mini --model 'replay{path=answers.jsonl}' --samples 4
    hpctc eval mini --model http://localhost:8000/v1#MODEL --temperature 0.8
    hpctc eval mini --model hf:FOLDER --shots 2 --repair 1
    """  # noqa: D301
    logging.basicConfig(format="%(levelname)s: %(message)s")
    settled = plan(suites.load(suite), _how(chosen))
    folder = out or _default_folder(settled)
    if stage and not out:
        raise UsageError("--from needs a run", "name it with --out")
    console = Console(stderr=True)
    try:
        with Run(folder, settled.about()) as run:
            if stage:
                run.forget(stage)
            console.print(f"{'continuing' if run.continued else 'run'} {folder}", highlight=False)
            evaluate_suite(run, settled, Shown(console))
    except KeyboardInterrupt:
        raise HpctcError(
            f"interrupted; what was made lies in {folder}",
            "run the same command to continue"
            + ("" if out else " (or give the folder with --out)"),
        ) from None
    print_run(folder, Console(width=80))
    click.echo(f"\nhpctc report {folder}")


def _how(chosen: dict[str, object]) -> How:
    jobs = chosen.pop("jobs") or len(os.sched_getaffinity(0))
    threads = _counts(chosen.pop("threads"))
    return How(**chosen, jobs=jobs, threads=threads)  # type: ignore[arg-type]


def _counts(text: object) -> tuple[int, ...] | None:
    """``1,2`` as numbers above zero; None where nothing was said."""
    if text is None:
        return None
    words = str(text).split(",")
    if not all(word.strip().isdigit() and int(word) > 0 for word in words):
        raise UsageError(f"--threads {text} is no list of numbers", "write for example 1,2")
    return tuple(int(word) for word in words)


def _default_folder(settled: Plan) -> Path:
    """``runs/SUITE-MODEL-N``: the last one if it is the same and not finished, else a new one."""
    name = re.sub(r"[^\w.-]+", "-", f"{settled.suite.name}-{settled.model.name}")
    numbered = re.compile(re.escape(name) + r"-(\d+)")
    runs = Path("runs")
    found = [int(m[1]) for p in runs.glob(f"{name}-*") if (m := numbered.fullmatch(p.name))]
    last = max(found, default=0)
    folder = runs / f"{name}-{last}"
    if last and not (folder / "scores.jsonl").exists() and _is_same(folder, settled.about()):
        return folder
    return runs / f"{name}-{last + 1}"


def _is_same(folder: Path, about: About) -> bool:
    try:
        return read_about(folder).settings == about.settings
    except HpctcError:
        return False
