"""Which layers a run gets, what it needs, and what it says where a host gives fewer."""

from pathlib import Path

import pytest

from hpctc.core.errors import HpctcError
from hpctc.sandbox import launcher, layers
from hpctc.sandbox.layers import BITS, MEANS, NEEDED, Layer, bits, choose, lacking, names


def host(monkeypatch: pytest.MonkeyPatch, *absent: str) -> None:
    found = tuple(Layer(name, name not in absent, "as it was tried") for name in MEANS)
    monkeypatch.setattr(layers, "layers", lambda _: found)


def test_a_number_of_the_runner_stands_for_its_layers() -> None:
    header = (launcher.SOURCES / "jail.h").read_text()
    for name, bit in BITS.items():
        assert f"{name.upper()} = {bit}," in header
    assert bits(MEANS) == sum(BITS.values())
    assert names(bits(("seccomp", "watch", "rlimits"))) == ("rlimits", "seccomp")


def test_this_host_is_asked_once_and_says_of_every_layer(build_folder: Path) -> None:
    runner = launcher.build(build_folder)
    found = layers.layers(runner)
    assert [layer.name for layer in found] == list(MEANS)
    assert all(layer.detail for layer in found)
    assert {"rlimits", "watch"} <= set(layers.given(runner))
    assert layers.layers(runner) is found


def test_a_run_takes_all_that_it_can_get(monkeypatch: pytest.MonkeyPatch) -> None:
    host(monkeypatch, "namespaces", "mounts")
    assert choose("jail", Path()) == ("rlimits", "watch", "privileges", "landlock", "seccomp")
    assert choose("rlimits", Path()) == ("rlimits", "watch")
    assert choose("none", Path()) == ()


@pytest.mark.parametrize("absent", [("seccomp",), ("privileges",), ("landlock", "mounts")])
def test_a_host_that_gives_too_little_is_refused(
    monkeypatch: pytest.MonkeyPatch, absent: tuple[str, ...]
) -> None:
    host(monkeypatch, *absent)
    with pytest.raises(HpctcError) as refused:
        choose("jail", Path())
    assert f"it lacks {' or '.join(absent)} (as it was tried)" in refused.value.message
    assert "--sandbox=rlimits" in refused.value.hint
    assert choose("rlimits", Path())


def test_one_fence_of_files_is_enough_unless_all_is_asked_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    host(monkeypatch, "landlock")
    assert "mounts" in choose("jail", Path())
    with pytest.raises(HpctcError, match="lacks landlock"):
        choose("all", Path())


def test_what_is_needed_exists() -> None:
    assert {name for group in NEEDED for name in group} <= set(MEANS)
    assert lacking(MEANS) == []
    assert lacking(()) == list(NEEDED)
