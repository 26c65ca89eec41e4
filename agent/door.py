"""The door to models: it prices, limits, paces, retries and records what is asked.

Failures are answers with an error, never exceptions, and no key is part of any of them. A model
that cannot be reached is left alone for a while, so that a run does not wait for it for ever.
"""

from __future__ import annotations

import asyncio
import itertools
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace

from agent.ledger import Ledger
from agent.prices import Price, price_of
from agent.question import IN_FLIGHT, Answer, Call, Question, Report
from agent.redact import redacted
from agent.transport import Completion, Transport, Trouble, trouble_of

AT_ONCE = 8
"""Calls that may be in flight at the same time."""

PATIENCE = 3
"""Failures in a row, each after its retries, after which a model is left alone for a while."""

LONGEST_REST = 3600.0

CANCELLED = "cancelled"
CLOSED = "asked no more"
UNASKED = ("budget", CLOSED)
"""How errors begin when no call was made."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How long to wait for a reply, how often to try again, and the first pauses."""

    timeout: float = 90.0
    retries: int = 3
    first_pause: float = 1.0
    first_rest: float = 60.0

    def pause(self, trouble: Trouble, attempt: int) -> float:
        """Return the seconds to wait before the next try: twice as long each time."""
        return max(trouble.pause, self.first_pause * 2**attempt)

    def rest(self, count: int) -> float:
        """Return the seconds to leave a model alone after its failures, up to an hour."""
        return min(self.first_rest * 2**count, LONGEST_REST)


@dataclass
class Standing:
    """What the door has learnt about a model: why and until when it is left alone, its failings."""

    price: Price | None
    closed: str = ""
    until: float = math.inf
    failures: int = 0
    rests: int = 0
    bare: bool = False

    def shut(self) -> str:
        """Return why the model is not asked now, or nothing."""
        return self.closed if time.monotonic() < self.until else ""

    def blame(self, trouble: Trouble, pace: Pace) -> None:
        """Count a failure; leave the model alone for a while after several, or for good."""
        self.failures += 1
        if trouble.hopeless:
            self.closed, self.until = trouble.reason, math.inf
        elif self.failures >= PATIENCE:
            self.closed, self.until = trouble.reason, time.monotonic() + pace.rest(self.rests)
            self.rests += 1

    def praise(self) -> None:
        """Forget earlier failures."""
        self.failures = self.rests = 0


class Door:
    """Puts questions to models within a ledger's limit; use it from one event loop.

    Every call, refused ones included, goes to `report` before its answer is returned. It goes to
    `announce` before each request is sent, with what it may cost, so that no cost is forgotten if
    this process is killed meanwhile.
    """

    def __init__(
        self,
        ledger: Ledger,
        report: Report,
        transport: Transport,
        *,
        announce: Report = lambda _: None,
        prices: Mapping[str, Price] | None = None,
        in_flight: int = AT_ONCE,
        pace: Pace | None = None,
    ) -> None:
        self.ledger, self.report, self.transport = ledger, report, transport
        self.announce = announce
        self._tickets = itertools.count(1)
        self.pace = pace or Pace()
        self._prices = dict(prices or {})
        self._standings: dict[str, Standing] = {}
        self._room = asyncio.Semaphore(in_flight)

    async def answer(self, model: str, question: Question) -> Answer:
        """Return the model's answer, and report the call."""
        async with self._room:
            began, ticket = time.monotonic(), next(self._tickets)
            answer = await self._sampled(Call(model, question, Answer(), ticket))
        answer = _redacted(replace(answer, seconds=time.monotonic() - began))
        self.report(_written(Call(model, question, answer, ticket)))
        return answer

    async def close(self) -> None:
        """Let go of connections."""
        await self.transport.close()

    def standing(self, model: str) -> Standing:
        """Return what is known about a model."""
        if model not in self._standings:
            self._standings[model] = Standing(self._prices.get(model) or price_of(model))
        return self._standings[model]

    async def _sampled(self, call: Call) -> Answer:
        """Ask until there are enough samples: not every provider gives several at once."""
        whole = Answer()
        while (missing := call.question.samples - len(whole.samples)) > 0:
            part = await self._tried(replace(call, answer=whole), missing)
            whole = _added(whole, part)
            if part.error:
                # Some samples are better than none.
                return replace(whole, error="" if whole.samples else part.error)
        return whole

    async def _tried(self, call: Call, samples: int) -> Answer:
        """Make one request, again after a pause where that may help."""
        question = call.question
        standing, usd, attempt = self.standing(call.model), 0.0, 0
        while True:
            if shut := standing.shut():
                return Answer(error=f"{CLOSED}: {shut}", usd=usd)
            worst = standing.price.worst(question, samples) if standing.price else 0.0
            if not self.ledger.reserve(worst):
                return Answer(error="budget: the dollar limit leaves no room for a call", usd=usd)
            outcome, cost = await self._once(_costing(call, usd), samples, worst)
            usd += cost
            if isinstance(outcome, Completion):
                standing.praise()
                return _answer(outcome, samples, usd)
            if outcome.picky and not standing.bare:
                standing.bare = True
            elif outcome.retry and attempt < self.pace.retries:
                await asyncio.sleep(self.pace.pause(outcome, attempt))
                attempt += 1
            else:
                standing.blame(outcome, self.pace)
                return Answer(error=outcome.reason, usd=usd)

    async def _once(
        self, call: Call, samples: int, worst: float
    ) -> tuple[Completion | Trouble, float]:
        """Make one request and book what it costs, whatever becomes of it."""
        standing, timeout = self.standing(call.model), self.pace.timeout
        outcome: Completion | Trouble
        cost = worst
        try:
            said = f"{IN_FLIGHT}: the process ended during the call"
            self.announce(_written(_costing(call, worst, said)))
            sending = self.transport.send(
                call.model, call.question, samples, timeout, standing.bare
            )
            outcome = await asyncio.wait_for(sending, timeout + 1.0)
            cost = _cost(standing, outcome, worst)
        except asyncio.CancelledError:
            # Nobody waits for the answer any more, but the provider may charge for it.
            said = f"{CANCELLED}: the run stopped during the call"
            self.report(_written(_costing(call, worst, said)))
            raise
        except Exception as error:
            outcome = trouble_of(error)
            cost = worst if outcome.sent else 0.0
        finally:
            self.ledger.settle(worst, cost)
        return outcome, cost


def _costing(call: Call, usd: float, error: str = "") -> Call:
    """Return a call that has cost so much more, whatever was answered before."""
    answer = Answer(error=error, usd=call.answer.usd + usd)
    return replace(call, answer=answer)


def _written(call: Call) -> Call:
    """Return a call as it is recorded: without keys, and without messages if it was not made.

    There may be thousands of those.
    """
    made = not call.answer.error.startswith(UNASKED)
    said = tuple((role, redacted(text)) for role, text in call.question.messages if made)
    return replace(call, question=replace(call.question, messages=said))


def _cost(standing: Standing, done: Completion, worst: float) -> float:
    """Return what a reply cost, at its worst where the provider does not count."""
    if standing.price is None:
        return 0.0
    if done.prompt_tokens is None or done.completion_tokens is None:
        return worst
    cost = standing.price.cost(done.prompt_tokens, done.completion_tokens)
    if cost > worst * (1 + 1e-9):
        # The provider ignores our limits: no reservation can be trusted any more.
        standing.until = math.inf
        standing.closed = f"a call cost ${cost:.6f}, above its worst case of ${worst:.6f}"
    return cost


def _answer(done: Completion, samples: int, usd: float) -> Answer:
    return Answer(
        done.samples[:samples],
        "" if done.samples else "empty: the reply holds no choice",
        done.prompt_tokens or 0,
        done.completion_tokens or 0,
        usd,
    )


def _added(whole: Answer, part: Answer) -> Answer:
    return Answer(
        (*whole.samples, *part.samples),
        part.error,
        whole.prompt_tokens + part.prompt_tokens,
        whole.completion_tokens + part.completion_tokens,
        whole.usd + part.usd,
    )


def _redacted(answer: Answer) -> Answer:
    samples = tuple(replace(s, text=redacted(s.text)) for s in answer.samples)
    return replace(answer, samples=samples, error=redacted(answer.error))
