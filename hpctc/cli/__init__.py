"""The command line: one module a verb, imported when the verb is called.

``hpctc --help`` must answer at once, so nothing heavy is imported here.
"""

from difflib import get_close_matches
from importlib import import_module
from typing import Any

import click

from hpctc import __version__
from hpctc.core.errors import HpctcError, UsageError

VERBS: dict[str, tuple[str, str]] = {
    "doctor": ("hpctc.cli.doctor:doctor", "Say what this machine has and what to install."),
    "calibrate": ("hpctc.cli.calibrate:calibrate", "Measure the roofline of this machine once."),
    "ops": ("hpctc.cli.ops:ops", "List the operators."),
    "graph": ("hpctc.cli.graph:graph", "Check, show, grow and rewrite operator graphs."),
    "import": ("hpctc.cli.import_:import_", "Turn torch modules and ONNX models into graphs."),
    "families": ("hpctc.cli.families:families", "List the families of workloads."),
    "generate": ("hpctc.cli.generate:generate", "Make checked CUDA/C pairs of operator graphs."),
    "transpile": ("hpctc.cli.transpile:transpile", "Turn a CUDA kernel into C by rule."),
    "translate": ("hpctc.cli.translate:translate", "Turn a CUDA kernel into C by a model."),
    "emulate": ("hpctc.cli.emulate:emulate", "Run a CUDA kernel on the CPU; find what is wrong."),
    "dataset": ("hpctc.cli.dataset:dataset", "Release, export, import and count datasets."),
    "audit": ("hpctc.cli.audit:audit", "Find what is wrong with datasets and published pairs."),
    "show": ("hpctc.cli.show:show", "Show one pair, task or score to a person."),
    "models": ("hpctc.cli.models:models", "List the models that can answer."),
    "bench": ("hpctc.cli.bench:bench", "Compare decoding strategies on a local model."),
    "eval": ("hpctc.cli.eval:evaluate", "Let a model answer a suite; build, check, time, score."),
    "report": ("hpctc.cli.report:report", "Print the scores of runs."),
    "regress": ("hpctc.cli.regress:regress", "Compare two runs: faster, slower or cannot tell."),
}
"""Verb -> where its command lies, and its line in the help; in the order of the road."""


class Verbs(click.Group):
    """A group that imports a verb's module only when the verb is used, and words our errors."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The verbs in the order of the road."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the verb's module and take its command."""
        if cmd_name not in VERBS:
            return None
        module, _, attribute = VERBS[cmd_name][0].partition(":")
        command = getattr(import_module(module), attribute)
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the verbs without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl([(verb, line) for verb, (_, line) in VERBS.items()])

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The verb that was asked for; an error with the nearest one where there is none."""
        if args[0] not in VERBS and not args[0].startswith("-"):
            near = get_close_matches(args[0], VERBS, 1)
            raise UsageError(
                f"there is no command {args[0]!r}",
                f"did you mean 'hpctc {near[0]}'?" if near else "'hpctc --help' lists them",
            )
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the verb; an error of ours is two lines and an exit code, never a traceback."""
        try:
            return super().invoke(ctx)
        except HpctcError as problem:
            click.secho(f"error: {problem.message}", fg="red", err=True)
            if problem.hint:
                click.echo(f"  hint: {problem.hint}", err=True)
            ctx.exit(problem.exit_code)


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="hpctc")
def main() -> None:
    """Operator graphs to checked CUDA/C pairs, and honest scores for whoever translates them.

    \b
    hpctc generate matmul softmax --out pairs     make pairs
    hpctc eval mini --model null --out runs/null  let a model answer
    hpctc report runs/null                        read the scores
    """  # noqa: D301
