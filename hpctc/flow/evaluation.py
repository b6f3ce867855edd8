"""CUDA in, scores out: one model answers one suite."""

from hpctc import score
from hpctc.core import jsonl
from hpctc.core.records import Answer, Build, Candidate, Prompt, Score, Task, Verdict
from hpctc.core.run import Run, read_stage
from hpctc.flow.plan import Plan
from hpctc.flow.stages import Stages, Watch, quiet


def evaluate_suite(run: Run, plan: Plan, watch: Watch = quiet) -> list[Score]:
    """The whole road from tasks to scores, every stage landed in ``run``.

    What is wrong with an answer leads to the next turn's prompt; the last turn is timed and scored.
    """
    stages = Stages(run, plan, watch)
    tasks = run.land("tasks", Task, lambda _: plan.tasks)
    questions, judged = stages.questions(tasks), []
    while questions:
        verdicts = stages.verdicts(stages.builds(stages.candidates(stages.answers(questions))))
        judged += verdicts
        questions = stages.repairs(verdicts)
    timings = stages.timings(judged)
    scores = score.score(
        tasks,
        read_stage(run.folder, "prompts", Prompt),
        read_stage(run.folder, "answers", Answer),
        (
            read_stage(run.folder, "candidates", Candidate),
            read_stage(run.folder, "builds", Build),
            read_stage(run.folder, "verdicts", Verdict),
        ),
        timings,
    )
    jsonl.write(run.path("scores"), scores)
    return scores
