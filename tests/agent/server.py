"""An OpenAI-compatible server on 127.0.0.1 that says what a script tells it to.

Its replies are a function of the request (`Script`), so that calls in flight at the same time, in
whatever order they arrive, get what is theirs.
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


@dataclass
class Reply:
    """One answer: texts for the choices, or a failure; `after` seconds."""

    texts: tuple[str, ...] = ("",)
    status: int = 200
    finish: str = "stop"
    after: float = 0.0
    first_token: dict[str, float] | None = None
    headers: dict[str, str] = field(default_factory=dict)
    message: str = "scripted failure"
    raw: str | None = None
    usage: bool = True


Script = Callable[[dict[str, Any], int], Reply | str]
"""From a request and how often its very messages were seen before to the reply."""


@dataclass
class Scripted:
    """The running server and what it was asked."""

    base: str
    requests: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str] = field(default_factory=list)


@contextmanager
def serving(script: Script) -> Iterator[Scripted]:
    """Serve until the block ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(script))
    state = Scripted(f"http://127.0.0.1:{server.server_port}/v1")
    server.state = state  # type: ignore[attr-defined]
    server.seen = {}  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def in_turn(*replies: Reply | str) -> Script:
    """Reply in this order, the last one for ever, whatever is asked."""
    left = list(replies)
    return lambda _body, _seen: left.pop(0) if len(left) > 1 else left[0]


def by_hash(*replies: Reply | str) -> Script:
    """Choose a reply by the hash of the messages, the next one each time they come again."""

    def choose(body: dict[str, Any], seen: int) -> Reply | str:
        digest = hashlib.blake2b(json.dumps(body["messages"]).encode(), digest_size=4).digest()
        return replies[(int.from_bytes(digest, "big") + seen) % len(replies)]

    return choose


def _handler(script: Script) -> type[BaseHTTPRequestHandler]:
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *_: Any) -> None:
            pass

        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with lock:
                state, seen = self.server.state, self.server.seen  # type: ignore[attr-defined]
                state.requests.append(body)
                state.keys.append(self.headers.get("Authorization", ""))
                mark = json.dumps(body["messages"])
                count = seen.get(mark, 0)
                seen[mark] = count + 1
                found = script(body, count)
            reply = Reply((found,)) if isinstance(found, str) else found
            time.sleep(reply.after)
            self.send(reply, body)

        def send(self, reply: Reply, body: dict[str, Any]) -> None:
            data = (reply.raw or json.dumps(_payload(reply, body))).encode()
            try:
                self.send_response(reply.status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(data)
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True

    return Handler


def _payload(reply: Reply, body: dict[str, Any]) -> dict[str, Any]:
    if reply.status != 200:
        return {"error": {"message": reply.message, "type": "scripted", "code": reply.status}}
    wanted = int(body.get("n") or 1)
    texts = (reply.texts * wanted)[:wanted] if len(reply.texts) == 1 else reply.texts[:wanted]
    spoken = sum(len(m["content"]) for m in body["messages"])
    usage = {"prompt_tokens": spoken // 4, "completion_tokens": sum(map(len, texts)) // 4}
    payload = {
        "id": "scripted",
        "object": "chat.completion",
        "created": 0,
        "model": body["model"],
        "choices": [_choice(i, text, reply) for i, text in enumerate(texts)],
    }
    if reply.usage:
        payload["usage"] = usage | {"total_tokens": sum(usage.values())}
    return payload


def _choice(index: int, text: str, reply: Reply) -> dict[str, Any]:
    choice: dict[str, Any] = {
        "index": index,
        "finish_reason": reply.finish,
        "message": {"role": "assistant", "content": text},
    }
    if reply.first_token is not None:
        tops = [{"token": t, "logprob": p, "bytes": None} for t, p in reply.first_token.items()]
        choice["logprobs"] = {"content": [{**tops[0], "top_logprobs": tops}]}
    return choice
