"""The best climb, nobody waits, scores of different rungs never compare."""

from __future__ import annotations

import math
import threading
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest

from agent.proposer import Proposal, View
from agent.proposers.evolution import Evolution
from evaluators.candidate import Candidate, Status
from evaluators.ladder import next_climb
from evaluators.levels import levels
from evaluators.rungs import rung_at
from evaluators.task import find_task
from runs.config import RunConfig, read_config
from runs.progress import Silent
from runs.start import perform, prepare
from runs.store import Store
from sandbox.base import Ending, Job, Outcome
from sandbox.memory import MemorySandbox

TOY = str(Path(__file__).parents[1] / "toy.py")


def config(**given: Any) -> RunConfig:
    asked = {"task": TOY, "evals": 60, "workers": 2, "recall": False, "rungs": 3}
    return read_config(**{**asked, **given})


def run(store: Store, sandbox: MemorySandbox | None = None, **given: Any) -> list[Candidate]:
    prepared = prepare(store, config(**given), sandbox or MemorySandbox())
    assert perform(prepared, Silent())[0] == "done"
    return store.history(prepared.run.id)


def test_the_best_third_of_each_rung_climb_and_no_other(store: Store) -> None:
    history = run(store)
    distinct = [c for c in history if c.evaluation.status is Status.SCORED]
    by_level = Counter(e.rung for c in distinct for e in (c.evaluation, *c.climbs))
    assert set(by_level) == set(levels(3))
    # A third, those who were overtaken after they had left, and the program the search began with.
    assert by_level[-1] / 3 - 1 <= by_level[0] < by_level[-1] / 2 + 2
    assert by_level[0] / 6 <= by_level[1] < by_level[0] / 2 + 2
    best = sorted(distinct, key=lambda c: -(c.score or 0.0))[: len(distinct) // 4]
    late = len(history) - config().lookahead
    assert all(c.climbs for c in best if c.index < late)


def test_decisions_are_those_of_halving_in_settled_order(store: Store) -> None:
    """Decide again what two rungs come to, from the stored scores and the rule alone."""
    ahead = config().lookahead
    history = run(store, rungs=2, evals=80)
    scores: list[dict[str, float]] = [{}, {}]
    due: defaultdict[int, list[Candidate]] = defaultdict(list)
    carrier = {c.evaluation.fingerprint: c for c in reversed(history)}
    sent = []
    for step, candidate in enumerate(history, start=1):
        for climber in due[step]:
            scores[1][climber.evaluation.fingerprint] = climber.climbs[0].score or math.nan
        if candidate.evaluation.status is Status.SCORED and candidate.score is not None:
            scores[0][candidate.evaluation.fingerprint] = candidate.score
        names = [candidate.evaluation.fingerprint] if step == 1 else []
        while True:
            if not names:
                climb = next_climb(scores)
                if climb is None:
                    break
                names = [climb.program]
            name = names.pop()
            scores[1][name] = math.nan
            due[step + ahead].append(carrier[name])
            sent.append(name)
    climbed = {c.evaluation.fingerprint for c in history if c.climbs}
    assert climbed == set(sent)
    assert len(sent) > 20


def test_every_rung_has_its_own_scores_by_seed(store: Store) -> None:
    task = find_task(TOY)
    for candidate in run(store):
        if candidate.evaluation.status is Status.SCORED:
            for judged in (candidate.evaluation, *candidate.climbs):
                assert len(judged.by_seed) == rung_at(task, judged.rung).seeds
                assert judged.score == pytest.approx(sum(judged.by_seed) / len(judged.by_seed))


def test_copies_of_a_climber_inherit_its_climbs(store: Store) -> None:
    history = run(store, evals=120)
    by_id = {c.id: c for c in history}
    copies = [c for c in history if c.duplicate_of and by_id[c.duplicate_of].climbs]
    assert copies, "no climber was met again: the test proves nothing"
    assert all(c.climbs == by_id[c.duplicate_of or ""].climbs for c in copies)


def test_the_leaderboard_goes_by_rung_then_score(store: Store) -> None:
    history = run(store)
    distinct = [c for c in history if c.evaluation.status is Status.SCORED]
    rows = store.top(limit=len(distinct))
    assert [r.id for r in rows] == [c.id for c in sorted(distinct, key=lambda c: c.rank)]
    assert [(r.rung, r.score) for r in rows] == sorted(
        ((r.rung, r.score) for r in rows), reverse=True
    )
    first = history[0]
    assert rows[0].rung == 1
    for row in rows:
        judged = first.on(row.rung)
        assert judged is not None
        assert row.baseline == judged.score
    record = store.runs()[0]
    assert (record.best_id, record.best) == (rows[0].id, rows[0].score)
    assert record.evaluations == 60


class Listening(Evolution):
    """Note which climbs each proposal knew of."""

    seen: dict[int, list[int]]

    def propose(self, view: View, n: int, rng: Any) -> list[Proposal]:
        self.seen[view.index] = sorted(c.index for c in view.history if c.climbs)
        return list(super().propose(view, n, rng))


def test_a_proposal_knows_the_climbs_that_are_due_and_no_others(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[dict[int, list[int]]] = []
    for workers in (1, 3):
        listening = Listening()
        object.__setattr__(listening, "seen", {})
        monkeypatch.setattr("runs.models.find_proposer", lambda _, found=listening: found)
        run(store, workers=workers, lookahead=16)
        seen.append(listening.seen)
    assert seen[0] == seen[1]
    # Program 0 is sent up at step 1 and due at step 17, which proposal 32 is the first to see.
    assert not any(seen[0][index] for index in range(2, 32))
    assert seen[0][32] == [0]


def test_a_slow_climb_holds_nobody_up_before_it_is_due(store: Store) -> None:
    """The first climb ends only when everything has been judged that may be without it."""
    lock, others = threading.Lock(), threading.Event()
    jobs: Counter[int] = Counter()

    def answers(job: Job) -> Outcome:
        first = False
        with lock:
            steps = int(job.payload.data["steps"])
            jobs[steps] += 1
            first = steps == 2 and jobs[2] == 1
            if jobs[1] == 17:
                others.set()
        if first:
            assert others.wait(60), "candidates waited for a climb"
        return MemorySandbox().run(job)

    run(store, MemorySandbox(answers), rungs=2, lookahead=16, evals=40)
    assert jobs[1] == 40


def test_a_failure_up_the_ladder_stands_where_it_was(store: Store) -> None:
    def answers(job: Job) -> Outcome:
        if int(job.payload.data["steps"]) == 2:
            return Outcome(Ending.TIMED_OUT, message="it ran past its limit of 20 s", seconds=20)
        return MemorySandbox().run(job)

    history = run(store, MemorySandbox(answers), rungs=2)
    climbers = [c for c in history if c.climbs]
    assert climbers
    assert all(c.climbs[0].status is Status.TIMED_OUT for c in climbers)
    assert all(c.standing == c.evaluation for c in climbers)
    assert store.top(limit=1)[0].rung == -1


@pytest.mark.parametrize("given", [{"rungs": 0}, {"rungs": 4}, {"eta": 1}])
def test_ladders_out_of_range_are_refused(given: dict[str, Any]) -> None:
    from programs.errors import InputError

    with pytest.raises(InputError, match="The setting"):
        config(**given)
