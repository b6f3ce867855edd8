"""Schedules as traces: the steps that a search took, as JSON, and the way back."""

import json
from typing import Any

from tvm import s_tir, tirx


def trace_text(trace: Any) -> str:
    """A trace as JSON text."""
    return json.dumps(_plain(trace.as_json()), separators=(",", ":"))


def replay(func: tirx.PrimFunc, trace: str) -> tirx.PrimFunc:
    """Apply a stored trace to the function it was found for; raises TVM's errors if it is not."""
    schedule = s_tir.Schedule(func)
    s_tir.schedule.Trace.apply_json_to_schedule(json.loads(trace), schedule)
    return schedule.mod["main"]


def _plain(value: Any) -> Any:
    """TVM's arrays, strings and constants as Python's."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, tirx.IntImm | tirx.FloatImm):
        return value.value
    if hasattr(value, "items"):
        return {str(k): _plain(v) for k, v in value.items()}
    return [_plain(v) for v in value]
