"""Code of a dataset may be anybody's: what checks or audits it builds and calls it in the jail."""

from pathlib import Path

import numpy as np
import pytest

from hpctc.audit.call import Function, Setup, call
from hpctc.audit.call import build as build_audited
from hpctc.core.records import Tensor
from hpctc.dataset.compiled import Bench, Source
from hpctc.dataset.compiled import build as build_checked
from hpctc.dataset.rejection import Rejection
from hpctc.native.compiler import Gcc
from hpctc.sandbox.launcher import build as build_runner
from hpctc.sandbox.layers import given

SPY = """\
#include <stdio.h>
void spy(const float *x, float *y) {
  FILE *found = fopen("SECRET", "r");
  for (int i = 0; i < 4; ++i) y[i] = found ? 42.0f : x[i];
}
"""

HONEST = "#include <math.h>\ndouble root(double x) { return sqrt(x); }\n"


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file of ours."""
    path = tmp_path / "home" / "secret.h"
    path.parent.mkdir()
    path.write_text("int secret(void) { return 42; }\n")
    return path


@pytest.fixture(scope="module")
def how(tmp_path_factory: pytest.TempPathFactory) -> Setup:
    scratch = tmp_path_factory.mktemp("scratch")
    runner = build_runner(scratch)
    if not {"landlock", "mounts"} & set(given(runner)):
        pytest.skip("this host cannot hide files")
    return Setup(scratch, runner)


def test_the_compiler_reads_nothing_of_ours(secret: Path, how: Setup) -> None:
    spy = f'#include "{secret}"\n'
    assert build_audited(HONEST, how).library is not None
    told = build_audited(spy, how)
    assert told.library is None
    assert "secret.h" in told.log
    bench = Bench(how.folder, how.runner, Gcc(), seconds=10.0)
    assert build_checked(Source("c", "the C", HONEST), bench).exists()
    with pytest.raises(Rejection) as refused:
        build_checked(Source("c", "the C", spy), bench)
    assert "secret.h" in refused.value.rejected.detail


def test_a_function_that_is_audited_reads_nothing_of_ours(secret: Path, how: Setup) -> None:
    built = build_audited(SPY.replace("SECRET", str(secret)), how)
    assert built.library is not None
    x, y = (Tensor(name=name, shape=(4,), dtype="float32") for name in "xy")
    values = np.arange(4, dtype=np.float32)
    called = call(Function(built.library, "spy", ((x, False), (y, True))), {"x": values}, how)
    assert called.outputs["y"].tolist() == values.tolist()
