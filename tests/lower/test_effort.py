"""Efforts are text: what may be written, what it means, what the error says."""

import pytest

from hpctc.core.errors import UsageError
from hpctc.lower.effort import Effort


@pytest.mark.parametrize("text", ["none", "fast", "full", "trials=7", "trials=64"])
def test_an_effort_reads_back_as_it_was_written(text: str) -> None:
    assert str(Effort.parse(text)) == text


def test_no_effort_measures_nothing() -> None:
    assert Effort.parse("none").trials == 0
    assert Effort.parse("trials=0").seconds == 0.0


@pytest.mark.parametrize(
    ("text", "says"), [("fats", "did you mean 'fast'"), ("trials=-3", "trials=N"), ("", "none")]
)
def test_anything_else_says_what_is_possible(text: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        Effort.parse(text)
