"""Two tasks and their prompts."""

import pytest

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
