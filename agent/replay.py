"""Answer questions from recorded calls: a run can be repeated, or resumed, without paying twice.

A question is known by its model, its messages and its purpose (which names the place in the run
that it was asked for), and where that is asked more than once, by how many times it was before.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import BaseModel, ConfigDict

from agent.door import CANCELLED
from agent.question import IN_FLIGHT, Answer, Asker, Call, Question, Report, Sample

_MARK = '{"samples":'


@dataclass(frozen=True, slots=True)
class Recorded:
    """A recorded call: which question it answers, and the answer."""

    key: str
    answer: Answer


class _Sample(BaseModel):
    model_config = ConfigDict(extra="forbid")
    text: str
    cut_off: bool = False
    first_token: dict[str, float] = {}


class _Reply(BaseModel):
    model_config = ConfigDict(extra="forbid")
    samples: list[_Sample]


def written(answer: Answer) -> str:
    """Write the samples as the text that is recorded: one plain reply stays as it is."""
    if not answer.samples:
        return ""
    only = answer.samples[0]
    if answer.samples == (Sample(only.text),) and not only.text.startswith(_MARK):
        return only.text
    samples = [
        {"text": s.text, "cut_off": s.cut_off, "first_token": dict(s.first_token)}
        for s in answer.samples
    ]
    return _MARK + json.dumps(samples, ensure_ascii=False) + "}"


def samples_of(text: str) -> tuple[Sample, ...]:
    """Read back what `written` wrote."""
    if not text.startswith(_MARK):
        return (Sample(text),)
    read = _Reply.model_validate_json(text)
    return tuple(Sample(s.text, s.cut_off, s.first_token) for s in read.samples)


def request(question: Question) -> dict[str, Any]:
    """Return what is recorded of a question beside its purpose."""
    messages = [{"role": role, "content": text} for role, text in question.messages]
    settings = {"temperature": question.temperature, "max_tokens": question.max_tokens}
    return {"messages": messages, "n": question.samples, "seed": question.seed, **settings}


def recorded(row: Mapping[str, Any]) -> Recorded | None:
    """Read a recorded call; `None` for one that was never answered."""
    error, asked = str(row["error"]), row["messages"]
    if error.startswith((CANCELLED, IN_FLIGHT)) or not isinstance(asked, Mapping):
        return None
    messages = tuple((m["role"], m["content"]) for m in asked["messages"])
    question = Question(messages, row["purpose"], samples=int(asked["n"]))
    answer = Answer(
        () if error else samples_of(row["reply"]),
        error,
        int(row["prompt_tokens"]),
        int(row["completion_tokens"]),
        float(row["usd"]),
        float(row["seconds"]),
    )
    return Recorded(question.digest(row["model"]), answer)


class Replay:
    """Answers from recorded calls, and asks `otherwise` what they do not hold.

    With a `report`, replayed calls are recorded as the new run's own.
    """

    def __init__(
        self,
        calls: Iterable[Recorded],
        otherwise: Asker | None = None,
        report: Report | None = None,
    ) -> None:
        self.otherwise, self.report = otherwise, report
        self._answers: dict[str, deque[Answer]] = {}
        for call in calls:
            self._answers.setdefault(call.key, deque()).append(call.answer)

    async def answer(self, model: str, question: Question) -> Answer:
        """Return the recorded answer of this question, once each."""
        unasked = replace(question, messages=())
        keys = (question.digest(model), unasked.digest(model))
        left = next((found for key in keys if (found := self._answers.get(key))), None)
        if left:
            answer = left.popleft()
            if self.report is not None:
                self.report(Call(model, question, answer))
            return answer
        if self.otherwise is None:
            return Answer(error="not recorded: this question was never asked in the replayed run")
        return await self.otherwise.answer(model, question)

    async def close(self) -> None:
        """Close what is asked otherwise."""
        if self.otherwise is not None:
            await self.otherwise.close()
