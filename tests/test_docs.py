"""What the pages point at is there, and what they count is so many."""

import re
import subprocess
from pathlib import Path

import pytest

from hpctc.families import FAMILIES
from hpctc.graph.ops import OPS
from hpctc.graph.published import published
from hpctc.graph.samples import all_samples
from hpctc.rewrite import REWRITES

ROOT = Path(__file__).parents[1]


def pages() -> list[Path]:
    """Every page of the project; where this is no checkout, those that lie where we know."""
    listed = subprocess.run(
        ["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode == 0:
        return [path for line in listed.stdout.splitlines() if (path := ROOT / line).is_file()]
    return [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]


def headings(page: str) -> set[str]:
    """The anchors of a page as GitHub makes them."""
    lines = re.findall(r"^#+ (.*)$", page, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", line.lower()).strip().replace(" ", "-") for line in lines}


@pytest.mark.parametrize("page", pages(), ids=lambda path: str(path.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    text = re.sub(r"^```.*?^```", "", page.read_text(), flags=re.DOTALL | re.MULTILINE)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        assert target.exists(), link
        if anchor and target.suffix == ".md":
            assert anchor in headings(target.read_text()), link


def test_the_pages_count_right() -> None:
    readme, operators = ((ROOT / p).read_text() for p in ("README.md", "docs/operators.md"))
    pairs = sum(len(op.dtypes) for op in OPS.values())
    for page, words in (
        (readme, f"{len(OPS)} operators,"),
        (readme, f"{len(REWRITES)} rewrites "),
        (readme, f"# {len(FAMILIES)} workloads:"),
        (operators, f"the {len(all_samples())} samples of the {len(OPS)} operators"),
        (operators, f"({pairs} pairs of operator and element type)"),
        (operators, f"the {sum(len(op.samples) for op in OPS.values())} that are declared"),
        (operators, f"holds the {len(published())} independent operators of HPCTransEval"),
    ):
        assert words in page, f"the registry says: {words}"
