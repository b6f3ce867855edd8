"""Whoever answers a prompt: reference, null and rule-based transpilers, recordings, servers.

Comes in: prompts, and the tasks they were made of. Goes out: answers, several samples a prompt
where asked. A model is a :class:`~hpctc.core.spec.Spec`, so its text stands in every record; it is
imported only when it is named.
"""

from hpctc.core.errors import UsageError
from hpctc.core.spec import load
from hpctc.models.base import Model

MODELS: dict[str, str] = {
    "reference": "hpctc.models.reference:Reference",
    "null": "hpctc.models.null:Null",
    "rules": "hpctc.models.rules:Rules",
    "replay": "hpctc.models.replay:Replay",
    "http": "hpctc.models.http:Http",
    "hf": "hpctc.models.hf.chat:Hf",
}
"""Name -> where its class lies."""


def model(text: str) -> Model:
    """The model that a spec text names: ``null``, ``replay{path=answers.jsonl}``.

    ``http://host:port/v1#model`` is short for ``http{url='http://host:port/v1',model=model}`` and
    ``hf:NAME-OR-FOLDER`` for ``hf{path=NAME-OR-FOLDER}``.
    """
    if text.startswith("hf:"):
        from hpctc.models.hf.chat import Hf

        return Hf(path=text.removeprefix("hf:"))
    if text.startswith(("http://", "https://")):
        return _served(text)
    return load(MODELS, text, "model", Model)  # type: ignore[type-abstract]


def _served(address: str) -> Model:
    from hpctc.models.http import Http

    url, _, name = address.partition("#")
    if not name:
        raise UsageError(
            f"{address} does not say which model",
            f"write {url}#MODEL; GET {url.rstrip('/')}/models lists what the server has",
        )
    return Http(url=url, model=name)
