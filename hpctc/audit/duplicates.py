"""Records that are the same text: but for the names, or but for names and numbers."""

import re
from collections.abc import Sequence

from hpctc.audit.findings import Audit, Finding
from hpctc.core.codec import content_id
from hpctc.core.errors import HpctcError
from hpctc.syntax import tree
from hpctc.syntax.parse import parse
from hpctc.syntax.preprocess import preprocess, without_comments
from hpctc.transpile import read

_TOKEN = re.compile(r"[A-Za-z_]\w*|\d[\w.]*(?:[eEpP][-+]?\w+)?|\S")


def likeness(cuda_code: str, c_code: str) -> tuple[str, str]:
    """What a record has in common with its duplicates, and what with its near duplicates."""
    text = f"{_normal(cuda_code, cuda=True)}\n{_normal(c_code, cuda=False)}"
    return content_id("text", text), content_id("text", _without_numbers(text))


def with_duplicates(audits: Sequence[Audit]) -> list[Audit]:
    """The audits with what each repeats; of several like records the first has no finding."""
    same: dict[str, str] = {}
    near: dict[str, str] = {}
    made = []
    for one in audits:
        found = []
        if one.likeness is not None:
            exact, loose = one.likeness
            if exact in same:
                found.append(Finding(kind="duplicate", detail=f"of {same[exact]}"))
            elif loose in near:
                found.append(Finding(kind="near duplicate", detail=f"of {near[loose]}"))
            same.setdefault(exact, one.name)
            near.setdefault(loose, one.name)
        made.append(one.with_more(found))
    return made


def _normal(code: str, cuda: bool) -> str:
    """The tokens of a text, each declared name replaced by its number in order of appearance."""
    text = without_comments(code)
    try:
        unit = read(text) if cuda else parse(preprocess(text))
    except HpctcError:
        return " ".join(_TOKEN.findall(text))
    declared = _declared(unit)
    numbers: dict[str, str] = {}
    words = []
    for token in _TOKEN.findall(text):
        if token in declared:
            words.append(numbers.setdefault(token, f"name{len(numbers)}"))
        else:
            words.append(token)
    return " ".join(words)


def _declared(unit: tree.Unit) -> set[str]:
    """Functions with a body, parameters and variables: what a writer is free to name."""
    found = set()
    for node in tree.walk(unit):
        named = isinstance(node, tree.Parameter | tree.Variable)
        if named or (isinstance(node, tree.Function) and node.body is not None):
            found.add(node.name)  # type: ignore[attr-defined]
    return found


def _without_numbers(text: str) -> str:
    return re.sub(r"(?<![\w.])\d[\w.]*(?:[eEpP][-+]?\w+)?", "0", text)
