"""The roofline of this host, if it was calibrated, for a run: a file for its readers, a floor."""

import json
from collections.abc import Callable
from pathlib import Path

from hpctc.calibrate import store
from hpctc.calibrate.roof import Calibration
from hpctc.core.codec import encode
from hpctc.core.records import Pair
from hpctc.score.roofline import FILE, Roof


def roofs(run: Path) -> Callable[[Pair, int], float | None]:
    """Put what is known of this host into a run's folder; the least time of a pair on it."""
    known = store.load()
    if known is None:
        return lambda _pair, _threads: None
    text = json.dumps([encode(roof) for roof in _of_memory(known)], indent=1)
    draft = run / f"{FILE}.part"
    draft.write_text(text + "\n", encoding="utf-8")
    draft.replace(run / FILE)
    return known.floor_ns


def _of_memory(known: Calibration) -> list[Roof]:
    """The classic roofline: float32 arithmetic against memory, for each number of threads."""
    how = f"hpctc calibrate, {known.date}, load {known.load:g}, {known.compiler}"
    found = []
    for threads in known.threads:
        flops, memory = known.flops_per_second(threads), known.memory(threads)
        if flops is not None and memory is not None:
            found.append(Roof(threads, flops, memory, how))
    return found
