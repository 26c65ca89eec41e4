"""A run's models: its team of proposers, its purse, and the record of what was asked.

The team asks models from a thread of its own and the store belongs to the loop's, so calls wait
in a queue until the loop writes them down, which it does before every candidate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from queue import Empty, SimpleQueue
from typing import TypeVar

from agent.door import Door
from agent.ledger import Ledger
from agent.llm import connect
from agent.portfolio import arms_of
from agent.prices import price_of
from agent.proposer import Proposer, Talker, find_proposer
from agent.question import Asker, Call
from agent.replay import Replay, recorded, request, written
from agent.team import Team, demand_models, talks
from evaluators.candidate import Candidate, Status
from evaluators.rungs import rung_at
from evaluators.task import Task
from programs.errors import InputError
from runs.config import RunConfig
from runs.record import RunRecord
from runs.store import Store

T = TypeVar("T")


class Models:
    """What a run needs of its models; call `hear` and `close` from the loop's thread.

    `last` is what the last call cost, in dollars.
    """

    def __init__(
        self,
        store: Store,
        run: RunRecord,
        config: RunConfig,
        proposers: Mapping[str, Proposer | Talker],
    ) -> None:
        self.store, self.run = store, run
        self.ledger = Ledger(config.dollars, spent=run.usd)
        self.last = 0.0
        self.calls: SimpleQueue[Call] = SimpleQueue()
        self.news: SimpleQueue[str] = SimpleQueue()
        talkers = [name for name, proposer in proposers.items() if talks(proposer)]
        arms = arms_of(config.proposers, talkers, config.models)
        asker = self._asker(config) if talkers else None
        self.team = Team(arms, proposers, asker, self.news.put)

    def _asker(self, config: RunConfig) -> Asker:
        """Answer from this run's own calls first: a resumed run pays for nothing twice."""
        if config.replay:
            source = self.store.run(config.replay).id
            mine = [] if source == self.run.id else self.store.llm_calls(source)
            return Replay([r for row in mine if (r := recorded(row))], report=self.calls.put)
        door = Door(self.ledger, self.calls.put, connect(config.api_base))
        own = self.store.llm_calls(self.run.id)
        return Replay([r for row in own if (r := recorded(row))], otherwise=door)

    def hear(self) -> list[str]:
        """Write down the calls that were made, and return what the user should know."""
        for call in _drained(self.calls):
            answer = call.answer
            self.last = answer.usd
            self.store.llm_call(
                self.run.id,
                model=call.model,
                purpose=call.question.purpose,
                messages=request(call.question),
                reply=written(answer),
                prompt_tokens=answer.prompt_tokens,
                completion_tokens=answer.completion_tokens,
                usd=answer.usd,
                seconds=answer.seconds,
                error=answer.error,
            )
        return list(_drained(self.news))

    @property
    def spent(self) -> float:
        """Return the dollars spent so far, earlier sittings included."""
        return self.ledger.spent

    def close(self) -> list[str]:
        """Drop what is in flight, and write down the rest."""
        self.team.close()
        return self.hear()


def left_of(config: RunConfig, known: Sequence[Candidate]) -> dict[str, float]:
    """Return what is left of the budget once `known` are paid for, whatever is in flight."""
    left = {}
    if config.evals is not None:
        unjudged = (Status.INVALID, Status.DUPLICATE)
        judged = sum(c.evaluation.status not in unjudged for c in known)
        left["evals"] = float(config.evals - judged)
    if config.models:
        left["usd"] = config.dollars - sum(c.origin.usage.get("usd", 0.0) for c in known)
    return left


def facts_of(task: Task, level: int = 0) -> dict[str, str]:
    """Return what models are told of a task beside its goal: what makes the scores they see."""
    rung = rung_at(task, level)
    rates = rung.learning_rates
    how = getattr(task, "training", "")
    return {
        "score": f"{task.score_name}, the mean over {rung.seeds} seeds at the best learning rate",
        "training": f"{rung.steps} steps" + (f", {how}" if how else ""),
        "learning rates tried": f"{len(rates)} from {min(rates):g} to {max(rates):g}",
    }


def proposers_of(config: RunConfig) -> dict[str, Proposer | Talker]:
    """Find the proposers, and check that their models can be paid for."""
    proposers = {name: find_proposer(name) for name in config.proposers}
    demand_models(proposers, config.models)
    unpriced = [model for model in config.models if price_of(model) is None]
    if unpriced and config.evals is None and config.hours is None and not config.replay:
        raise InputError(
            f"The price of `{unpriced[0]}` is not known, so `--usd` cannot end the run: "
            "add `--evals` or `--hours`."
        )
    return proposers


def _drained(queue: SimpleQueue[T]) -> list[T]:
    found: list[T] = []
    while True:
        try:
            found.append(queue.get_nowait())
        except Empty:
            return found
