"""A long run that is resumed reads what it needs of its past, and knows what it always knew."""

from __future__ import annotations

import numpy as np
import pytest

from agent.population import population
from agent.proposer import View
from evaluators.cache import FunctionalCache
from evaluators.candidate import Candidate
from programs.load import kind_named
from runs.config import read_config
from runs.filling import fill
from runs.history import BLOCK, History, Known
from runs.order import UNJUDGED, Order
from runs.past import recount
from runs.progress import LEADERS, Progress, Silent
from runs.store import Store

KIND = kind_named("optimizer")
LONG = 5 * BLOCK + 7


@pytest.fixture
def past(store: Store) -> str:
    (run,) = fill(store, LONG, 1, np.random.default_rng(3), 500)
    return run


@pytest.fixture
def order(store: Store, past: str) -> Order:
    config = read_config(task="digits", evals=2 * LONG)
    order = Order(store, store.run(past), config, KIND, Silent(), Progress(past, config, "", ""))
    order.replay()
    return order


def read(history: History) -> int:
    """Return how many blocks are held."""
    return len(history._blocks)


def test_a_search_reads_the_end_of_a_long_past(store: Store, order: Order, past: str) -> None:
    whole = store.history(past)
    seeds = {whole[0].id: whole[0].program}
    known = order.history.first(LONG)
    living = population(View("t", "", KIND, seeds, known), 32)
    everything = population(View("t", "", KIND, seeds, list(known)), 32)
    assert [m.id for m in living] == [m.id for m in everything]
    fresh = History(store, past, KIND, LONG)
    population(View("t", "", KIND, seeds, fresh.first(LONG)), 32)
    assert read(fresh) == 2, "seven of the last block, the rest of the one before"


def test_a_past_is_counted_without_being_kept(store: Store, order: Order, past: str) -> None:
    run = store.run(past)
    assert (order.settled, len(order), read(order.history)) == (LONG, LONG, 0)
    assert order.progress.tried == LONG
    assert order.progress.best is not None
    assert order.progress.best.id == store.top(past, limit=1)[0].id
    assert order.progress.sizes[order.progress.best.id] == store.top(past, limit=1)[0].size
    assert order.judged == run.evaluations


def test_the_cache_holds_what_it_held(store: Store, order: Order, past: str) -> None:
    cache = FunctionalCache()
    whole = store.history(past)
    for candidate in whole:
        if candidate.evaluation.status not in UNJUDGED:
            cache.put(candidate.evaluation.fingerprint, candidate.index)
    rng = np.random.default_rng(0)
    for candidate in [*whole[:20], *whole[-20:]]:
        print_ = candidate.evaluation.fingerprint
        if print_:
            assert order.cache.look(print_, rng) == cache.look(print_, rng)
    assert order.cache.look("never seen", rng) == cache.look("never seen", rng)


def test_what_was_spent_before_a_place_is_known(store: Store, order: Order, past: str) -> None:
    whole = store.history(past)
    for place in range(LONG - 10, LONG + 1):
        spent = sum(c.evaluation.status not in UNJUDGED for c in whole[:place])
        assert order.judged_before(place) == spent


def test_a_history_is_a_sequence(store: Store, past: str) -> None:
    ids = [candidate.id for candidate in store.history(past)]
    history = History(store, past, KIND, LONG)
    assert [c.id for c in history if c] == ids
    assert [c.id for c in history[-2:] if c] == ids[-2:]
    history.append()
    assert history[LONG] is None
    known = history.first(LONG)
    assert [c.id for c in reversed(known)] == ids[::-1]
    assert known[-1].id == ids[-1]
    assert [c.id for c in known[3:5]] == ids[3:5]
    with pytest.raises(IndexError):
        known[LONG]
    assert isinstance(known, Known)
    assert isinstance(known[0], Candidate)


@pytest.mark.parametrize("hole", [0, 1, 300, LONG - 2])
def test_a_past_ends_at_its_first_hole(store: Store, past: str, hole: int) -> None:
    assert store.without_hole(past) == LONG
    store.execute("PRAGMA foreign_keys = OFF")
    store.execute("DELETE FROM candidate WHERE run = ? AND idx IN (?, ?)", past, hole, LONG - 1)
    assert store.without_hole(past) == hole


def eventful(store: Store, run: str) -> None:
    """Make of a run one in which everything occurs that is counted."""
    store.execute("PRAGMA foreign_keys = OFF")
    changes = {
        "tier = 'unsafe'": 11,
        "recalled = 1": 13,
        "model = 'm', proposer = 'llambo', usage = '{\"usd\": 0.25}'": 17,
        "model = 'm', operator = 'insert for llambo', usage = '{\"stand_in\": 1.0}'": 19,
        "metrics = '{\"collision\": 1.0}'": 23,
        "message = 'too  slow'": 29,
        "message = ''": 31,
    }
    for change, every in changes.items():
        store.execute(f"UPDATE candidate SET {change} WHERE run = ? AND idx % ? = 5", run, every)
    scores = "SELECT score FROM candidate WHERE status = 'scored'"
    tied = f"{scores} ORDER BY score DESC LIMIT 1 OFFSET 4"
    store.execute(
        f"UPDATE candidate SET score = ({tied}), high_score = ({tied}) "
        "WHERE run = ? AND status = 'scored' AND idx % 37 = 3",
        run,
    )


@pytest.mark.parametrize("end", [LONG, 300, 1])
def test_a_past_is_counted_as_if_it_were_lived_again(store: Store, past: str, end: int) -> None:
    eventful(store, past)
    config = read_config(task="digits")
    lived, counted = (Progress(past, config, "", "", started=0.0) for _ in range(2))
    sizes = {row["id"]: row["size"] for row in store.rows(SIZES)}
    barren = judged = 0
    for candidate in store.stretch(past, 0, end):
        lived.add(candidate, sizes[candidate.id])
        fresh = candidate.evaluation.status not in UNJUDGED
        judged, barren = judged + fresh, 0 if fresh else barren + 1
    assert recount(store, past, end, counted) == (judged, barren)
    for name in ("by_size", "tallies", "reasons"):
        assert list(getattr(counted, name)) == list(getattr(lived, name)) or name == "by_size"
    assert counted.sizes.items() <= lived.sizes.items()
    assert {each.id for each in (*counted.leaders, *counted.front)} <= counted.sizes.keys()
    assert len(counted.leaders) == min(LEADERS, len(lived.leaders))
    counted.sizes = lived.sizes
    assert counted == lived


SIZES = "SELECT c.id, p.size FROM candidate c JOIN program p ON p.key = c.program"
