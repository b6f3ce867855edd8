"""Two tasks and their prompts; tiny models on one thread."""

from collections.abc import Iterator

import pytest
import torch

from hpctc.core.records import Pair, Prompt, Provenance, Task, Tensor


def task(name: str, code: str) -> Task:
    tensor = Tensor(name="x", shape=(4,), dtype="float32")
    pair = Pair.make(
        name=name,
        category="elementwise",
        graph="",
        c_code=code,
        cuda_code="",
        entry=name,
        launches=(),
        inputs=(tensor,),
        outputs=(tensor,),
        flops=1,
        bytes=1,
        provenance=Provenance(source="test"),
    )
    return Task.make(of=pair.id, suite="tiny", name=name, pair=pair)


@pytest.fixture
def tasks() -> dict[str, Task]:
    made = [task("first", "void first(void) {\n#pragma omp parallel\n}\n"), task("second", "x")]
    return {t.id: t for t in made}


@pytest.fixture
def prompts(tasks: dict[str, Task]) -> list[Prompt]:
    return [Prompt.make(of=t, template="none", text=f"translate {t}") for t in tasks]


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
