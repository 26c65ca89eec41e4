"""The proposers and models of a run: each draw goes to one of them, several at work at once.

Symbolic proposers answer at once. A talker's dialogue goes on whenever an answer has come, so the
caller gets a future. When a model fails, evolution stands in, and the proposal says so; while
models answer, those who ask none may fill in. Nothing is remembered between draws but what the
door to models knows.

Only waiting for models happens on another thread: dialogues, and all parsing of what models say,
stay on the caller's, because before Python 3.11.9 two threads must not parse at the same time.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

import numpy as np

from agent.choosing import OFF
from agent.door import CLOSED, UNASKED
from agent.line import Line
from agent.notes import Note, due
from agent.portfolio import Arm, Record, as_fill_in, records, stand_in
from agent.proposer import Proposal, Proposer, Setback, Talker, View
from agent.proposers.evolution import PROPOSER as EVOLUTION
from agent.question import Answer, Asker, Dialogue, Question
from agent.reflect import reflect
from evaluators.candidate import Origin, Status
from programs.errors import CambrianError, Fault, InputError
from programs.load import read_program

DRAWS = 10
"""Calls of proposers for one place before giving up."""

SAME = 10
"""Programs of a model in a row that do what known ones do, after which it is seldom asked."""

ASKED_AGAIN = 0.25
"""How often it is asked even so: it knows more by then."""

INVALID = "no valid program"
REPEATS = f"repeats: its last {SAME} programs did what known ones do"


@dataclass
class Held:
    """A place that is held for the end of a dialogue."""

    arm: Arm
    view: View
    rng: np.random.Generator
    dialogue: Dialogue[Proposal | Setback]
    questions: tuple[Question, ...] = ()
    answers: list[Answer | None] = field(default_factory=list)
    usage: dict[str, float] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()
    future: Future[Proposal] = field(default_factory=Future)

    def count(self, answer: Answer, shares: int) -> None:
        """Add what an answer cost."""
        for name, value in (
            ("calls", 1.0),
            ("prompt_tokens", answer.prompt_tokens),
            ("completion_tokens", answer.completion_tokens),
            ("usd", answer.usd),
            ("seconds", answer.seconds),
        ):
            self.usage[name] = self.usage.get(name, 0.0) + value / shares


class Team:
    """Draws proposals; `say` hears once of each way in which a model failed.

    While a proposal is awaited, wait for one of `asked` and call `pump`.
    """

    def __init__(
        self,
        arms: Sequence[Arm],
        proposers: Mapping[str, Proposer | Talker],
        asker: Asker | None = None,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.arms, self.proposers, self.say = tuple(arms), proposers, say
        self.failures: Counter[tuple[str, str]] = Counter()
        self.asked: dict[Future[Answer], list[tuple[Held, int]]] = {}
        self._shared: dict[str, Future[Answer]] = {}
        self._off: set[Arm] = set()
        self._weighed: list[Record] = []
        self._line = Line(asker) if asker is not None else None

    def draw(self, view: View, rng: np.random.Generator) -> Future[Proposal]:
        """Give the view's place to an arm; the proposal comes now or later."""
        found = records(view, self.arms)
        self._weighed = found if any(arm.model for arm in self.arms) else []
        chances = np.array([r.share for r in found])
        reflecting = any(arm.model for arm in self.arms) and due(view.history, view.fresh)
        if reflecting:
            # Notes are written by whoever asks a model here anyway.
            chances = chances * [bool(arm.model) for arm in self.arms]
        for _ in range(DRAWS):
            arm = self.arms[rng.choice(len(self.arms), p=chances / chances.sum())]
            proposer = self.proposers[arm.proposer]
            if not isinstance(proposer, Proposer):
                held = Held(arm, view, rng, proposer.converse(view, rng))
                if _repeats(view, arm.model) and rng.random() > ASKED_AGAIN:
                    return _done(self._filled(held, REPEATS))
                if reflecting:
                    held.dialogue = _reflecting(held, held.dialogue)
                self._go_on(held)
                return held.future
            if proposal := _offer(proposer, view, rng):
                return _done(proposal)
        names = ", ".join(str(arm) for arm in self.arms)
        raise CambrianError(f"No proposer offered a program in {DRAWS} calls: {names}.")

    @property
    def can_fill_in(self) -> bool:
        """Tell whether models are asked, and somebody proposes who asks none."""
        return len({bool(arm.model) for arm in self.arms}) == 2

    def fill_in(self, view: View, rng: np.random.Generator) -> Proposal | None:
        """Let somebody who asks no model take a place, if they have anything to offer."""
        arms = [arm for arm in self.arms if not arm.model]
        weights = np.array([arm.weight for arm in arms])
        for _ in range(DRAWS):
            arm = arms[rng.choice(len(arms), p=weights / weights.sum())]
            proposer = self.proposers[arm.proposer]
            assert isinstance(proposer, Proposer)
            if proposal := _offer(proposer, view, rng):
                return replace(proposal, origin=as_fill_in(proposal.origin))
        return None

    def pump(self) -> None:
        """Go on with every dialogue whose answer has come."""
        for future in [f for f in self.asked if f.done()]:
            for held, place in self.asked.pop(future):
                held.answers[place] = future.result()
                if None not in held.answers:
                    self._go_on(held)

    def reasons(self) -> list[dict[str, Any]]:
        """Return how each arm did and its chance, when the last place was drawn.

        There are none where no model is asked: chances are the weights then.
        """
        return [
            {
                "arm": str(r.arm),
                "proposer": r.arm.proposer,
                "model": r.arm.model,
                "tried": r.tried,
                "gain": r.gain,
                "cost": r.cost,
                "share": r.share,
            }
            for r in self._weighed
        ]

    def complaints(self) -> list[str]:
        """Return how often each model failed, and how."""
        models = dict.fromkeys(model for model, _ in self.failures)
        return [
            f"{model}: "
            + ", ".join(f"{n} × {why}" for (m, why), n in self.failures.most_common() if m == model)
            for model in models
        ]

    def close(self) -> None:
        """Drop what is in flight and let go of connections."""
        self.asked.clear()
        if self._line is not None:
            self._line.close()

    def _go_on(self, held: Held) -> None:
        answers = tuple(a for a in held.answers if a is not None)
        # Counted in the order of asking: sums of floats must not depend on who answers first.
        for answer, question in zip(answers, held.questions, strict=True):
            held.count(answer, question.shares)
        try:
            questions = held.dialogue.send(answers) if answers else next(held.dialogue)
        except StopIteration as end:
            held.future.set_result(replace(self._proposal(held, end.value), notes=held.notes))
            return
        held.questions, held.answers = questions, [None] * len(questions)
        for place, question in enumerate(questions):
            future = self._ask(held.arm.model, question)
            self.asked.setdefault(future, []).append((held, place))

    def _ask(self, model: str, question: Question) -> Future[Answer]:
        assert self._line is not None
        if question.shares == 1:
            return self._line.ask(model, question)
        key = question.digest(model)
        if key not in self._shared:
            self._shared[key] = self._line.ask(model, question)
        return self._shared[key]

    def _proposal(self, held: Held, outcome: Proposal | Setback) -> Proposal:
        if isinstance(outcome, Setback):
            return self._filled(held, outcome.reason)
        self._say_if_off(held.arm, outcome.origin)
        self._say_if_invalid(held, outcome)
        spent = {**held.usage, **outcome.origin.usage}
        return replace(outcome, origin=replace(outcome.origin, model=held.arm.model, usage=spent))

    def _say_if_off(self, arm: Arm, origin: Origin) -> None:
        """Say once of an arm that its surrogate did not beat the free one."""
        _, off, why = origin.rationale.partition(OFF)
        if off and arm not in self._off:
            self._off.add(arm)
            self.say(f"{arm}: {OFF}{why.rstrip(')')}. The numeric one chooses from now on.")

    def _say_if_invalid(self, held: Held, proposal: Proposal) -> None:
        """Say once of a model that a program of its own does not read, and count it."""
        offer = proposal.offer
        fault = read_program(offer, held.view.kind) if isinstance(offer, str) else None
        if isinstance(fault, Fault):
            why = f"{str(fault).rstrip('.')}. What is rejected costs no evaluation."
            self._say_once(held.arm, INVALID, f"{INVALID}: {why}")

    def _say_once(self, arm: Arm, short: str, text: str) -> None:
        known = any(model == arm.model for model, _ in self.failures)
        self.failures[arm.model, short] += 1
        if self.failures[arm.model, short] == 1 and not (known and short == CLOSED):
            self.say(f"{arm}: {text}")

    def _filled(self, held: Held, reason: str) -> Proposal:
        """Let evolution fill a place, and say why."""
        arm, short = held.arm, reason.partition(":")[0]
        if short != "too early":
            why = reason.rstrip(".")
            self._say_once(arm, short, f"{why}. Symbolic evolution fills its places.")
        for _ in range(DRAWS):
            if proposals := EVOLUTION.propose(held.view, 1, held.rng):
                if short == "too early":
                    return proposals[0]
                origin = stand_in(proposals[0].origin, arm, reason)
                unpaid = {"unpaid": 1.0} if reason.startswith(UNASKED) else {}
                origin = replace(origin, usage={**held.usage, **origin.usage, **unpaid})
                return replace(proposals[0], origin=origin)
        raise CambrianError(f"{arm} failed ({reason}) and evolution offered nothing either.")


def _reflecting(held: Held, dialogue: Dialogue[Proposal | Setback]) -> Dialogue[Proposal | Setback]:
    """Write notes first; what they are is kept beside the place's proposal."""
    held.notes = yield from reflect(held.view, held.arm.model)
    return (yield from dialogue)


def _repeats(view: View, model: str) -> bool:
    """Tell whether the last programs that a model wrote itself were all known before."""
    own = (
        c
        for c in reversed(view.history)
        if c.origin.model == model and not c.origin.usage.get("stand_in")
    )
    last = list(islice(own, SAME))
    return len(last) == SAME and all(c.evaluation.status is Status.DUPLICATE for c in last)


def talks(proposer: Proposer | Talker) -> bool:
    """Tell whether a proposer asks a model."""
    return not isinstance(proposer, Proposer)


def demand_models(proposers: Mapping[str, Proposer | Talker], models: Mapping[str, float]) -> None:
    """Refuse a team whose talkers have nobody to ask, or whose models nobody asks."""
    talkers = [name for name, proposer in proposers.items() if talks(proposer)]
    if talkers and not models:
        raise InputError(f"The proposer `{talkers[0]}` asks a model: name one with `--model`.")
    if models and not talkers:
        raise InputError(
            f"No proposer asks the model `{next(iter(models))}`: leave out `--proposer`, "
            "or name one that does, e.g. `--proposer rewrite`."
        )


def _offer(proposer: Proposer, view: View, rng: np.random.Generator) -> Proposal | None:
    """Ask for one program; what a plug-in offers may be anything."""
    offered: Sequence[object] = proposer.propose(view, 1, rng)
    if not offered:
        return None
    if isinstance(offered[0], Proposal):
        return offered[0]
    raise InputError(
        f"The proposer {proposer.name} offers a {type(offered[0]).__name__}, expected a Proposal: "
        "`cambrian check` examines it."
    )


def _done(proposal: Proposal) -> Future[Proposal]:
    future: Future[Proposal] = Future()
    future.set_result(proposal)
    return future
