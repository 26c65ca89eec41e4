"""A run's models: its team of proposers, its purse, and the record of what was asked.

The team asks models from a thread of its own, which writes calls down by itself: each before it is
made, at what it may cost, and again when its answer is there, before anyone gets to see that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from queue import Empty, SimpleQueue
from typing import TypeVar

from agent.choosing import surrogates
from agent.door import Door, Pace
from agent.ledger import Ledger
from agent.llm import connect
from agent.notes import Note, detail, note_of, retired, standing
from agent.portfolio import arms_of
from agent.prices import price_of
from agent.proposer import Proposer, Talker, View, find_proposer
from agent.proposers.llambo import diversity
from agent.question import Asker
from agent.replay import Replay, recorded
from agent.team import Team, demand_models, talks
from evaluators.candidate import Candidate
from programs.errors import InputError
from programs.kind import Kind
from runs.calls import CallBook
from runs.config import RunConfig
from runs.record import NOTES, RunRecord
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
        self.book = CallBook(store.path, run.id)
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
            return Replay([r for row in mine if (r := recorded(row))], report=self.book)
        pace = Pace(timeout=config.reply_timeout)
        client = connect(config.api_base)
        door = Door(
            self.ledger,
            self.book,
            client,
            announce=self.book,
            in_flight=config.in_flight,
            pace=pace,
        )
        own = self.store.llm_calls(self.run.id)
        return Replay([r for row in own if (r := recorded(row))], otherwise=door)

    def hear(self) -> list[str]:
        """Return what the user should know."""
        return list(_drained(self.news))

    def notes(self, kind: Kind) -> dict[int, tuple[Note, ...]]:
        """Return the notes that earlier sittings of this run left, by place."""
        events = (e for e in self.store.events(self.run.id) if e.name == NOTES)
        found = [(e.detail["place"], (note_of(n, kind) for n in e.detail["notes"])) for e in events]
        return {place: tuple(n for n in notes if n is not None) for place, notes in found}

    def noted(self, place: int, notes: tuple[Note, ...]) -> dict[int, tuple[Note, ...]]:
        """Keep the notes that were written at a place, before its candidate is."""
        if not notes:
            return {}
        listed = [detail(note) for note in notes]
        self.store.event(self.run.id, NOTES, {"place": place, "notes": listed})
        for note in notes:
            self.news.put(f"noted: {note.by_id}")
        return {place: notes}

    def learnt(self, view: View) -> list[str]:
        """Say in the end how surrogates did, which notes stand, and which were refuted."""
        stand = [f"note that stands: {note.by_id}" for note in standing(view.notes, view.history)]
        gone = [n for n in view.notes if retired(n, view.history)]
        refuted = [f"note that later results refuted: {note}" for note in gone]
        return [*diversity(view), *surrogates(view), *stand, *refuted]

    @property
    def spent(self) -> float:
        """Return the dollars spent so far, earlier sittings included."""
        return self.ledger.spent

    def close(self) -> list[str]:
        """Drop what is in flight, and say the rest."""
        self.team.close()
        return self.hear()


def left_of(config: RunConfig, known: Sequence[Candidate], judged: int) -> dict[str, float]:
    """Return what is left of the budget once `known` are paid for, of which some were judged."""
    left = {}
    if config.evals is not None:
        left["evals"] = float(config.evals - judged)
    if config.models:
        left["usd"] = config.dollars - sum(c.origin.usage.get("usd", 0.0) for c in known)
    return left


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
