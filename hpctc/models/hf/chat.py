"""A local language model answers prompts, with any decoding strategy."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, ClassVar

from hpctc.core.errors import HpctcError, UsageError
from hpctc.core.records import Answer, Decoding, Prompt, Task, Usage
from hpctc.decode import strategy as strategies
from hpctc.decode.base import Request, Target
from hpctc.decode.constrain import Grammar, compiled
from hpctc.decode.constrain import tokens as constraint_tokens
from hpctc.decode.loop import Decoded, How, decode
from hpctc.decode.schedule import Memory, planned
from hpctc.decode.verify import Choose, Constraint, Sampled, greedy
from hpctc.models.base import Hear, Model, Question, Sampling, fenced, messages, transcript
from hpctc.models.hf.text import CUT, kinds, spans
from hpctc.models.hf.weights import Dtype, fingerprint, free, load
from hpctc.native.call import prototype

HINT_TOKENS = 8192
"""A longer hint is cut: it would cost more to walk along than it saves."""


@dataclass(frozen=True)
class Hf(Model):
    """A transformers causal LM on this machine."""

    name: ClassVar[str] = "hf"
    about: ClassVar[str] = "a causal LM by transformers: a folder, a .gguf file or a hub name"
    example: ClassVar[str] = "hf{path=Qwen/Qwen2.5-Coder-1.5B-Instruct,dtype=bfloat16}"
    decodes: ClassVar[bool] = True
    converses: ClassVar[bool] = True
    path: str
    dtype: Dtype = "float32"
    device: str = "cpu"
    most_tokens: int = 2048
    """New tokens, at most."""
    batch: int = 16
    """Requests in one pass, at most."""
    memory: float = 0.0
    """GiB that keys and values of one batch may take; 0: half of what is free when it begins."""
    grammar: bool = False
    """Whether only C that defines the wanted function may be said, in one fenced block."""

    def answer(
        self,
        questions: Iterable[Question],
        tasks: Mapping[str, Task],
        sampling: Sampling,
        hear: Hear | None = None,
    ) -> Iterator[Answer]:
        """Answers as they are decoded; sample ``n`` is drawn with seed ``seed + n``."""
        chosen = strategies(sampling.strategy or "autoregressive")
        made = load(self.path, self.dtype, self.device)
        target = self.target()
        drafter = chosen.open(target, opened)
        asked = list(questions)
        over = ends(made.model, made.tokenizer)
        requests: list[Request] = []
        for (prompt, given), samples in groupby(asked, key=lambda q: (q.prompt, q.hints)):
            ids = encoded(made.tokenizer, prompt)
            known = hints(made.tokenizer, tasks.get(prompt.of), chosen.needs, given)
            for question in samples:
                if (reason := self._too_long(ids, target)) is not None:
                    yield self._refusal(question, reason)
                    continue
                most = min(self.most_tokens, (target.context or 1 << 30) - len(ids))
                key = (prompt.id, question.sample)
                requests.append(Request(key, ids, most, over, known, kinds(made.tokenizer)))

        def choose(request: Request) -> Choose:
            if sampling.temperature == 0:
                return greedy
            return Sampled(sampling.temperature, sampling.seed + _asked(request)[1])

        def constrain(request: Request) -> Constraint | None:
            if not self.grammar:
                return None
            known = constraint_tokens(made.tokenizer, over)
            entry = declaration(of[_asked(request)[0]], tasks)
            return Grammar(known, target.vocab, compiled(entry))

        of = {q.prompt.id: q for q in asked}
        stop = streamed(made.tokenizer, asked, hear) if hear else _never
        memory = Memory(self._room(target))
        how = How(self.batch, memory, choose=choose, constrain=constrain, stop=stop)
        for found in decode(target, drafter, planned(requests).requests, how):
            stop(found.request, found.tokens)
            yield self._answered(made.tokenizer, found, sampling)

    def fingerprint(self) -> str:
        """See :meth:`Model.fingerprint`; a model that is not there is found out before the run."""
        return fingerprint(self.path)

    def target(self) -> Any:
        """The weights as a decoding target."""
        from hpctc.models.hf.target import Transformer

        return Transformer(load(self.path, self.dtype, self.device).model)

    def _room(self, target: Any) -> int:
        """Tokens whose keys and values find room."""
        memory = self.memory * 2**30 or free(self.device) / 2
        return max(int(memory // target.bytes), 1)

    def _too_long(self, ids: Sequence[int], target: Any) -> str | None:
        if target.context is None or len(ids) < target.context:
            return None
        return f"the prompt has {len(ids):,} tokens; the model knows {target.context:,} positions"

    def _refusal(self, asked: Question, reason: str) -> Answer:
        return Answer.make(
            of=asked.prompt.id, model=str(self), sample=asked.sample, text=None, reason=reason
        )

    def _answered(self, tokenizer: Any, found: Decoded, sampling: Sampling) -> Answer:
        prompt, sample = _asked(found.request)
        text = tokenizer.decode(found.tokens, skip_special_tokens=True)
        return Answer.make(
            of=prompt,
            model=str(self),
            sample=sample,
            text=text,
            reason="" if found.ended else f"cut off after {len(found.tokens):,} tokens",
            seconds=found.seconds,
            usage=Usage(
                prompt_tokens=len(found.request.prompt), completion_tokens=len(found.tokens)
            ),
            decoding=Decoding(
                strategy=sampling.strategy or "autoregressive",
                passes=found.passes,
                proposed=found.proposed,
                accepted=found.accepted,
                sources=dict(sorted(found.sources.items())),
                first_seconds=found.first_seconds,
                spans=spans(tokenizer, found.tokens, found.spans),
            ),
        )


def opened(text: str) -> Target:
    """The decoding target behind a model's spec text."""
    from hpctc.models import model

    named = model(text)
    if not isinstance(named, Hf):
        raise UsageError(
            f"{text} cannot draft: only a local model gives probabilities",
            "name hf{path=...}",
        )
    target: Target = named.target()
    return target


def encoded(tokenizer: Any, prompt: Prompt) -> tuple[int, ...]:
    """A prompt's tokens: through the chat template where there is one."""
    if tokenizer.chat_template:
        said = messages(prompt)
        ids = tokenizer.apply_chat_template(said, add_generation_prompt=True, return_dict=True)
        return tuple(ids["input_ids"])
    return tuple(tokenizer(transcript(prompt))["input_ids"])


def streamed(
    tokenizer: Any, asked: Iterable[Question], hear: Hear
) -> Callable[[Request, Sequence[int]], bool]:
    """A stop condition that never stops, and tells ``hear`` what is new after every pass."""
    question = {(q.prompt.id, q.sample): q for q in asked}
    told = dict.fromkeys(question, 0)

    def listen(request: Request, tokens: Sequence[int]) -> bool:
        key = _asked(request)
        # Bytes that are no whole character yet wait for the next pass.
        text = tokenizer.decode(tokens, skip_special_tokens=True).rstrip(CUT)
        if new := text[told[key] :]:
            told[key] = len(text)
            hear(question[key], new)
        return False

    return listen


def _never(_request: Request, _tokens: Sequence[int]) -> bool:
    return False


def _asked(request: Request) -> tuple[str, int]:
    """The prompt's id and the sample that a request stands for."""
    assert isinstance(request.key, tuple)
    prompt, sample = request.key
    return str(prompt), int(sample)


def declaration(asked: Question, tasks: Mapping[str, Task]) -> str:
    """The C function that an answer has to define."""
    if asked.signature:
        return asked.signature
    pair = tasks[asked.prompt.of].pair
    return prototype(pair.entry, pair.inputs, pair.outputs)


def hints(
    tokenizer: Any, task: Task | None, needs: frozenset[str], given: Sequence[str] = ()
) -> tuple[tuple[int, ...], ...]:
    """What is ``given``, else what the rule transpiler wrote for a task's kernel, as an answer."""
    if "hints" not in needs:
        return ()
    if given:
        return tuple(_hint(tokenizer, text) for text in given)
    if task is None:
        return ()
    from hpctc.transpile import transpile_pair

    try:
        text = fenced(worded(transpile_pair(task.pair)))
    except HpctcError:
        return ()
    return (_hint(tokenizer, text),)


def _hint(tokenizer: Any, text: str) -> tuple[int, ...]:
    return tuple(tokenizer(text, add_special_tokens=False)["input_ids"][:HINT_TOKENS])


def worded(code: str) -> str:
    """C as language models write it: the usual headers first, four spaces a level."""
    headers = "".join(f"#include <{name}.h>\n" for name in ("stdio", "stdlib", "math", "omp"))
    return f"{headers}\n" + re.sub("(?m)^ +", lambda spaces: 2 * spaces.group(), code)


def ends(model: Any, tokenizer: Any) -> frozenset[int]:
    """Tokens that end an answer, as the model's generation settings and its tokenizer say."""
    given = model.generation_config.eos_token_id
    listed = given if isinstance(given, list) else [given]
    found = {*listed, tokenizer.eos_token_id} - {None}
    return frozenset(int(t) for t in found)


__all__ = ["Hf", "encoded", "ends", "hints", "opened"]
