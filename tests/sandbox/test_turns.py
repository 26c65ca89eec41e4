"""Owners take turns at what is free; nobody who waits is forgotten, and nothing is lost."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from sandbox import Ending, ProcessSandbox
from sandbox.turns import Turns
from tests.sandbox.running import job


def waiting(turns: Turns[str]) -> int:
    return sum(len(tickets) for tickets in turns._waiting.values())


def served(turns: Turns[str], owners: list[str]) -> list[str]:
    """Have all wait in this order, with nothing free; return the order they are served in."""
    order: list[str] = []

    def borrow(owner: str) -> None:
        thing = turns.take(owner)
        assert thing is not None
        order.append(owner)
        turns.give(thing)

    held = turns.take("")
    assert held is not None
    threads = []
    for count, owner in enumerate(owners, 1):
        threads.append(threading.Thread(target=borrow, args=(owner,)))
        threads[-1].start()
        while waiting(turns) < count:
            pass
    turns.give(held)
    for thread in threads:
        thread.join(10)
    return order


def test_two_owners_get_half_each_however_many_one_has_waiting():
    assert served(Turns(["one"]), ["a"] * 6 + ["b"] * 3) == list("ababab") + ["a"] * 3


def test_an_owner_alone_gets_all():
    assert served(Turns(["one"]), ["a"] * 4) == ["a"] * 4


def test_closing_sends_all_away():
    turns = Turns(["one"])
    held = turns.take("a")
    assert held is not None
    with ThreadPoolExecutor(2) as threads:
        asked = [threads.submit(turns.take, owner) for owner in "ab"]
        while waiting(turns) < 2:
            pass
        turns.close()
        assert [future.result(10) for future in asked] == [None, None]
    turns.give(held)
    assert turns.take("a") is None


def test_two_runs_share_a_pool(sandbox: ProcessSandbox):
    jobs = [replace(job("echo", number=n), owner="ab"[n % 5 == 0]) for n in range(20)]
    with ThreadPoolExecutor(20) as threads:
        outcomes = list(threads.map(sandbox.run, jobs))
    assert {outcome.ending for outcome in outcomes} == {Ending.FINISHED}
    assert [o.result.data["number"] for o in outcomes if o.result] == list(range(20))


def test_who_waits_long_enough_goes_and_takes_nothing_along():
    turns = Turns(["one"])
    held = turns.take("a")
    assert held is not None
    assert turns.take("b", 0.01) is None
    assert waiting(turns) == 0
    turns.give(held)
    assert turns.take("a", 0.01) == "one"
