"""Records that are the same text: but for the names, or but for names and numbers."""

from collections.abc import Sequence

from hpctc.audit.findings import Audit, Finding
from hpctc.core.codec import content_id
from hpctc.syntax.tokens import normal, tokens


def likeness(cuda_code: str, c_code: str) -> tuple[str, str]:
    """What a record has in common with its duplicates, and what with its near duplicates."""
    cuda, c = tokens(cuda_code), tokens(c_code)
    exact = [normal(cuda), normal(c)]
    loose = [normal(cuda, numbers=False), normal(c, numbers=False)]
    return content_id("text", exact), content_id("text", loose)


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
