"""Load a causal LM and its tokenizer: a hub name, a local folder, or a GGUF file."""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

import torch

from hpctc.core.errors import HpctcError, UsageError

Dtype = Literal["float32", "bfloat16", "float16"]

PIECE, PIECES = 1 << 16, 64
"""Of a file so many pieces of so many bytes are compared."""


@dataclass(frozen=True)
class Loaded:
    """What a spec names."""

    model: Any
    """A ``PreTrainedModel`` in evaluation mode."""
    tokenizer: Any


@lru_cache(maxsize=4)
def load(path: str, dtype: Dtype, device: str) -> Loaded:
    """Load weights and tokenizer; a second call gives the same objects.

    Raises:
        UsageError: There is no such folder or file, or it holds no causal LM.
    """
    import transformers
    from transformers import AutoModelForCausalLM, AutoTokenizer

    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    place, options = _source(path)
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise UsageError("there is no CUDA device here", "device=cpu is the default")
    try:
        tokenizer = AutoTokenizer.from_pretrained(place, **_named(options))
        model = AutoModelForCausalLM.from_pretrained(place, dtype=getattr(torch, dtype), **options)
    except (OSError, ValueError, KeyError) as problem:
        first = str(problem).strip().splitlines()[0] if str(problem).strip() else repr(problem)
        raise UsageError(
            f"{path} cannot be loaded: {first}",
            "hf{path=...} is a folder with config.json and weights, a .gguf file, or a hub name",
        ) from None
    except torch.OutOfMemoryError as problem:
        raise HpctcError(f"{path} does not fit on {device}", "try dtype=bfloat16") from problem
    _tie(model)
    return Loaded(model.to(device).eval(), tokenizer)


def fingerprint(path: str) -> str:
    """What tells the weights at a path from others, a later checkpoint in the same folder included.

    Names, sizes and samples of all files: weights that were trained on differ everywhere, and
    gigabytes need not be read twice. A hub name stands for itself.

    Raises:
        UsageError: The path means this machine, and no model is there.
    """
    place, options = _source(path)
    if not Path(place).is_dir():
        return ""
    name = options.get("gguf_file")
    files = [Path(place) / name] if name else sorted(Path(place).iterdir())
    told = hashlib.sha256()
    for file in filter(Path.is_file, files):
        told.update(f"{file.name} {file.stat().st_size} ".encode())
        for piece in _samples(file):
            told.update(piece)
    return told.hexdigest()[:16]


def _samples(file: Path) -> Iterator[bytes]:
    """Pieces from all over a file; all of a small one."""
    with file.open("rb") as stream:
        for start in range(0, file.stat().st_size, max(file.stat().st_size // PIECES, PIECE)):
            stream.seek(start)
            yield stream.read(PIECE)


def free(device: str) -> float:
    """Bytes of memory that a device has left."""
    if device.startswith("cuda"):
        return float(torch.cuda.mem_get_info(device)[0])
    return float(os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))


def _tie(model: Any) -> None:
    """Make one of two copies of the embedding: a GGUF file holds both of a tied pair."""
    read, said = model.get_input_embeddings(), model.get_output_embeddings()
    if said is None or read.weight is said.weight or not torch.equal(read.weight, said.weight):
        return
    said.weight = read.weight
    model.config.tie_word_embeddings = True


def _source(path: str) -> tuple[str, dict[str, Any]]:
    """Where transformers looks, and with which options."""
    place = Path(path).expanduser()
    if path.endswith(".gguf"):
        if not place.is_file():
            raise UsageError(f"there is no file {path}", "name a .gguf file that is there")
        from transformers import GgufConfig

        # Packed weights would be unpacked again in every pass.
        unpacked = GgufConfig(dequantize=True)
        return str(place.parent), {"gguf_file": place.name, "quantization_config": unpacked}
    looks_local = path.startswith((".", "/", "~"))
    if looks_local and not (place / "config.json").is_file():
        what = "has no config.json" if place.is_dir() else "is not there"
        raise UsageError(f"{path} {what}", "name a folder with config.json, tokenizer and weights")
    return (str(place) if looks_local or place.is_dir() else path), {}


def _named(options: dict[str, Any]) -> dict[str, Any]:
    return {"gguf_file": options["gguf_file"]} if "gguf_file" in options else {}


__all__ = ["Dtype", "Loaded", "fingerprint", "free", "load"]
