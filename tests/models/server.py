"""A completion server that behaves as the asked model's name says; run as a process of its own.

Prints its port on the first line. ``GET /log`` gives what was asked, as JSON.
"""

import json
import socket
import sys
import threading
import time
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

LOG: list[dict[str, Any]] = []
LOCK = threading.Lock()
UNDER_WAY = 0


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        self.reply(200, LOG)

    def do_POST(self) -> None:
        global UNDER_WAY
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        with LOCK:
            UNDER_WAY += 1
            asked = {"path": self.path, "key": self.headers["authorization"], **body}
            LOG.append({**asked, "under_way": UNDER_WAY, "at": time.monotonic()})
            turn = sum(e["model"] == body["model"] for e in LOG)
        try:
            getattr(self, body["model"].replace("-", "_"))(body, turn)
        finally:
            with LOCK:
                UNDER_WAY -= 1

    def reply(self, status: int, value: Any, **headers: str) -> None:
        data = value if isinstance(value, bytes) else json.dumps(value).encode()
        self.send_response(status)
        for name, text in headers.items():
            self.send_header(name.replace("_", "-"), text)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def completion(self, text: str, **more: Any) -> dict[str, Any]:
        return {"choices": [{"message": {"role": "assistant", "content": text}, "text": text}],
                "usage": {"prompt_tokens": 1000, "completion_tokens": 200}, **more}  # fmt: skip

    def echo(self, body: dict[str, Any], turn: int) -> None:
        said = body["messages"][0]["content"] if "messages" in body else body["prompt"]
        time.sleep(0.05 if turn % 2 else 0.0)  # answers overtake each other
        self.reply(200, self.completion(f"{said} {body['seed']} {body['temperature']}"))

    def slow(self, body: dict[str, Any], turn: int) -> None:
        time.sleep(0.2)
        self.echo(body, turn)

    def first_is_slow(self, body: dict[str, Any], turn: int) -> None:
        time.sleep(2 if body["messages"][0]["content"] == "prompt 0" else 0)
        self.echo(body, turn)

    def uncounted(self, body: dict[str, Any], turn: int) -> None:
        self.reply(200, self.completion("yes", usage=None))

    def long(self, body: dict[str, Any], turn: int) -> None:
        self.reply(200, self.completion("word " * 100_000))

    def endless(self, body: dict[str, Any], turn: int) -> None:
        self.send_response(200)
        self.end_headers()
        while True:
            self.wfile.write(b" " * (1 << 20))

    def hangs(self, body: dict[str, Any], turn: int) -> None:
        time.sleep(30)

    def trickles(self, body: dict[str, Any], turn: int) -> None:
        self.send_response(200)
        self.end_headers()
        for _ in range(100):
            self.wfile.write(b" ")
            self.wfile.flush()
            time.sleep(0.1)

    def busy_twice(self, body: dict[str, Any], turn: int) -> None:
        if turn <= 2:
            self.reply(429, {"error": {"message": "slow down"}}, retry_after="0.2")
        else:
            self.echo(body, turn)

    def overloaded(self, body: dict[str, Any], turn: int) -> None:
        self.reply(503, b"all workers are busy")

    def closes(self, body: dict[str, Any], turn: int) -> None:
        self.send_response(200)
        self.send_header("content-length", "1000")
        self.end_headers()
        self.wfile.write(b'{"choices": [{"mess')
        self.wfile.flush()
        self.connection.shutdown(socket.SHUT_RDWR)

    def junk(self, body: dict[str, Any], turn: int) -> None:
        self.reply(200, b"<html>\xff welcome</html>")

    def empty(self, body: dict[str, Any], turn: int) -> None:
        self.reply(200, {"choices": []})

    def silent(self, body: dict[str, Any], turn: int) -> None:
        self.reply(200, {"choices": [{"message": {"content": None}}]})

    def too_long(self, body: dict[str, Any], turn: int) -> None:
        words = "This model's maximum context length is 4096 tokens."
        self.reply(400, {"error": {"message": words, "type": "BadRequestError"}})

    def locked(self, body: dict[str, Any], turn: int) -> None:
        self.reply(401, {"error": {"message": "Incorrect API key provided"}})

    def nowhere(self, body: dict[str, Any], turn: int) -> None:
        self.reply(404, {"error": "The model `nowhere` does not exist."})

    def events(self, body: dict[str, Any], pieces: list[str], end: str = "stop") -> None:
        """A stream as vLLM sends it; without ``stream`` the same at once."""
        if not body.get("stream"):
            self.reply(200, self.completion("".join(pieces)))
            return
        self.send_response(200)
        self.send_header("content-type", "text/event-stream; charset=utf-8")
        self.end_headers()
        for piece in ["", *pieces]:
            self.event({"choices": [{"delta": {"content": piece}, "text": piece}]})
        if end:
            last = {"delta": {}, "text": "", "finish_reason": end}
            self.event({"choices": [last]})
            self.event({"choices": [], "usage": {"prompt_tokens": 1000, "completion_tokens": 200}})
            self.wfile.write(b"data: [DONE]\n\n")
        self.close_connection = True

    def event(self, value: Any) -> None:
        self.wfile.write(b"data: " + json.dumps(value).encode() + b"\n\n")
        self.wfile.flush()

    def streams(self, body: dict[str, Any], turn: int) -> None:
        self.events(body, ["one ", "two ", "thr\u00e9\u00e9"])

    def stops_early(self, body: dict[str, Any], turn: int) -> None:
        self.events(body, ["half of "], end="")

    def runs_out(self, body: dict[str, Any], turn: int) -> None:
        self.events(body, ["word "] * 3, end="length")

    def streams_long(self, body: dict[str, Any], turn: int) -> None:
        self.events(body, ["word " * 1000] * 100)

    def streams_junk(self, body: dict[str, Any], turn: int) -> None:
        self.events(body, ["fine"], end="")
        self.wfile.write(b"data: <html>\n\n")

    def streams_trouble(self, body: dict[str, Any], turn: int) -> None:
        self.events(body, ["fine"], end="")
        self.event({"error": {"message": "the engine died", "code": 500}})

    def breaks_while_streaming(self, body: dict[str, Any], turn: int) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("content-length", "100000")
        self.end_headers()
        self.event({"choices": [{"delta": {"content": "so far"}, "text": "so far"}]})
        self.connection.shutdown(socket.SHUT_RDWR)

    def busy_then_streams(self, body: dict[str, Any], turn: int) -> None:
        if turn == 1:
            self.reply(503, b"warming up")
        else:
            self.streams(body, turn)

    def later(self, body: dict[str, Any], turn: int) -> None:
        if turn == 1:
            when = formatdate(time.time() + 1.5, usegmt=True)
            self.reply(429, {"error": {"message": "slow down"}}, retry_after=when)
        else:
            self.echo(body, turn)

    def learns(self, body: dict[str, Any], turn: int) -> None:
        """Wrong at first, right as soon as it is told so."""
        added = "0.5f" if len(body["messages"]) == 1 else "1.0f"
        loop = f"for (int i = 0; i < 512 * 1000; i++) y[i] = x[i] * x[i] + {added};"
        code = f"void squares(const float *restrict x, float *restrict y) {{ {loop} }}"
        self.reply(200, self.completion(f"```c\n{code}\n```\n"))

    def moody(self, body: dict[str, Any], turn: int) -> None:
        """Every request meets something else."""
        moods = ("echo", "hangs", "closes", "junk", "too_long", "overloaded", "long", "runs_out")
        getattr(self, moods[(turn - 1) % len(moods)])(body, turn)


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    sys.stdout.write(f"{server.server_address[1]}\n")
    sys.stdout.flush()
    server.serve_forever()
