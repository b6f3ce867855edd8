"""``hpctc translate``: one CUDA kernel of a file as C, by any model."""

import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from hpctc.core.errors import UsageError
from hpctc.sandbox.layers import LEVELS

if TYPE_CHECKING:
    from hpctc.flow.translate import Translated
    from hpctc.models.base import Question

NOTHING = 3
"""The exit code where there is no C: the model abstained, or its answer holds none."""

SANDBOX = "Isolation that this host must give.  [jail]"

ARG = "What the file does not say: NAME=f32[1024]:random, NAME=FILE.npy or NAME=1024."


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--model", required=True, metavar="SPEC", help="Who answers; see 'hpctc models'.")
@click.option("--strategy", default="", metavar="SPEC", help="How an hf model decodes.")
@click.option("--entry", default="", help="The kernel, such as scale or 'scale<float, 4>'.")
@click.option("--grid", default="", metavar="X[,Y,Z]", help="Blocks; numbers or expressions.")
@click.option("--block", default="", metavar="X[,Y,Z]", help="Threads of a block.")
@click.option("--shared", default="", metavar="BYTES", help="Dynamic shared memory.")
@click.option("--arg", "args", multiple=True, metavar="NAME=VALUE", help=ARG)
@click.option("--temperature", default=0.0, type=click.FloatRange(0), help="0: greedy.  [0]")
@click.option("--seed", default=0, type=click.IntRange(0), help="Of what is sampled.  [0]")
@click.option("--shots", default=0, type=click.IntRange(0), help="Examples in the prompt.  [0]")
@click.option("--shots-from", default="mini", metavar="DATASET", help="Their source.  [mini]")
@click.option("--repair", default=0, type=click.IntRange(0), help="Turns to repair in.  [0]")
@click.option("--compiler", default="gcc", metavar="SPEC", help="gcc{flags='-O2'}, clang.  [gcc]")
@click.option("--threads", default=2, type=click.IntRange(1), help="That the C runs on.  [2]")
@click.option("--seconds", default=10.0, type=click.FloatRange(0.1), help="For one call.  [10]")
@click.option("--sandbox", default="jail", type=click.Choice(tuple(LEVELS)), help=SANDBOX)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write here.  [stdout]")
def translate(file: Path, output: Path | None, **chosen: Any) -> None:
    """Turn a CUDA kernel into C by a model, build it, and run it beside the CUDA.

    The answer is shown as it comes; the C goes to -o or standard output. Where the file (or --arg)
    says how large the arrays are, the C is called in the sandbox and must leave what the emulated
    CUDA leaves. Ends with 0 when the C is right, or builds and nothing more can be told; with 1
    when it is wrong, does not build, or the source is invalid; with 2 on wrong use; with 3 when
    there is no C, or the kernel has what is not supported.

    \b
    hpctc translate saxpy.cu --model rules
    hpctc translate saxpy.cu --model hf:FOLDER --strategy compiler -o saxpy.c
    hpctc translate k.cu --model http://localhost:8000/v1#MODEL \\
        --arg x=f32[4096]:normal --arg n=4096 --repair 1
    """  # noqa: D301
    from hpctc.flow.translate import File, How
    from hpctc.flow.translate import translate as work
    from hpctc.transpile.file import Asked

    launch = Asked(*(chosen.pop(name) for name in ("entry", "grid", "block", "shared")))
    heard = Heard()
    with tempfile.TemporaryDirectory(prefix="hpctc-translate-") as scratch:
        made = work(File(file, _read(file), launch), How(**chosen), Path(scratch), heard)
    heard.end()
    _tell(made)
    if made.code is not None and (output is not None or not heard.is_enough()):
        _write(_headed(made, file), output)
    raise SystemExit(exit_code(made))


class Heard:
    """Shows an answer on standard error while it is being said."""

    def __init__(self) -> None:
        self._last = ""

    def __call__(self, _asked: "Question", piece: str) -> None:
        """Show a piece at once."""
        self._last = piece
        click.echo(piece, nl=False, err=True)

    def end(self) -> None:
        """End the line."""
        if self._last and not self._last.endswith("\n"):
            click.echo(err=True)

    def is_enough(self) -> bool:
        """Whether the reader has seen the C already: both outputs are his terminal."""
        return bool(self._last) and sys.stdout.isatty() and sys.stderr.isatty()


def exit_code(made: "Translated") -> int:
    """What the command ends with, see its help."""
    if made.code is None:
        return NOTHING
    return 0 if made.verdict in (None, "correct") else 1


def _tell(made: "Translated") -> None:
    """Two lines: what the answer took, and what became of it."""
    answer, decoding = made.answer, made.answer.decoding
    words = []
    if answer.usage and answer.seconds:
        count = answer.usage.completion_tokens
        words.append(f"{count:,} tokens in {answer.seconds:.1f} s")
        if decoding and decoding.passes:
            words.append(f"{count / decoding.passes:.2f} tokens a pass")
        if answer.usage.dollars:
            words.append(f"${answer.usage.dollars:.4f}")
    if made.turns > 1:
        words.append(f"turn {made.turns}")
    if answer.reason:
        words.append(answer.reason)
    if words:
        click.echo(f"answer   {', '.join(words)}", err=True)
    right = made.verdict == "correct"
    verdict = made.verdict or "not verified"
    colour = "green" if right else "yellow" if made.verdict is None else "red"
    click.secho(f"verdict  {verdict}: {made.words.strip()}", fg=colour, err=True)


def _headed(made: "Translated", file: Path) -> str:
    """The C under what a reader has to know of it."""
    held = "held against the emulated CUDA" if made.verdict == "correct" else "NOT VERIFIED"
    if made.verdict not in ("correct", None):
        held = f"NOT RIGHT ({made.verdict})"
    x, y, z = made.kernel.extents
    return (
        f"// {made.kernel.signature};\n"
        f"// Made by {made.answer.model} from {file.name}, {held}; the launch assumed is\n"
        f"//   {made.kernel.kernel}<<<dim3({x}, {y}, {z}), dim3{made.kernel.block}>>>\n"
        f"// Arrays start at multiples of 64 bytes and do not overlap.\n\n"
        f"{(made.code or '').rstrip()}\n"
    )


def _write(text: str, output: Path | None) -> None:
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        output.write_text(text, encoding="utf-8")
    except OSError as problem:
        raise UsageError(f"cannot write {output}: {problem.strerror}") from None


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig", errors="replace")
    except OSError as problem:
        raise UsageError(f"cannot read {file}: {problem.strerror}") from None
