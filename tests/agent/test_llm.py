"""The door to models, over real HTTP to 127.0.0.1, through the openai client and litellm."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from agent.door import Door, Pace
from agent.ledger import Ledger
from agent.llm import OpenAIClient, connect
from agent.prices import price_of
from agent.question import Answer, Call, Question
from agent.transport import trouble_of
from tests.agent.server import Reply, Scripted, in_turn, serving

KEY = "sk-testtesttesttesttest1234567890"
MODEL = "openai/gpt-4o-mini"
QUICK = Pace(timeout=30.0, retries=2, first_pause=0.01)


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


def ask(text: str = "hello", **given: Any) -> Question:
    return Question((("user", text),), "1 test", **given)


def put(
    server: Scripted, questions: Sequence[Question], pace: Pace = QUICK, **given: Any
) -> tuple[list[Answer], list[Call], Ledger]:
    """Put all questions at once."""
    calls: list[Call] = []
    ledger = given.pop("ledger", None) or Ledger(1.0)

    async def all_at_once() -> list[Answer]:
        door = Door(ledger, calls.append, OpenAIClient(server.base), pace=pace, **given)
        try:
            return await asyncio.gather(*(door.answer(MODEL, q) for q in questions))
        finally:
            await door.close()

    return asyncio.run(all_at_once()), calls, ledger


def test_an_answer_has_its_text_tokens_and_price() -> None:
    with serving(in_turn("fine")) as server:
        (answer,), (call,), ledger = put(server, [ask("x" * 400, seed=7, temperature=0.2)])
    price = price_of(MODEL)
    assert price is not None
    assert (answer.text, answer.prompt_tokens, answer.completion_tokens) == ("fine", 100, 1)
    assert answer.usd == ledger.spent == pytest.approx(price.cost(100, 1))
    assert call.answer == answer
    sent = server.requests[0]
    assert (sent["model"], sent["seed"], sent["temperature"]) == ("gpt-4o-mini", 7, 0.2)
    assert server.keys == [f"Bearer {KEY}"]


def test_rate_limits_and_server_errors_are_tried_again() -> None:
    script = in_turn(Reply(status=429, headers={"retry-after": "0"}), Reply(status=500), "fine")
    with serving(script) as server:
        (answer,), calls, _ = put(server, [ask()])
    assert answer.text == "fine"
    assert len(server.requests) == 3
    assert len(calls) == 1


@pytest.mark.parametrize(
    ("reply", "says", "requests"),
    [
        (Reply(status=500), "server error", 3),
        (Reply(status=502, raw="<html>bad gateway"), "server error", 3),
        (Reply(status=429, message="insufficient_quota"), "rate limit", 1),
        (Reply(status=401), "no access", 1),
        (Reply(status=404), "no such model", 1),
        (Reply(status=400), "bad request", 2),
        (Reply(raw="{broken"), "failed", 1),
        (Reply(("late",), after=0.8), "timed out", 1),
    ],
)
def test_failures_are_answers_with_a_reason(reply: Reply, says: str, requests: int) -> None:
    with serving(in_turn(reply)) as server:
        pace = replace(QUICK, timeout=0.3) if says == "timed out" else QUICK
        (answer,), (call,), ledger = put(server, [ask()], pace)
    assert answer.error.startswith(says)
    assert answer.samples == ()
    assert call.answer.error == answer.error
    assert len(server.requests) == requests
    # What was sent and never answered may be charged, and is booked at its worst.
    assert (ledger.spent > 0) is (says in ("timed out", "failed"))


class InternalServerError(Exception):
    """What litellm raises where a key is missing or nobody can be reached."""

    status_code = 500


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            "litellm.InternalServerError: InternalServerError: OpenAIException - Missing "
            "credentials. Set `OPENAI_API_KEY`.",
            "no access: its key is not in the environment (Missing credentials. Set "
            "`OPENAI_API_KEY`)",
        ),
        (
            "litellm.APIConnectionError: Missing Gemini API key. Set the GEMINI_API_KEY "
            "environment variable.\nTraceback (most recent call last):\n  File x",
            "no access: its key is not in the environment (Missing Gemini API key. Set the "
            "GEMINI_API_KEY environment variable)",
        ),
        (
            "litellm.InternalServerError: InternalServerError: MistralException - [Errno -2] Name "
            "or service not known",
            "no connection: [Errno -2] Name or service not known",
        ),
    ],
)
def test_troubles_are_told_without_classes_and_tracebacks(said: str, told: str) -> None:
    assert trouble_of(InternalServerError(said)).reason == told


def test_nobody_listens() -> None:
    nobody = Scripted("http://127.0.0.1:9/v1")
    answers, _, ledger = put(nobody, [ask()] * 4)
    assert all(a.error.startswith(("no connection", "asked no more")) for a in answers)
    assert "at http://127.0.0.1:9/v1/chat/completions" in answers[0].error
    assert ledger.spent == 0


def test_a_hopeless_model_is_asked_no_more() -> None:
    async def thrice(server: Scripted) -> list[Answer]:
        door = Door(Ledger(1.0), lambda _: None, OpenAIClient(server.base), pace=QUICK)
        found = [await door.answer(MODEL, ask()) for _ in range(3)]
        await door.close()
        return found

    with serving(in_turn(Reply(status=401))) as server:
        answers = asyncio.run(thrice(server))
    assert len(server.requests) == 1
    assert [a.error.partition(":")[0] for a in answers] == ["no access", *["asked no more"] * 2]


def test_a_model_that_was_down_is_asked_again_after_a_rest() -> None:
    async def in_order(server: Scripted) -> list[str]:
        pace = Pace(retries=0, first_rest=0.3)
        door = Door(Ledger(1.0), lambda _: None, OpenAIClient(server.base), pace=pace)
        found = [await door.answer(MODEL, ask()) for _ in range(4)]
        await asyncio.sleep(0.35)
        found.append(await door.answer(MODEL, ask()))
        await door.close()
        return [a.error.partition(":")[0] or a.text for a in found]

    with serving(in_turn(*[Reply(status=500)] * 3, "back")) as server:
        said = asyncio.run(in_order(server))
    assert said == [*["server error"] * 3, "asked no more", "back"]


def test_several_samples_come_at_once_or_one_by_one() -> None:
    with serving(in_turn(Reply(("a", "b", "c")))) as server:
        (answer,), _, _ = put(server, [ask(samples=3)])
    assert [s.text for s in answer.samples] == ["a", "b", "c"]
    assert len(server.requests) == 1
    with serving(lambda _body, seen: Reply((f"only {seen}",), raw=None)) as server:
        (answer,), _, _ = put(server, [ask(samples=2)])
    assert len(answer.samples) == 2
    one_each = lambda body, seen: Reply((f"{seen}",) + ("x",) * (body.get("n", 1) - 1))  # noqa: E731
    with serving(one_each) as server:
        (answer,), _, _ = put(server, [ask(samples=2)])
    assert len(answer.samples) == 2


def test_a_server_that_knows_no_settings_is_asked_plainly() -> None:
    def plain(body: dict[str, Any], _seen: int) -> Reply | str:
        return Reply(status=400) if "seed" in body or "response_format" in body else "fine"

    with serving(plain) as server:
        (answer,), _, _ = put(server, [ask(seed=1, json=True)])
    assert answer.text == "fine"
    assert set(server.requests[1]) == {"model", "messages", "max_tokens"}


def test_log_probabilities_of_the_first_token_are_kept() -> None:
    reply = Reply(("1",), first_token={"1": -0.1, "0": -2.4})
    with serving(in_turn(reply)) as server:
        (answer,), _, _ = put(server, [ask(logprobs=True)])
    assert answer.samples[0].first_token == {"1": -0.1, "0": -2.4}


def test_several_calls_are_in_flight() -> None:
    with serving(lambda _body, _seen: Reply(("fine",), after=1.0)) as server:
        began = time.monotonic()
        answers, _, _ = put(server, [ask(str(i)) for i in range(8)], in_flight=8)
    assert all(a.text == "fine" for a in answers)
    assert time.monotonic() - began < 7


def test_keys_never_come_back() -> None:
    echo = Reply(status=401, message=f"Incorrect API key provided: {KEY}. Bearer abcdefghijkl")
    with serving(in_turn(echo)) as server:
        (answer,), (call,), _ = put(server, [ask(f"my key is {KEY}")])
    for text in (answer.error, repr(call)):
        assert KEY not in text
        assert "abcdefghijkl" not in text
    assert "[key]" in answer.error
    with serving(in_turn(f"your key is {KEY}")) as server:
        (answer,), (call,), _ = put(server, [ask(f"my key is {KEY}")])
    assert "[key]" in answer.text
    assert KEY not in repr(call)


def test_no_money_no_call() -> None:
    with serving(in_turn("fine")) as server:
        (answer,), (call,), _ = put(server, [ask()], ledger=Ledger(1e-6))
    assert answer.error.startswith("budget")
    assert call.question.messages == ()
    assert server.requests == []


@pytest.mark.filterwarnings("ignore")
def test_litellm_speaks_to_the_same_server(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    script = in_turn(
        Reply(status=429, headers={"retry-after": "0"}),
        Reply(status=500),
        Reply(("a", "b")),
        Reply(status=401, message=f"bad key {KEY}"),
    )
    calls: list[Call] = []

    async def in_order(server: Scripted) -> list[Answer]:
        monkeypatch.setenv("OPENAI_API_BASE", server.base)
        ledger = Ledger(1.0)
        door = Door(ledger, calls.append, connect(None), pace=QUICK)
        good = await door.answer(MODEL, ask(samples=2, seed=3))
        bad = await door.answer(MODEL, ask())
        unknown = await door.answer("nosuchprovider/model", ask())
        monkeypatch.delenv("OPENAI_API_KEY")
        keyless = await door.answer("openai/gpt-4.1-nano", ask())
        await door.close()
        return [good, bad, unknown, keyless]

    with serving(script) as server:
        good, bad, unknown, keyless = asyncio.run(in_order(server))
    assert [s.text for s in good.samples] == ["a", "b"]
    assert good.usd > 0
    assert len(server.requests) == 4
    assert bad.error.startswith("no access")
    assert keyless.error.startswith("no access")
    assert unknown.error
    assert not unknown.samples
    said = capsys.readouterr()
    assert KEY not in repr(calls) + said.out + said.err
