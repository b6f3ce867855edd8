"""A task in words: the template filled with the CUDA, its launches, and the C signature wanted."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from hpctc.core.records import Launch, Pair, Prompt, Task, Tensor
from hpctc.core.resources import render, sources
from hpctc.native.call import prototype

ZERO_SHOT = "prompt/zero-shot.j2"
FEW_SHOT = "prompt/few-shot.j2"


@dataclass(frozen=True)
class How:
    """What a model is told beside the task itself."""

    build: str
    """The compiler and its flags, as a person writes them: ``gcc -O3 -fopenmp``."""
    threads: int


@dataclass(frozen=True, slots=True)
class Argument:
    """One line of the template's list of arrays."""

    name: str
    role: str
    type: str


@dataclass(frozen=True, slots=True)
class Shape:
    """A launch whose extents need not be numbers, as the templates show it."""

    kernel: str
    grid: tuple[str, ...]
    block: tuple[int, ...]
    shared_bytes: str
    args: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Work:
    """What is to be translated, as the templates see it; with its C where it is an example."""

    cuda_code: str
    launches: Sequence[Launch | Shape]
    arrays: Sequence[Argument]
    prototype: str
    c_code: str = ""


def prompts(
    tasks: Iterable[Task], how: How, shots: Mapping[str, Sequence[Pair]] | None = None
) -> Iterator[Prompt]:
    """The prompt of each task; ``shots``: task id -> pairs that are shown as examples, in order."""
    for task in tasks:
        shown = () if shots is None else shots[task.id]
        template = FEW_SHOT if shown else ZERO_SHOT
        text = written(work(task.pair), how, [work(pair, solved=True) for pair in shown])
        yield Prompt.make(
            of=task.id,
            template=fingerprint(template),
            text=text,
            shots=tuple(pair.id for pair in shown),
        )


def written(asked: Work, how: How, shots: Sequence[Work] | None = None) -> str:
    """The text of a prompt; without ``shots`` the zero-shot one."""
    values = {"task": asked, "build": how.build, "threads": how.threads}
    if not shots:
        return render(ZERO_SHOT, **values)
    return render(FEW_SHOT, shots=shots, **values)


def work(pair: Pair, solved: bool = False) -> Work:
    """A pair as the templates see it; its C only where it is ``solved``."""
    inner = "device memory between launches, no argument of C"
    return Work(
        pair.cuda_code,
        pair.launches,
        [
            *_arguments(pair.inputs, "input"),
            *_arguments(pair.outputs, "output"),
            *_arguments(pair.intermediates, inner),
        ],
        prototype(pair.entry, pair.inputs, pair.outputs),
        pair.c_code if solved else "",
    )


def fingerprint(template: str) -> str:
    """``name@hash`` of a template's text with all that it imports: which wording was used."""
    digest = hashlib.sha256()
    for source in sources(template):
        digest.update(source.encode())
    return f"{template}@{digest.hexdigest()[:12]}"


def _arguments(tensors: Iterable[Tensor], role: str) -> Iterator[Argument]:
    for tensor in tensors:
        shape = "scalar" if not tensor.shape else "[" + "][".join(map(str, tensor.shape)) + "]"
        yield Argument(tensor.name, role, f"{tensor.dtype} {shape}")
