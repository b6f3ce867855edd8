"""One frozen record a stage; the only language in which the stages talk to each other.

``id`` is the hash of what a record *is* (its ``KEY`` fields), ``of`` is the id of the record it was
made from: any score can be walked back to the graph it came from, and a stage that is run again
recognises what it has made already. Absent is absent: ``None`` with a reason, never ``-1`` or NaN.

The road: Pair -> Task -> Prompt -> Answer -> Candidate -> Build -> Verdict -> Timing -> Score. With
repair turns a Verdict leads to the next Prompt, and the last turn's is timed and scored.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar, Literal, Self

from hpctc.core.codec import content_id

Category = Literal[
    "elementwise", "reduction", "layout transform", "logic intensive", "compute intensive"
]
"""HPCTransEval's five classes of operators (HPCTransCompile, 2025)."""

CATEGORIES: tuple[Category, ...] = (
    "elementwise",
    "reduction",
    "layout transform",
    "logic intensive",
    "compute intensive",
)

VerdictClass = Literal[
    "correct",
    "racy",
    "out-of-bounds",
    "wrong",
    "crashed",
    "timed out",
    "not built",
    "not found",
    "abstained",
]
"""What becomes of a sample. ``racy``: right so far, and two threads touch one place unordered;
``out-of-bounds``: it touched what is not its own, whatever came out."""

Tier = Literal["calls", "sanitizers", "race", "timed calls"]
"""The ways in which a candidate is looked at, in their order: outputs of calls on all cases, a
build with AddressSanitizer and UBSan, one with ThreadSanitizer, outputs of the calls that count."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What every record has: a content id, made by :meth:`make` from the fields in ``KEY``."""

    KEY: ClassVar[tuple[str, ...]] = ()
    id: str = ""

    @classmethod
    def make(cls, **values: Any) -> Self:
        """Build the record and give it its id; the arguments are the record's fields but ``id``."""
        draft = cls(**values)
        what = {name: getattr(draft, name) for name in cls.KEY}
        return cls(id=content_id(cls.__name__, what), **values)

    def remade(self, **changes: Any) -> Self:
        """The record with other values in these fields, and the id that goes with them."""
        kept = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "id"}
        return self.make(**{**kept, **changes})

    def is_genuine(self) -> bool:
        """Whether the id is the hash of the content: false after somebody changed the file."""
        what = {name: getattr(self, name) for name in self.KEY}
        return self.id == content_id(type(self).__name__, what)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tensor:
    """A named array argument: C order, contiguous."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    """numpy's name: float32, float16, int32, int8, bool, ..."""
    domain: tuple[float, float] | None = None
    """Closed interval in which legal input values lie; None for outputs and intermediates."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """One CUDA kernel launch, complete: it can be carried out from this record alone."""

    kernel: str
    grid: tuple[int, int, int]
    block: tuple[int, int, int]
    shared_bytes: int
    """Dynamic shared memory, in bytes."""
    args: tuple[str | int | float, ...]
    """In the kernel's parameter order: a str names a buffer of the pair, a number is a scalar."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was verified about a pair."""

    what: str
    """For example ``c == float64`` or ``nvcc sm_80``."""
    seeds: tuple[int, ...] = ()
    max_error: float | None = None
    """Largest |value - reference| / (|reference| + 1) over all seeds; None: not measured."""
    tolerance: float | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance:
    """Where a pair comes from, enough to make it again."""

    source: str
    """``operator conv2d``, ``file mlp.graph`` or ``grown``."""
    seed: int | None = None
    parents: tuple[str, ...] = ()
    """Ids of the graphs or pairs this one was rewritten from."""
    rewrites: tuple[str, ...] = ()
    """The rewrites applied, in order, as text specs."""
    effort: str = "none"
    variant: str | None = None
    """How it was grouped and scheduled where not by default: ``variant{block=64,plain=true}``."""
    schedules: Mapping[str, str] = field(default_factory=dict)
    """Kernel name -> the schedule that made it (template with parameters, or a trace)."""
    tools: Mapping[str, str] = field(default_factory=dict)
    """Tool -> version; only what shapes the text of the pair."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair(Record):
    """A CUDA source and a C source that compute one operator graph."""

    KEY: ClassVar[tuple[str, ...]] = (
        "graph",
        "c_code",
        "cuda_code",
        "entry",
        "launches",
        "inputs",
        "outputs",
    )
    name: str
    category: Category
    graph: str
    """The operator graph in hpctc's text form."""
    c_code: str
    cuda_code: str
    entry: str
    """The C function: ``void entry(const T *restrict in..., T *restrict out...)``, inputs first."""
    launches: tuple[Launch, ...]
    """The CUDA side, one object a kernel, in order."""
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    intermediates: tuple[Tensor, ...] = ()
    """Global buffers that the launches hand on to each other."""
    flops: int
    bytes: int
    """Compulsory traffic: every input read once, every output written once."""
    checks: tuple[Check, ...] = ()
    provenance: Provenance


@dataclass(frozen=True, slots=True, kw_only=True)
class Task(Record):
    """One question of a suite: here is CUDA, give C with this signature."""

    KEY: ClassVar[tuple[str, ...]] = ("of", "name", "suite")
    of: str
    """The pair's id."""
    suite: str
    name: str
    pair: Pair
    """The whole pair: the reference C and the meaning; a model sees only the prompt."""
    oracle_strength: float | None = None
    """Share of the reference's mutants that the suite's cases tell apart; None: not measured."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """An earlier prompt and what was answered to it."""

    prompt: str
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt(Record):
    """What a model is asked."""

    KEY: ClassVar[tuple[str, ...]] = ("of", "template", "text")
    of: str
    """The task's id; of a repair turn the id of the verdict on the answer that is to be repaired,
    so that the road goes round: ... -> Verdict -> Prompt -> Answer -> ... -> Verdict."""
    template: str
    """``prompt/zero-shot.j2@<content hash>``."""
    text: str
    shots: tuple[str, ...] = ()
    """Ids of the pairs that are shown as examples, in their order."""
    history: tuple[Exchange, ...] = ()
    """The conversation before ``text``, the first turn first; empty in the first turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What an answer cost."""

    prompt_tokens: int
    completion_tokens: int
    dollars: float = 0.0
    """0 where no price was given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decoding:
    """How a local model came to an answer."""

    strategy: str
    """Its spec text."""
    passes: int
    """Target passes, the prefill included."""
    proposed: int
    """Draft tokens that were scored and might have been accepted."""
    accepted: int
    sources: Mapping[str, int] = field(default_factory=dict)
    """Who proposed the accepted tokens."""
    first_seconds: float
    """To the first token."""
    spans: tuple[tuple[str, int, int], ...] = ()
    """Who proposed each token of the answer, in order, as runs ``(source, tokens, characters)``.

    ``source`` is a key of ``sources``, or ``""``: the target said it itself, unproposed (as it
    does at the end of each pass). Neighbouring runs differ in it. Tokens sum to
    ``Usage.completion_tokens``, those of proposed runs to ``accepted``. Characters (code points)
    sum to ``len(Answer.text)``, so run i is the slice of the text that begins where the runs
    before it end; 0 where a run ends inside a character: the next one has it. Empty: not recorded.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Record):
    """What a model said."""

    KEY: ClassVar[tuple[str, ...]] = ("of", "model", "sample")
    of: str
    model: str
    """The model's spec text."""
    sample: int
    text: str | None
    reason: str = ""
    """Why there is no text."""
    seconds: float | None = None
    usage: Usage | None = None
    """None where the model does not count."""
    decoding: Decoding | None = None
    """None where the model is not run here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate(Record):
    """The C that was found in an answer."""

    KEY: ClassVar[tuple[str, ...]] = ("of", "source")
    of: str
    source: str | None
    reason: str = ""
    """Why no source was found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Build(Record):
    """A candidate given to a compiler."""

    KEY: ClassVar[tuple[str, ...]] = ("of", "compiler")
    of: str
    compiler: str
    """The compiler's spec text, flags included."""
    ok: bool
    log: str = ""
    """The compiler's words, shortened."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """Where a candidate failed: with the task, all that is needed to make it fail again."""

    tier: Tier
    calls: tuple[str, ...]
    """The calls that it was given in this process, the failing one last: ``seed 1, uniform``;
    in timed calls with how far each input was rolled: ``seed 1, uniform, rolled 17 4``."""
    flush: Literal["end", "start"] = "end"
    """At which end its arrays touched a guard page."""
    threads: int = 1
    tolerance: float | None = None
    """Of the failing call; None: what its graph says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict(Record):
    """What running a build showed about its correctness."""

    KEY: ClassVar[tuple[str, ...]] = ("of", "seeds")
    of: str
    verdict: VerdictClass
    detail: str = ""
    seeds: tuple[int, ...] = ()
    max_error: float | None = None
    """Largest |value - reference| / (|reference| + 1) that was seen; None: not measured."""
    tolerance: float | None = None
    jail: tuple[str, ...] = ()
    """The sandbox's layers that were on: ``rlimits``, ``seccomp``."""
    tiers: tuple[Tier, ...] = ()
    """What it was put through, the last one the one that it failed in, if it failed."""
    scene: Scene | None = None
    """Where it failed; None where it did not, or never ran."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing(Record):
    """Raw times of a correct candidate and one rung of the ladder, alternated on this host.

    All rungs of a sample at one number of threads were taken in one run: entry i of their columns
    belongs to the same round, and ``candidate_ns`` is the same in all of them. Every so many rounds
    all sides were started anew, as one process is a little faster than the next.
    """

    KEY: ClassVar[tuple[str, ...]] = ("of", "baseline", "threads")
    of: str
    baseline: str
    """The rung: ``reference``, ``naive``, ``null``, ``rules`` or ``torch``."""
    threads: int
    candidate_ns: tuple[int, ...]
    baseline_ns: tuple[int, ...]
    """Entry i was taken next to candidate_ns[i]; both are nanoseconds per call."""
    starts: tuple[int, ...] = ()
    """How many of the entries each start of the processes gave, in order; empty: there was one."""
    candidate_busy_ns: tuple[int, ...] = ()
    """Of each call what its busiest thread computed, by the kernel's clock: on a busy host the time
    of a call is mostly waiting for a core. Empty: the kernel does not tell."""
    baseline_busy_ns: tuple[int, ...] = ()
    host: Mapping[str, str] = field(default_factory=dict)
    verdict: VerdictClass = "correct"
    """What the timed calls showed: their outputs are checked too."""
    problem: str = ""
    """Why these times are not to be used: wrong in a timed call, an impossible clock, ..."""
    absent: str = ""
    """Why there is no such rung for this task, and so no time; the candidate is not to blame."""
    cold_candidate_ns: tuple[int, ...] = ()
    """Calls before which every array was thrown out of all caches; else a caller's caches."""
    cold_baseline_ns: tuple[int, ...] = ()
    roof_share: float | None = None
    """The least time that the host's roofline allows over the candidate's median time; None: the
    host was not calibrated. The floor takes the fastest cache that holds the task's bytes."""
    suspicious: str = ""
    """Why a person should look: it is faster than the host can be. The times still count."""
    scene: Scene | None = None
    """Where a timed call went wrong."""

    def __post_init__(self) -> None:
        """Refuse columns that do not belong together."""
        mine, theirs = len(self.candidate_ns), len(self.baseline_ns)
        if mine != theirs:
            raise ValueError(f"{mine} times of the candidate, {theirs} of the baseline")
        for busy in (self.candidate_busy_ns, self.baseline_busy_ns):
            if busy and len(busy) != mine:
                raise ValueError(f"{mine} times, of {len(busy)} of which it is known who computed")
        if self.starts and (min(self.starts) < 1 or sum(self.starts) != mine):
            raise ValueError(f"{mine} times, of starts that gave {list(self.starts)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Score(Record):
    """One task, one sample: the last line of the road."""

    KEY: ClassVar[tuple[str, ...]] = ("of",)
    of: str
    """The verdict's id."""
    task: str
    name: str
    category: Category
    model: str
    sample: int
    built: bool
    verdict: VerdictClass
    speedup: float | None = None
    """Baseline time over candidate time, median of paired ratios; None unless correct and timed."""
    interval: tuple[float, float] | None = None
    """95 % bootstrap interval of ``speedup``."""
    baseline: str = ""
    reason: str = ""
    """Why there is no speedup, or what went wrong."""
    repairs: int = 0
    """Repair turns that were taken; the other fields tell of the last turn."""
    first: VerdictClass | None = None
    """What the answer was before any repair; None: there was none, so it is ``verdict``."""
