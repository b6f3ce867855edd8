"""A completion server that behaves as the asked model's name says; run as a process of its own.

Prints its port on the first line. ``GET /log`` gives what was asked, as JSON.
"""

import json
import socket
import sys
import threading
import time
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


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    sys.stdout.write(f"{server.server_address[1]}\n")
    sys.stdout.flush()
    server.serve_forever()
