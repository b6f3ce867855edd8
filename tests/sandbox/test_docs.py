"""``docs/sandbox.md`` says of every attempt what stops it, and explains every layer and level."""

import re
from pathlib import Path

from hpctc.sandbox.layers import LEVELS, MEANS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "sandbox.md").read_text(encoding="utf-8")


def test_every_attempt_is_listed_with_what_stops_it() -> None:
    listed = set(re.findall(r"^\| `(\w+)` \| ([\w, +]+) \|$", PAGE, re.MULTILINE))
    files = (Path(__file__).parent / "escapes").rglob("*.c")
    found = {
        (path.stem, re.findall(r"stopped by: (.+) \*/", path.read_text())[0]) for path in files
    }
    assert listed == found


def test_every_layer_and_level_is_explained() -> None:
    for name in (*MEANS, *LEVELS):
        assert re.search(rf"^\| `{name}`", PAGE, re.MULTILINE), name
