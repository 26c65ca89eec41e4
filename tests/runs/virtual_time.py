"""Runs on a clock of their own: judging and replies take the time they are said to, and no other.

Everything happens on one thread, and the clock stands still while Python works. So what a test
sees of idle workers depends on who gets which place, and not on the machine.
"""

from __future__ import annotations

import heapq
import itertools
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any

import pytest

from agent.question import Answer, Question, Sample
from tests.agent.persona import persona


class Clock:
    """What happens when, and who worked until now."""

    def __init__(self) -> None:
        self.now = 0.0
        self.busy = 0.0
        self._order = itertools.count()
        self._due: list[tuple[float, int, Callable[[], None]]] = []

    def after(self, seconds: float, do: Callable[[], None]) -> None:
        """Let something happen later."""
        heapq.heappush(self._due, (self.now + seconds, next(self._order), do))

    def tick(self) -> None:
        """Go on to the next thing that happens."""
        self.now, _, do = heapq.heappop(self._due)
        do()

    def wait(
        self, futures: Sequence[Future[Any]], timeout: float, **_: Any
    ) -> tuple[set[Any], set[Any]]:
        """Go on until one of the futures is done, or so many seconds."""
        end = self.now + timeout
        while not any(f.done() for f in futures) and self._due and self._due[0][0] <= end:
            self.tick()
        if not any(f.done() for f in futures):
            self.now = end
        done = {f for f in futures if f.done()}
        return done, set(futures) - done

    def idle(self, workers: int) -> float:
        """Return the share of the time in which workers had nothing to do."""
        return 1.0 - self.busy / (workers * self.now)


class Queue:
    """Does so many things at a time, each as long as it takes, in the order they come in."""

    def __init__(self, clock: Clock, at_once: int) -> None:
        self.clock, self.free = clock, at_once
        self.waiting: deque[tuple[Future[Any], Callable[[], tuple[float, Any]]]] = deque()

    def put(self, does: Callable[[], tuple[float, Any]]) -> Future[Any]:
        """Do something when it is its turn; it returns how long it takes and what comes of it."""
        future: Future[Any] = Future()
        self.waiting.append((future, does))
        self._begin()
        return future

    def _begin(self) -> None:
        while self.free and self.waiting:
            future, does = self.waiting.popleft()
            if future.set_running_or_notify_cancel():
                self.free -= 1
                seconds, result = does()
                self.clock.after(seconds, lambda f=future, r=result: self._end(f, r))

    def _end(self, future: Future[Any], result: Any) -> None:
        self.free += 1
        future.set_result(result)
        self._begin()


def wind_up(
    monkeypatch: pytest.MonkeyPatch,
    judging: float,
    at_once: int,
    replies: tuple[float, float] = (2.0, 8.0),
) -> Clock:
    """Let the next run take `judging` seconds a program, `replies` a reply, `at_once` of these."""
    clock, script = Clock(), persona(after=replies)

    class Pool(Queue):
        def __init__(self, workers: int, **_: Any) -> None:
            super().__init__(clock, workers)

        def submit(self, does: Callable[..., Any], *args: Any) -> Future[Any]:
            return self.put(lambda: self._judged(does, *args))

        def _judged(self, does: Callable[..., Any], *args: Any) -> tuple[float, Any]:
            clock.busy += judging
            return judging, does(*args)

        def shutdown(self, **_: Any) -> None:
            pass

    class Line(Queue):
        def __init__(self, _: Any) -> None:
            super().__init__(clock, at_once)

        def ask(self, model: str, question: Question) -> Future[Answer]:
            return self.put(lambda: _answered(question))

        def close(self) -> None:
            pass

    def _answered(question: Question) -> tuple[float, Answer]:
        messages = [{"role": role, "content": text} for role, text in question.messages]
        reply = script({"messages": messages, "n": question.samples, "for": question.purpose}, 0)
        assert not isinstance(reply, str)
        texts = (reply.texts * question.samples)[: question.samples]
        samples = tuple(Sample(text, reply.finish == "length") for text in texts)
        return reply.after, Answer(samples, "", 1000, 100, 0.0, reply.after)

    monkeypatch.setattr("runs.loop.ThreadPoolExecutor", Pool)
    monkeypatch.setattr("runs.loop.wait", clock.wait)
    for watcher in ("runs.progress.time", "runs.weighing.time"):
        monkeypatch.setattr(watcher, SimpleNamespace(monotonic=lambda: clock.now))
    monkeypatch.setattr("agent.team.Line", Line)
    return clock
