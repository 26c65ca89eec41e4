"""The stub answers in turn, and remembers what it was asked."""

from __future__ import annotations

import json
import urllib.request
from typing import Any

from bench.peers.server import answering


def post(address: str, body: dict[str, Any]) -> dict[str, Any]:
    sent = urllib.request.Request(address, json.dumps(body).encode())
    with urllib.request.urlopen(sent) as reply:
        return json.load(reply)


def test_the_nth_request_gets_the_nth_program() -> None:
    with answering(lambda place: f"program {place}\n") as stub:
        body = {"model": "any", "messages": [{"role": "user", "content": "Better!"}]}
        replies = [post(f"{stub.base}/chat/completions", body) for _ in range(2)]
    texts = [reply["choices"][0]["message"]["content"] for reply in replies]
    assert ["program 0\n" in texts[0], "program 1\n" in texts[1]] == [True, True]
    assert stub.prompts == [json.dumps(body["messages"])] * 2 or len(set(stub.prompts)) == 1
    assert replies[0]["usage"]["total_tokens"] > 0


def test_each_text_is_embedded_as_itself() -> None:
    with answering(lambda place: "") as stub:
        found = post(f"{stub.base}/embeddings", {"model": "any", "input": ["a", "b", "a"]})
    first, second, third = (row["embedding"] for row in found["data"])
    assert first == third != second
    assert not stub.prompts
