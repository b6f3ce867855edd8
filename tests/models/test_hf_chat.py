"""The adapter for local models, on a tiny random one that lies in a folder like any other."""

import copy
import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from click.testing import CliRunner
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from hpctc.cli import main
from hpctc.core.errors import UsageError
from hpctc.core.records import Answer, Exchange, Prompt, Task
from hpctc.decode import STRATEGIES
from hpctc.models import model
from hpctc.models.base import Question, Sampling, ask, in_order
from hpctc.models.hf.chat import Hf, declaration, encoded, hints, opened, worded
from hpctc.models.hf.weights import load
from hpctc.prompt.extract import find

SPECS = {"lookahead": "lookahead{window=3,ngram=3,guesses=3}"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("tiny")
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {"<end>": 0, "<start>": 1, **{c: i + 2 for i, c in enumerate(alphabet)}}
    tokenizer: Any = Tokenizer(models.BPE(vocabulary, []))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    fast: Any = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, eos_token="<end>", bos_token="<start>"
    )
    fast.chat_template = "{% for m in messages %}{{ m.content }}{% endfor %}\n\n"
    fast.save_pretrained(place)
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(vocabulary), hidden_size=32, intermediate_size=48, num_hidden_layers=2,
        num_attention_heads=4, num_key_value_heads=2, max_position_embeddings=256,
        eos_token_id=0, bos_token_id=1,
    )  # fmt: skip
    made = LlamaForCausalLM(config)
    with torch.no_grad():
        for weights in made.parameters():
            if weights.dim() > 1:
                weights.normal_(0, 0.3)
    made.save_pretrained(place)
    return place


PROMPTS = [
    Prompt.make(of=f"task {i}", template="t", text=f"translate kernel {i} " + "please " * i)
    for i in range(4)
]


def said(chat: Hf, questions: list[Question], sampling: Sampling) -> list[Answer]:
    return in_order(questions, chat.answer(questions, {}, sampling))


def plain(folder: Path, prompt: Prompt, most: int) -> tuple[str, bool]:
    """What transformers' own generate says."""
    made = load(str(folder), "float32", "cpu")
    ids = torch.tensor([encoded(made.tokenizer, prompt)])
    out = made.model.generate(
        ids, attention_mask=torch.ones_like(ids), max_new_tokens=most, do_sample=False,
        pad_token_id=0,
    )  # fmt: skip
    new = out[0, ids.shape[1] :]
    text = made.tokenizer.decode(new, skip_special_tokens=True)
    return text, int(new[-1]) == 0


@pytest.mark.parametrize("name", [s for s in STRATEGIES if s != "draft"])
def test_answers_are_those_of_generate_whatever_the_strategy(folder: Path, name: str) -> None:
    chat = Hf(path=str(folder), most_tokens=40, batch=3)
    answers = said(chat, ask(PROMPTS), Sampling(strategy=SPECS.get(name, name)))
    assert [a.of for a in answers] == [p.id for p in PROMPTS]
    for prompt, answer in zip(PROMPTS, answers, strict=True):
        text, ended = plain(folder, prompt, 40)
        assert answer.text == text
        assert answer.reason == ("" if ended else "cut off after 40 tokens")
        assert answer.usage is not None
        assert answer.decoding is not None
        assert answer.decoding.strategy.startswith(name)
        sources, counts, characters = zip(*answer.decoding.spans, strict=True)
        assert sum(counts) == answer.usage.completion_tokens
        assert sum(characters) == len(text)
        assert set(sources) - {""} == set(answer.decoding.sources)
        settled = answer.usage.completion_tokens + ended
        assert answer.decoding.passes + answer.decoding.accepted >= settled
        assert 0 < answer.decoding.first_seconds <= (answer.seconds or 0)


def test_a_draft_model_is_named_by_its_spec(folder: Path) -> None:
    chat = Hf(path=str(folder), most_tokens=30)
    strategy = f"draft{{model='hf:{folder}',most=3,adapt=false}}"
    (answer,) = chat.answer(ask(PROMPTS[:1]), {}, Sampling(strategy=strategy))
    assert answer.text == plain(folder, PROMPTS[0], 30)[0]
    assert answer.decoding is not None
    assert answer.decoding.accepted == answer.decoding.proposed > 0


def test_the_compilers_c_is_a_hint(folder: Path, tasks: dict[str, Task]) -> None:
    chat = Hf(path=str(folder), most_tokens=10)
    prompt = Prompt.make(of=next(iter(tasks)), template="t", text="x")
    task = tasks[prompt.of]
    made = load(str(folder), "float32", "cpu")
    needs = frozenset({"hints"})
    (hint,) = hints(made.tokenizer, task, needs)
    assert made.tokenizer.decode(hint).startswith("```c\n")
    assert "void first(" in made.tokenizer.decode(hint)
    assert worded("int f() {\n  g();\n}").endswith("#include <omp.h>\n\nint f() {\n    g();\n}")
    assert hints(made.tokenizer, task, frozenset()) == ()
    (answer,) = chat.answer(ask([prompt]), tasks, Sampling(strategy="compiler"))
    assert answer.text == plain(folder, prompt, 10)[0]


def test_samples_differ_by_seed_and_come_again(folder: Path) -> None:
    chat = Hf(path=str(folder), most_tokens=20)
    sampling = Sampling(temperature=1.0, seed=7, strategy="lookup")
    first, again = (said(chat, ask(PROMPTS[:2], 3), sampling) for _ in range(2))
    assert [a.text for a in first] == [a.text for a in again]
    assert len({a.text for a in first}) == 6
    later = list(chat.answer(ask(PROMPTS[:1]), {}, Sampling(temperature=1.0, seed=8)))
    assert later[0].text == first[1].text


def test_a_prompt_longer_than_the_context_is_a_reason(folder: Path) -> None:
    long = Prompt.make(of="long", template="t", text="x" * 300)
    chat = Hf(path=str(folder), most_tokens=400)
    refused, answered = said(chat, ask([long, PROMPTS[0]]), Sampling())
    assert refused.text is None
    assert refused.reason == "the prompt has 300 tokens; the model knows 256 positions"
    assert answered.usage is not None
    assert answered.usage.prompt_tokens + answered.usage.completion_tokens <= 256


@pytest.mark.parametrize("strategy", ["autoregressive", "lookup"])
def test_an_answer_is_heard_while_it_is_said(folder: Path, strategy: str) -> None:
    chat = Hf(path=str(folder), most_tokens=40, batch=2)
    pieces: dict[str, list[str]] = {p.id: [] for p in PROMPTS}

    def hear(question: Question, piece: str) -> None:
        pieces[question.prompt.id].append(piece)

    answers = in_order(
        ask(PROMPTS), chat.answer(ask(PROMPTS), {}, Sampling(strategy=strategy), hear)
    )
    plainly = said(chat, ask(PROMPTS), Sampling(strategy=strategy))
    assert [a.text for a in answers] == [a.text for a in plainly]
    for answer in answers:
        heard = pieces[answer.of]
        # Bytes at the very end that never became a character are not heard.
        assert "".join(heard) == (answer.text or "").rstrip("\N{REPLACEMENT CHARACTER}")
        assert len(heard) > 1
        assert all(heard)


def test_a_conversation_goes_through_the_chat_template(folder: Path) -> None:
    tokenizer = load(str(folder), "float32", "cpu").tokenizer
    said = (Exchange(prompt="one", answer="two"), Exchange(prompt="three", answer="four"))
    prompt = Prompt.make(of="verdict", template="t", text="five", history=said)
    assert tokenizer.decode(encoded(tokenizer, prompt)).strip() == "onetwothreefourfive"
    bare = copy.deepcopy(tokenizer)
    bare.chat_template = None
    assert tokenizer.decode(encoded(bare, prompt)) == "one\n\ntwo\n\nthree\n\nfour\n\nfive"


def test_only_the_samples_that_lack_are_drawn(folder: Path) -> None:
    chat = Hf(path=str(folder), most_tokens=20)
    sampling = Sampling(temperature=1.0, seed=7)
    every = ask(PROMPTS[:2], 3)
    texts = [a.text for a in said(chat, every, sampling)]
    some = said(chat, [every[1], every[3], every[5]], sampling)
    assert [a.text for a in some] == [texts[1], texts[3], texts[5]]
    assert [a.sample for a in some] == [1, 0, 2]


def test_hints_and_signature_of_a_question_count_before_the_tasks(
    folder: Path, tasks: dict[str, Task]
) -> None:
    tokenizer = load(str(folder), "float32", "cpu").tokenizer
    task = next(iter(tasks.values()))
    (hint,) = hints(tokenizer, task, frozenset({"hints"}), ["given"])
    assert tokenizer.decode(hint) == "given"
    assert hints(tokenizer, task, frozenset(), ["given"]) == ()
    wanted = "void mine(float a, const float *restrict x)"
    question = Question(PROMPTS[0], hints=("x",), signature=wanted)
    assert declaration(question, {}) == wanted
    chat = Hf(path=str(folder), most_tokens=20, grammar=True)
    (answer,) = chat.answer([question], {}, Sampling(strategy="compiler"))
    assert answer.text is not None
    assert answer.text.startswith("```c\n")


def test_what_cannot_be_loaded_is_explained(tmp_path: Path) -> None:
    for path, words in (
        ("/nowhere/at/all", "is not there"),
        (str(tmp_path), "has no config.json"),
        ("/nowhere/model.gguf", "there is no file /nowhere/model.gguf"),
    ):
        with pytest.raises(UsageError, match=words):
            list(Hf(path=path).answer(ask(PROMPTS[:1]), {}, Sampling()))
    (tmp_path / "config.json").write_text('{"model_type": "llama"}')
    with pytest.raises(UsageError, match="cannot be loaded"):
        list(Hf(path=str(tmp_path)).answer(ask(PROMPTS[:1]), {}, Sampling()))
    if not torch.cuda.is_available():
        with pytest.raises(UsageError, match="no CUDA device"):
            list(Hf(path=str(tmp_path), device="cuda").answer(ask(PROMPTS[:1]), {}, Sampling()))


def test_another_checkpoint_in_the_same_folder_is_another_model(
    folder: Path, tmp_path: Path
) -> None:
    copied = shutil.copytree(folder, tmp_path / "copied")
    chat = Hf(path=str(copied))
    first = chat.fingerprint()
    assert first == Hf(path=str(folder)).fingerprint()
    weights = bytearray((copied / "model.safetensors").read_bytes())
    weights[-1] ^= 1
    (copied / "model.safetensors").write_bytes(weights)
    assert chat.fingerprint() != first
    assert Hf(path="org/name").fingerprint() == ""


def test_a_model_that_is_not_there_leaves_no_run(tmp_path: Path) -> None:
    out = tmp_path / "run"
    command = ["eval", "mini", "--model", "hf:/nowhere/at/all", "--out", str(out)]
    said = CliRunner().invoke(main, command)
    assert said.exit_code == 2
    assert "/nowhere/at/all is not there" in said.output
    assert not out.exists()


def test_the_short_form_and_who_cannot_draft() -> None:
    assert model("hf:org/name") == Hf(path="org/name")
    with pytest.raises(UsageError, match="null cannot draft"):
        opened("null")


def test_a_grammar_makes_every_ended_answer_extractable(
    folder: Path, tasks: dict[str, Task]
) -> None:
    prompts = [Prompt.make(of=t, template="t", text=f"translate {t[:8]}") for t in tasks]
    chat = Hf(path=str(folder), most_tokens=60, grammar=True)
    for strategy in ("autoregressive", "lookup", "compiler"):
        for prompt, answer in zip(
            prompts,
            in_order(ask(prompts), chat.answer(ask(prompts), tasks, Sampling(strategy=strategy))),
            strict=True,
        ):
            entry = tasks[prompt.of].pair.entry
            assert answer.text is not None
            assert answer.text.startswith("```c\n")
            if not answer.reason:
                assert find(answer.text, entry)[0] is not None


@pytest.fixture(scope="module")
def wide(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same model with room for a suite's prompts."""
    place = shutil.copytree(folder, tmp_path_factory.mktemp("wide") / "wide")
    config = json.loads((place / "config.json").read_text())
    (place / "config.json").write_text(json.dumps({**config, "max_position_embeddings": 16384}))
    return place


KERNEL = """
__global__ void scale(const float *x, float *y, int n) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) y[i] = 2.0f * x[i];
}
"""


def test_a_kernel_of_a_file_is_translated_while_one_looks_on(
    folder: Path, wide: Path, tmp_path: Path
) -> None:
    file = tmp_path / "scale.cu"
    file.write_text(KERNEL)
    launch = ["--grid", "4", "--block", "64", "--strategy", "compiler"]
    short = CliRunner().invoke(main, ["translate", str(file), "--model", f"hf:{folder}", *launch])
    assert short.exit_code == 3
    assert "abstained: the prompt has" in short.stderr
    model = f"hf{{path='{wide}',most_tokens=30,grammar=true}}"
    done = CliRunner().invoke(main, ["translate", str(file), "--model", model, *launch])
    assert done.exit_code == 3, done.output  # the signature alone has more characters
    assert "```c\n" in done.stderr
    assert "answer   30 tokens in " in done.stderr
    assert " tokens a pass, cut off after 30 tokens" in done.stderr


def test_the_bench_holds_every_strategy_against_generate_and_goes_on(
    wide: Path, tmp_path: Path
) -> None:
    place = tmp_path / "b.jsonl"
    words = ["bench", "decode", "mini", "--model", f"hf:{wide}", "--tokens", "12", "--shortest"]
    words += ["--json", str(place), "--strategies"]
    words.append(f"prompt-lookup;compiler;draft{{model='hf:{wide}'}}")
    first = CliRunner().invoke(main, [*words, "--limit", "1"])
    assert first.exit_code == 0, first.output
    with place.open("a") as file:
        file.write('{"id": "the line of a run that was ki')
    done = CliRunner().invoke(main, [*words, "--limit", "2"])
    assert done.exit_code == 0, done.output
    assert done.output.count("(kept)") == 4
    samples = [json.loads(line) for line in place.read_text().splitlines()]
    names = ["generate", "prompt-lookup", "compiler", f"draft{{model='hf:{wide}'}}"]
    assert [s["strategy"] for s in samples] == 2 * names
    assert all(s["identical"] and s["tokens"] <= 12 and s["seconds"] > 0 for s in samples)
    assert samples[0]["prompt_tokens"] <= samples[4]["prompt_tokens"]
    assert "2 of 2" in done.output
    assert max(map(len, done.stdout.splitlines())) <= 80


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["decode", "mini", "--model", "null"], "null does not decode here"),
        (["decode", "mini", "--model", "hf:x", "--only", "nix*"], "no task of mini is called nix*"),
        (["prefix", "--model", "rules"], "rules does not decode here"),
    ],
)
def test_what_cannot_be_benched_is_explained(words: list[str], said: str) -> None:
    wrong = CliRunner().invoke(main, ["bench", *words])
    assert wrong.exit_code == 2
    assert said in wrong.output


def test_what_prompts_share_is_computed_once(folder: Path) -> None:
    words = ["bench", "prefix", "--model", f"hf:{folder}", "--requests", "5", "--shared", "60"]
    done = CliRunner().invoke(main, [*words, "--own", "7", "--rounds", "2"])
    assert done.exit_code == 0, done.output
    assert "each computed       335 tokens" in done.output
    assert "shared once          95 tokens" in done.output
    assert "first tokens the same" in done.output


def test_a_batch_is_as_large_as_memory_allows(folder: Path) -> None:
    target = Hf(path=str(folder)).target()
    assert target.bytes == 2 * 2 * 2 * 8 * 4  # keys and values, layers, heads, width, float32
    passes = {}
    for tokens in (10_000, 130, 1):
        chat = Hf(path=str(folder), most_tokens=20, memory=tokens * target.bytes / 2**30)
        answers = said(chat, ask(PROMPTS), Sampling())
        assert [a.of for a in answers] == [p.id for p in PROMPTS]
        passes[tokens] = [a.text for a in answers]
    assert passes[10_000] == passes[130] == passes[1]
