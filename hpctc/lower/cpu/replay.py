"""Make a schedule again from its MetaSchedule trace, without loading the search."""

import json

from tvm import s_tir, tirx


def replay(func: tirx.PrimFunc, trace: str) -> tirx.PrimFunc:
    """Apply a stored trace to the function it was found for; raises TVM's errors if it is not."""
    schedule = s_tir.Schedule(func)
    s_tir.schedule.Trace.apply_json_to_schedule(json.loads(trace), schedule)
    return schedule.mod["main"]
