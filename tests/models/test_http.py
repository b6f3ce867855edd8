"""The adapter for servers, against a real server process with good and bad manners."""

import json
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from itertools import pairwise
from typing import Any

import pytest

from hpctc.core.errors import HpctcError, UsageError
from hpctc.core.records import Answer, Exchange, Prompt, Usage
from hpctc.models import http, model, wire
from hpctc.models.base import Question, Sampling, ask, in_order
from hpctc.models.completion import Api
from hpctc.models.http import Http


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "BACKOFF", (0.01, 1.0))
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)


def log(url: str) -> list[dict[str, Any]]:
    with urllib.request.urlopen(url.removesuffix("/v1") + "/log") as reply:
        found: list[dict[str, Any]] = json.load(reply)
        return found


PROMPTS = [Prompt.make(of=f"task {i}", template="t", text=f"prompt {i}") for i in range(6)]


def asked(
    chat: Http, count: int = 1, samples: int = 1, sampling: Sampling | None = None
) -> list[Answer]:
    questions = ask(PROMPTS[:count], samples)
    return in_order(questions, chat.answer(questions, {}, sampling or Sampling()))


@pytest.mark.parametrize("api", ["chat", "completions"])
def test_answers_come_in_order_with_seed_usage_and_cost(url: str, api: Api) -> None:
    chat = Http(url=url, model="echo", api=api, price_in=2.0, price_out=10.0, concurrency=4)
    answers = asked(chat, 6, 3, Sampling(temperature=0.5, seed=40))
    wanted = [f"{p.text} {40 + s} 0.5" for p in PROMPTS for s in range(3)]
    assert [a.text for a in answers] == wanted
    assert [(a.of, a.sample) for a in answers] == [(p.id, s) for p in PROMPTS for s in range(3)]
    for answer in answers:
        assert (answer.reason, answer.model) == ("", str(chat))
        assert answer.usage == Usage(prompt_tokens=1000, completion_tokens=200, dollars=0.004)
        assert answer.seconds is not None
    assert {e["path"] for e in log(url)} == {
        "/v1/chat/completions" if api == "chat" else "/v1/completions"
    }


def test_requests_run_side_by_side_but_not_more_than_allowed(url: str) -> None:
    asked(Http(url=url, model="slow", concurrency=3), 6, 2)
    assert max(e["under_way"] for e in log(url)) == 3


def test_an_answer_does_not_wait_for_those_before_it(url: str) -> None:
    chat = Http(url=url, model="first-is-slow", concurrency=3)
    answers = [a.of for a in chat.answer(ask(PROMPTS), {}, Sampling())]
    assert answers[-1] == PROMPTS[0].id
    assert sorted(answers) == sorted(p.id for p in PROMPTS)


def test_a_rate_limit_spreads_the_requests(url: str) -> None:
    asked(Http(url=url, model="echo", per_minute=600), 4)
    times = sorted(e["at"] for e in log(url))
    assert times[-1] - times[0] >= 0.28


def test_the_key_comes_from_the_named_variable(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_KEY", "s3cret")
    chat = Http(url=url, model="echo", key="MY_KEY")
    answers = asked(chat)
    assert [e["key"] for e in log(url)] == ["Bearer s3cret"]
    assert "s3cret" not in repr(answers) + str(chat)


def test_a_server_that_does_not_count_leaves_usage_out(url: str) -> None:
    (answer,) = asked(Http(url=url, model="uncounted"))
    assert (answer.text, answer.usage) == ("yes", None)


def test_a_very_long_answer_is_kept(url: str) -> None:
    (answer,) = asked(Http(url=url, model="long"))
    assert answer.text is not None
    assert len(answer.text) == 500_000


def test_a_busy_server_is_asked_again_when_it_says(url: str) -> None:
    (answer,) = asked(Http(url=url, model="busy-twice"))
    assert answer.text == "prompt 0 0 0.0"
    times = [e["at"] for e in log(url)]
    assert len(times) == 3
    assert all(b - a >= 0.19 for a, b in pairwise(times))


@pytest.mark.parametrize(
    ("name", "tries", "reason"),
    [
        ("overloaded", 3, "503 from chat/completions: all workers are busy, 3 times"),
        ("closes", 3, "the connection broke: "),
        ("hangs", 1, "no whole reply within 0.5 s"),
        ("trickles", 1, "no whole reply within 0.5 s"),
        ("endless", 1, "the reply has more than "),
        ("junk", 1, "the reply is no completion (UnicodeDecodeError"),
        ("empty", 1, "the reply is no completion (IndexError"),
        ("silent", 1, "the reply is no completion (TypeError('the content is None'))"),
        ("too-long", 1, "400 from chat/completions: This model's maximum context length is 4096"),
    ],
)
def test_bad_manners_are_a_recorded_reason_and_the_run_goes_on(
    url: str, name: str, tries: int, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "LARGEST", 4 << 20)
    seconds = 10.0 if name == "endless" else 0.5
    chat = Http(url=url, model=name, timeout=seconds, retries=2, concurrency=2)
    answers = asked(chat, 2)
    assert [a.text for a in answers] == [None, None]
    for answer in answers:
        assert answer.reason.startswith(reason), answer.reason
    assert sum(e["model"] == name for e in log(url)) == 2 * tries


def test_a_date_may_say_when_to_come_again(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "BACKOFF", (0.01, 5.0))
    (answer,) = asked(Http(url=url, model="later"))
    assert answer.text == "prompt 0 0 0.0"
    first, second = (e["at"] for e in log(url))
    assert second - first >= 0.3  # the date has whole seconds


def test_only_the_samples_that_lack_are_asked(url: str) -> None:
    every = ask(PROMPTS[:2], 3)
    chat = Http(url=url, model="echo")
    some = [every[1], every[5]]
    answers = in_order(some, chat.answer(some, {}, Sampling(seed=40)))
    assert [(a.of, a.sample) for a in answers] == [(PROMPTS[0].id, 1), (PROMPTS[1].id, 2)]
    assert sorted(e["seed"] for e in log(url)) == [41, 42]


@pytest.mark.parametrize("api", ["chat", "completions"])
def test_a_conversation_is_told_whole(url: str, api: Api) -> None:
    said = (Exchange(prompt="first", answer="wrong"),)
    repair = Prompt.make(of="verdict", template="t", text="again", history=said)
    (answer,) = Http(url=url, model="echo", api=api).answer(ask([repair]), {}, Sampling())
    assert answer.of == repair.id
    (sent,) = log(url)
    if api == "completions":
        assert sent["prompt"] == "first\n\nwrong\n\nagain"
    else:
        assert [m["role"] for m in sent["messages"]] == ["user", "assistant", "user"]
        assert [m["content"] for m in sent["messages"]] == ["first", "wrong", "again"]


def heard(chat: Http, count: int = 1) -> tuple[list[Answer], dict[str, list[str]]]:
    pieces: dict[str, list[str]] = {}

    def hear(question: Question, piece: str) -> None:
        pieces.setdefault(question.prompt.text, []).append(piece)

    return list(chat.answer(ask(PROMPTS[:count]), {}, Sampling(), hear)), pieces


@pytest.mark.parametrize("api", ["chat", "completions"])
def test_an_answer_is_heard_while_it_is_said(url: str, api: Api) -> None:
    chat = Http(url=url, model="streams", api=api, price_in=2.0, price_out=10.0)
    answers, pieces = heard(chat, 2)
    assert pieces == {f"prompt {i}": ["one ", "two ", "thr\u00e9\u00e9"] for i in range(2)}
    for answer in answers:
        assert (answer.text, answer.reason) == ("one two thr\u00e9\u00e9", "")
        assert answer.usage == Usage(prompt_tokens=1000, completion_tokens=200, dollars=0.004)
    assert all(e["stream"] for e in log(url))
    assert [a.text for a in asked(chat, 2)] == [a.text for a in answers]


def test_a_server_that_does_not_stream_is_heard_at_once(url: str) -> None:
    (answer,), pieces = heard(Http(url=url, model="echo"))
    assert pieces == {"prompt 0": [answer.text]}


def test_nothing_heard_yet_may_be_asked_again(url: str) -> None:
    (answer,), pieces = heard(Http(url=url, model="busy-then-streams"))
    assert "".join(pieces["prompt 0"]) == answer.text == "one two thr\u00e9\u00e9"


def test_an_answer_of_a_hundred_thousand_tokens_is_streamed(url: str) -> None:
    (answer,), pieces = heard(Http(url=url, model="streams-long"))
    assert answer.text == "".join(pieces["prompt 0"]) == "word " * 100_000


@pytest.mark.parametrize("stream", [True, False])
def test_an_answer_that_ran_out_of_tokens_says_so(url: str, stream: bool) -> None:
    chat = Http(url=url, model="runs-out")
    (answer,) = heard(chat)[0] if stream else asked(chat)
    assert answer.text == "word word word "
    assert answer.reason == ("cut off after 200 tokens" if stream else "")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("stops-early", "the stream ended after 8 characters, in the middle"),
        ("breaks-while-streaming", "the connection broke: "),
        ("streams-junk", "an event is no completion (JSONDecodeError"),
        ("streams-trouble", "the engine died"),
        ("hangs", "no whole reply within 0.5 s"),
        ("closes", "the connection broke: "),
        ("junk", "the reply is no completion"),
        ("too-long", "400 from chat/completions: This model's maximum context length"),
    ],
)
def test_bad_manners_of_a_stream_are_a_recorded_reason(url: str, name: str, reason: str) -> None:
    (answer,), pieces = heard(Http(url=url, model=name, timeout=0.5, retries=1))
    assert answer.text is None
    assert answer.reason.startswith(reason), answer.reason
    # What was heard is not asked for again: it would be heard twice.
    count = sum(e["model"] == name for e in log(url))
    assert count == (2 if name == "closes" else 1)
    if name == "breaks-while-streaming":
        assert answer.reason.endswith(", after 6 characters")
        assert pieces == {"prompt 0": ["so far"]}


@pytest.mark.parametrize(
    ("name", "words", "hint"),
    [
        ("locked", "401 .*Incorrect API key provided", "the server wants another key"),
        ("nowhere", "404 .*does not exist", "the server has no such address or model"),
    ],
)
def test_what_is_wrong_with_every_request_ends_the_run(
    url: str, name: str, words: str, hint: str
) -> None:
    with pytest.raises(HpctcError, match=words) as problem:
        asked(Http(url=url, model=name), 6)
    assert problem.value.hint == hint


def test_no_server_ends_the_run_and_says_where() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        with pytest.raises(HpctcError, match=r"cannot connect to http://127\.0\.0\.1") as problem:
            asked(Http(url=url, model="m", retries=1), 3)
    assert "what was answered is kept" in problem.value.hint


def test_a_reader_that_stops_leaves_nothing_under_way(url: str) -> None:
    chat = Http(url=url, model="echo", concurrency=2)
    answers = chat.answer(ask(PROMPTS, 50), {}, Sampling())
    assert next(answers).text is not None
    answers.close()  # type: ignore[attr-defined]
    seen = len(log(url))
    time.sleep(0.2)
    assert len(log(url)) == seen <= 4


def test_an_interrupt_does_not_wait_for_the_server(url: str) -> None:
    code = (
        "from hpctc.models import model; from hpctc.models.base import Sampling, ask\n"
        "from hpctc.core.records import Prompt\n"
        f"chat = model({url + '#hangs'!r}); print('asking', flush=True)\n"
        "list(chat.answer(ask([Prompt.make(of='t', template='t', text='p')]), {}, Sampling()))\n"
    )
    command = [sys.executable, "-c", code]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout is not None
        child.stdout.readline()
        while not log(url):
            time.sleep(0.02)
        child.send_signal(signal.SIGINT)
        _, words = child.communicate(timeout=5)
    assert "KeyboardInterrupt" in words


def test_an_address_with_a_model_is_a_short_form() -> None:
    assert model("http://localhost:8000/v1#qwen") == Http(
        url="http://localhost:8000/v1", model="qwen"
    )
    again = model(str(model("https://host/v1#org/m-1.5B")))
    assert again == Http(url="https://host/v1", model="org/m-1.5B")
    with pytest.raises(UsageError, match="does not say which model") as problem:
        model("http://localhost:8000/v1")
    assert "http://localhost:8000/v1#MODEL" in problem.value.hint
    with pytest.raises(UsageError, match="is no address"):
        asked(Http(url="localhost:8000", model="m"))
