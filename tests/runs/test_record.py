"""Small facts about what a run leaves behind."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from runs.record import Owner, age, candidate_id, now, numbers, to_json


def test_a_candidate_id_is_short_and_always_the_same() -> None:
    assert candidate_id("1234abcd", 7) == candidate_id("1234abcd", 7)
    assert len({candidate_id(run, n) for run in ("a", "b") for n in range(1000)}) == 2000
    assert len(candidate_id("1234abcd", 7)) == 12


def test_this_process_is_alive_and_a_dead_one_is_not() -> None:
    here = Owner.here()
    assert here.pid == os.getpid()
    assert here.alive()
    with subprocess.Popen([sys.executable, "-c", ""]) as child:
        child.wait()
    assert not Owner(here.host, child.pid, here.started).alive()


def test_times_are_utc_and_sort_as_text() -> None:
    first, second = now(), now()
    assert first <= second
    offset = datetime.fromisoformat(first).utcoffset()
    assert offset is not None
    assert offset.total_seconds() == 0
    assert 0 <= age(first) < 60
    assert age(None) == math.inf


@given(st.dictionaries(st.text(), st.floats() | st.integers(), max_size=5))
def test_numbers_are_read_back_exactly(metrics: dict[str, float]) -> None:
    text = to_json(metrics)
    json.loads(text, parse_constant=lambda _: (_ for _ in ()).throw(AssertionError(text)))
    again = numbers(text)
    assert list(again) == list(metrics)
    for name, value in metrics.items():
        assert again[name] == value or (math.isnan(value) and math.isnan(again[name]))
