"""The page of rewrites says what the registry says."""

from pathlib import Path

import pytest

from hpctc.rewrite.page import page

PAGE = Path(__file__).parents[2] / "docs" / "rewrites.md"


def test_the_page_is_the_registry(request: pytest.FixtureRequest) -> None:
    if request.config.getoption("--update-golden"):
        PAGE.write_text(page(), encoding="utf-8")
    assert PAGE.read_text(encoding="utf-8") == page(), "run pytest with --update-golden"
