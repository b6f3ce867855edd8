"""``hpctc eval --sandbox``: a host that gives too little is refused, unless that is wanted."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from hpctc.cli import main
from hpctc.core import jsonl
from hpctc.core.records import Verdict
from hpctc.core.run import read_about
from hpctc.sandbox import layers
from hpctc.sandbox.layers import MEANS, Layer


def evaluate(suite: Path, out: Path, *more: str) -> tuple[int, str]:
    words = ["eval", str(suite), "--model", "reference", "--limit", "1", "--seconds", "0"]
    done = CliRunner().invoke(main, [*words, "--out", str(out), *more])
    return done.exit_code, done.output


def test_without_a_jail_nothing_is_run(
    suite_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bare = tuple(Layer(n, n in ("rlimits", "watch"), "not in this kernel") for n in MEANS)
    monkeypatch.setattr(layers, "layers", lambda _: bare)
    code, output = evaluate(suite_folder, tmp_path / "refused")
    assert code != 0
    assert "this host cannot jail them: it lacks" in " ".join(output.split())
    assert "--sandbox=rlimits" in output
    assert not (tmp_path / "refused" / "verdicts.jsonl").exists()
    code, output = evaluate(suite_folder, tmp_path / "limits", "--sandbox", "rlimits")
    assert code == 0, output
    assert read_about(tmp_path / "limits").settings["sandbox"] == "rlimits"
    for verdict in jsonl.read(tmp_path / "limits" / "verdicts.jsonl", Verdict):
        assert (verdict.verdict, verdict.jail) == ("correct", ("rlimits", "watch"))


def test_without_any_layer_the_record_says_so(suite_folder: Path, tmp_path: Path) -> None:
    code, output = evaluate(suite_folder, tmp_path / "none", "--sandbox", "none")
    assert code == 0, output
    for verdict in jsonl.read(tmp_path / "none" / "verdicts.jsonl", Verdict):
        assert (verdict.verdict, verdict.jail) == ("correct", ())
