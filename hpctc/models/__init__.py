"""Whoever answers a prompt: the reference, null and rule-based transpilers, recorded answers.

Comes in: prompts, and the tasks they were made of. Goes out: answers, several samples a prompt
where asked. A model is a :class:`~hpctc.core.spec.Spec`, so its text stands in every record; it is
imported only when it is named.
"""

from hpctc.core.spec import load
from hpctc.models.base import Model

MODELS: dict[str, str] = {
    "reference": "hpctc.models.reference:Reference",
    "null": "hpctc.models.null:Null",
    "rules": "hpctc.models.rules:Rules",
    "replay": "hpctc.models.replay:Replay",
}
"""Name -> where its class lies."""


def model(text: str) -> Model:
    """The model that a spec text names: ``null``, ``replay{path=answers.jsonl}``."""
    return load(MODELS, text, "model", Model)  # type: ignore[type-abstract]
