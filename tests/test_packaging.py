"""The wheel is whole: built, unpacked elsewhere, it finds its grammars and runs from any folder."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def run(site: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    code = (
        "import sys, hpctc; assert sys.argv.pop(1) in hpctc.__file__, hpctc.__file__\n"
        "from hpctc.cli import main; main(prog_name='hpctc')"
    )
    return subprocess.run(
        [sys.executable, "-c", code, str(site), *arguments],
        cwd="/",
        env=os.environ | {"PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_wheel_holds_its_data_and_no_stranger(site: Path) -> None:
    tops = {p.name for p in site.iterdir() if not p.name.endswith(".dist-info")}
    assert tops == {"hpctc"}
    for kind in ("grammars", "templates", "evals", "datasets"):
        assert any((site / "hpctc" / "_data" / kind).rglob("*")), kind


def test_the_installed_package_finds_its_grammar_from_any_folder(
    site: Path, tmp_path: Path
) -> None:
    file = tmp_path / "twice.graph"
    file.write_text("graph twice(x: f32[4, 4]) {\n  y = x + x\n  return y\n}\n")
    done = run(site, "graph", "check", str(file))
    assert done.returncode == 0, done.stderr
    assert "twice" in done.stdout


def test_the_console_script_is_declared(site: Path) -> None:
    (metadata,) = site.glob("*.dist-info")
    assert "hpctc = hpctc.cli:main" in (metadata / "entry_points.txt").read_text()
