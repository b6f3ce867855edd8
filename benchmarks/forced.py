"""What a drafting model would say at every place of recorded answers, for ``replay.py --drafting``.

``python benchmarks/forced.py RUN --model hf:FOLDER --out FILE [--limit N] [--tokens N]`` reads the
answers of a run of ``hpctc eval`` as ``replay.py`` does, the shortest prompts first, and computes
one teacher-forced pass of the drafting model over prompt and answer each: at every place the two
likeliest tokens and their probabilities, a line of JSON an answer. A file that is there is gone on
with.
"""

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import AutoTokenizer

from _recorded import Said
from hpctc.core.errors import UsageError
from hpctc.models import model
from hpctc.models.hf.chat import Hf
from hpctc.models.hf.weights import load
from replay import CONSOLE, path_of, recorded


@torch.inference_mode()
def forced(causal: Any, prompt: Sequence[int], tokens: Sequence[int]) -> dict[str, Any]:
    """The two likeliest tokens in the place of each of ``tokens``, and how likely they are."""
    text = torch.tensor([[*prompt, *tokens[:-1]]])
    logits = causal(input_ids=text, use_cache=False, logits_to_keep=len(tokens)).logits[0]
    chances, says = torch.softmax(logits.float(), -1).topk(2)  # [places, 2]
    return {"says": says.tolist(), "chances": chances.tolist()}


def main() -> None:
    """Write a line for every answer that has none yet."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("run", type=Path, help="a folder that 'hpctc eval' has written")
    parser.add_argument("--model", required=True, help="the drafting model: hf:FOLDER")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--limit", type=int, help="so many answers")
    parser.add_argument("--tokens", type=int, default=400, help="of an answer, at most")
    asked = parser.parse_args()
    chat = model(asked.model)
    if not isinstance(chat, Hf):
        raise UsageError(f"{asked.model} is no local model", "name hf:FOLDER")
    said = recorded(asked.run, AutoTokenizer.from_pretrained(path_of(asked.run)))
    said.sort(key=lambda one: len(one.prompt))
    there = asked.out.read_text().splitlines() if asked.out.exists() else []
    done = {json.loads(line)["name"] for line in there}
    causal = load(chat.path, chat.dtype, chat.device).model
    with asked.out.open("a") as out:
        for one in said[: asked.limit]:
            if one.name not in done:
                found = forced(causal, one.prompt, one.tokens[: asked.tokens])
                out.write(json.dumps({"name": one.name, **found}) + "\n")
                out.flush()
                CONSOLE.print(_line(one, found))


def _line(one: Said, found: dict[str, Any]) -> str:
    alike = sum(s[0] == t for s, t in zip(found["says"], one.tokens, strict=False))
    return f"{one.name}: {len(one.prompt)} + {len(found['says'])} tokens, {alike} alike"


if __name__ == "__main__":
    main()
