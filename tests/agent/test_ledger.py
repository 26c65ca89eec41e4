"""A money limit is never passed, however many calls are in flight and whatever they cost."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import numpy as np
import pytest

from agent.door import Door, Pace
from agent.ledger import Ledger
from agent.prices import Price, price_of
from agent.question import Answer, Call, Question, Sample
from agent.transport import Completion

QUICK = Pace(timeout=5.0, retries=2, first_pause=0.0)


@dataclass
class Fickle:
    """Charges anything up to the worst case, fails now and then, and takes its time."""

    rng: np.random.Generator

    async def send(
        self, model: str, question: Question, samples: int, timeout: float, bare: bool
    ) -> Completion:
        await asyncio.sleep(float(self.rng.random()) * 1e-3)
        luck = self.rng.random()
        if luck < 0.1:
            raise ConnectionError("gone")
        if luck < 0.15:
            raise TimeoutError
        said = sum(len(text) for _, text in question.messages)
        counted = luck > 0.2
        spoken = int(self.rng.integers(0, question.max_tokens + 1)) * samples
        sampled = (Sample("ok"),) * samples
        return Completion(sampled, said if counted else None, spoken if counted else None)

    async def close(self) -> None:
        pass


def test_a_limit_of_ten_cents_holds_over_a_thousand_calls() -> None:
    rng = np.random.default_rng(0)
    prices = {f"m{i}": Price(*(10.0 ** rng.uniform(-7, -5.5, size=2))) for i in range(5)}
    ledger, calls = Ledger(0.10), []

    async def everything() -> list[Answer]:
        pace = Pace(retries=2, first_pause=0.0)
        door = Door(ledger, calls.append, Fickle(rng), prices=prices, pace=pace)
        asked = []
        for i in range(1_000):
            tokens, samples = int(rng.integers(1, 500)), int(rng.integers(1, 4))
            text = "x" * int(rng.integers(1, 400))
            question = Question((("user", text),), str(i), max_tokens=tokens, samples=samples)
            asked.append(door.answer(f"m{i % 5}", question))
        return await asyncio.gather(*asked)

    answers = asyncio.run(everything())
    assert len(calls) == len(answers) == 1_000
    assert ledger.spent <= 0.10
    assert sum(a.usd for a in answers) == pytest.approx(ledger.spent)
    assert ledger.reserved < 1e-12
    refused = [a for a in answers if a.error.startswith("budget")]
    paid = [a for a in answers if not a.error]
    assert len(refused) > 100
    assert len(paid) > 100
    assert ledger.spent > 0.09, "the limit is kept, but most of it can be used"


def test_a_provider_that_charges_more_than_can_be_is_asked_no_more() -> None:
    class Greedy(Fickle):
        async def send(
            self, model: str, question: Question, samples: int, timeout: float, bare: bool
        ) -> Completion:
            return Completion((Sample("ok"),), 10, 50 * question.max_tokens)

    calls: list[Call] = []
    transport = Greedy(np.random.default_rng(0))
    prices = {"m": Price(1e-6, 1e-6)}
    ledger = Ledger(1.0)

    async def twice() -> list[Answer]:
        door = Door(ledger, calls.append, transport, prices=prices, pace=QUICK)
        ask = Question((("user", "x"),), "1", max_tokens=1000)
        return [await door.answer("m", ask), await door.answer("m", ask)]

    first, second = asyncio.run(twice())
    assert first.usd == ledger.spent > 0.04
    assert second.error.startswith("asked no more: a call cost $0.05")


def test_a_reservation_is_given_back() -> None:
    ledger = Ledger(1.0)
    assert ledger.reserve(0.6)
    assert not ledger.reserve(0.6)
    assert not ledger.over
    ledger.settle(0.6, 0.1)
    assert ledger.over
    assert ledger.reserve(0.6)
    assert ledger.left == pytest.approx(0.3)


def test_prices_come_from_the_list_that_litellm_ships() -> None:
    known = price_of("gpt-4o-mini")
    assert known is not None
    assert price_of("openai/gpt-4o-mini") == known
    assert 0 < known.prompt < known.completion < 1e-4
    assert price_of("openai/desk") is None
    question = Question((("user", "häß" * 100),), "1", max_tokens=100)
    assert known.worst(question, 2) > known.cost(500, 200)
