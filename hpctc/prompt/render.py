"""A task in words: the template filled with the CUDA, its launches, and the C signature wanted."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from hpctc.core.records import Prompt, Task, Tensor
from hpctc.core.resources import render, templates
from hpctc.native.call import prototype

TEMPLATE = "prompt/zero-shot.j2"


@dataclass(frozen=True)
class How:
    """What a model is told beside the task itself."""

    build: str
    """The compiler and its flags, as a person writes them: ``gcc -O3 -fopenmp``."""
    threads: int
    template: str = TEMPLATE


@dataclass(frozen=True, slots=True)
class Argument:
    """One line of the template's list of arrays."""

    name: str
    role: str
    type: str


def prompts(tasks: Iterable[Task], how: How) -> Iterator[Prompt]:
    """The prompt of each task."""
    template = fingerprint(how.template)
    for task in tasks:
        pair = task.pair
        text = render(
            how.template,
            cuda_code=pair.cuda_code,
            launches=pair.launches,
            arrays=[
                *_arguments(pair.inputs, "input"),
                *_arguments(pair.outputs, "output"),
                *_arguments(pair.intermediates, "device memory between launches, no argument of C"),
            ],
            prototype=prototype(pair.entry, pair.inputs, pair.outputs),
            build=how.build,
            threads=how.threads,
        )
        yield Prompt.make(of=task.id, template=template, text=text)


def fingerprint(template: str) -> str:
    """``name@hash`` of a template's text, so that a record tells which wording was used."""
    environment = templates()
    assert environment.loader is not None
    source = environment.loader.get_source(environment, template)[0]
    return f"{template}@{hashlib.sha256(source.encode()).hexdigest()[:12]}"


def _arguments(tensors: Iterable[Tensor], role: str) -> Iterator[Argument]:
    for tensor in tensors:
        shape = "scalar" if not tensor.shape else "[" + "][".join(map(str, tensor.shape)) + "]"
        yield Argument(tensor.name, role, f"{tensor.dtype} {shape}")
