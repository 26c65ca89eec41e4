"""A stub model on 127.0.0.1 that speaks OpenAI's protocol and answers from a list of programs.

The n-th request gets the n-th program, whatever it asks; the last one for ever. It also answers
requests for embeddings, each text with a vector of its own.
"""

from __future__ import annotations

import hashlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

MODEL = "gpt-4o-mini"
"""The name that peers ask for; any server may answer to it."""

Answers = Callable[[int], str]
"""From a request's place, from 0, to the program that answers it."""


@dataclass
class Stub:
    """The running server: its address, its prompts in order, and when the last one came."""

    base: str
    prompts: list[str] = field(default_factory=list)
    embedded: int = 0
    asked: float = 0.0


@contextmanager
def answering(answers: Answers) -> Iterator[Stub]:
    """Serve until the block ends."""
    server = _Server(("127.0.0.1", 0), BaseHTTPRequestHandler)
    stub = Stub(f"http://127.0.0.1:{server.server_port}/v1")
    server.RequestHandlerClass = _handler(stub, answers)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield stub
    finally:
        server.shutdown()
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: a rival that was killed resets its lines."""


def _handler(stub: Stub, answers: Answers) -> type[BaseHTTPRequestHandler]:
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log_message(self, format: str, *_: Any) -> None:
            pass

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self.path.endswith("/embeddings"):
                stub.embedded += 1
                self.answer(_embeddings(body))
                return
            with lock:
                place = len(stub.prompts)
                stub.asked = time.time()
                stub.prompts.append(json.dumps(body["messages"], sort_keys=True))
            self.answer(_completion(body, answers(place)))

        def answer(self, payload: dict[str, Any]) -> None:
            data = json.dumps(payload).encode()
            head = (
                f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(data)}"
            )
            try:
                self.wfile.write(f"{head}\r\n\r\n".encode() + data)
            except OSError:  # the peer was killed while it waited
                self.close_connection = True

    return Handler


def _completion(body: dict[str, Any], program: str) -> dict[str, Any]:
    text = f"A different constant.\n\n```python\n{program}```\n"
    asked = sum(len(str(m["content"])) for m in body["messages"]) // 4
    message = {"role": "assistant", "content": text}
    return {
        "id": "stub",
        "object": "chat.completion",
        "created": 0,
        "model": body["model"],
        "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
        "usage": {
            "prompt_tokens": asked,
            "completion_tokens": len(text) // 4,
            "total_tokens": asked + len(text) // 4,
        },
    }


def _embeddings(body: dict[str, Any]) -> dict[str, Any]:
    texts = body["input"] if isinstance(body["input"], list) else [body["input"]]
    rows = []
    for index, text in enumerate(texts):
        digest = hashlib.blake2b(str(text).encode(), digest_size=32).digest()
        vector = [byte / 255 - 0.5 for byte in digest]
        rows.append({"object": "embedding", "index": index, "embedding": vector})
    usage = {"prompt_tokens": 1, "total_tokens": 1}
    return {"object": "list", "model": body["model"], "data": rows, "usage": usage}
