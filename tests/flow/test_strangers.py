"""Code of a dataset may be anybody's: what checks or audits it compiles it in the jail."""

from pathlib import Path

import pytest

from hpctc.audit.call import Setup
from hpctc.audit.call import build as build_audited
from hpctc.dataset.compiled import Bench, Source
from hpctc.dataset.compiled import build as build_checked
from hpctc.dataset.rejection import Rejection
from hpctc.native.compiler import Gcc
from hpctc.sandbox.launcher import build as build_runner
from hpctc.sandbox.layers import given

HONEST = "#include <math.h>\ndouble root(double x) { return sqrt(x); }\n"


@pytest.fixture
def spy(tmp_path: Path) -> str:
    """A text that makes the compiler read a file of ours."""
    secret = tmp_path / "home" / "secret.h"
    secret.parent.mkdir()
    secret.write_text("int secret(void) { return 42; }\n")
    return f'#include "{secret}"\n'


def test_the_compiler_reads_nothing_of_ours(spy: str, tmp_path: Path) -> None:
    scratch = tmp_path / "scratch"
    runner = build_runner(scratch)
    if not {"landlock", "mounts"} & set(given(runner)):
        pytest.skip("this host cannot hide files from a compiler")
    how = Setup(scratch, runner)
    assert build_audited(HONEST, how).library is not None
    told = build_audited(spy, how)
    assert told.library is None
    assert "secret.h" in told.log
    bench = Bench(scratch, runner, Gcc(), seconds=10.0)
    assert build_checked(Source("c", "the C", HONEST), bench).exists()
    with pytest.raises(Rejection) as refused:
        build_checked(Source("c", "the C", spy), bench)
    assert "secret.h" in refused.value.rejected.detail
