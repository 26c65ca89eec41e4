"""What is counted is what the evaluator's log says."""

from __future__ import annotations

import json
from pathlib import Path

from bench.peers import log, programs


def line(event: str, at: float, number: int, score: float | None = None) -> str:
    said = {"event": event, "at": at, "pid": 1, "source": programs.good(number)}
    return json.dumps(said if score is None else said | {"score": score})


def read(folder: Path, *lines: str) -> log.Log:
    (folder / log.FILE).write_text("\n".join(lines))
    return log.read(folder, programs.number_of)


def test_lines_are_read_in_the_order_of_their_times(tmp_path: Path) -> None:
    found = read(tmp_path, line("end", 2.0, 1, 0.2), line("begin", 1.0, 1), line("begin", 3.0, 2))
    assert [entry.number for entry in found.lines] == [1, 1, 2]
    assert found.first == 1.0
    assert found.scores == {1: 0.2}
    assert (found.times(1), found.times(2), found.times(3)) == (1, 1, 0)


def test_what_a_kill_cut_short_is_no_line(tmp_path: Path) -> None:
    whole = line("end", 1.0, 1, 0.2)
    assert len(read(tmp_path, whole, whole[:20], "", "[]", '{"event": "end"}').lines) == 1


def test_the_rate_is_that_between_the_first_end_and_the_last(tmp_path: Path) -> None:
    ends = [line("end", at, n, 0.1) for n, at in enumerate((10.0, 11.0, 13.0))]
    assert read(tmp_path, line("begin", 0.0, 0), *ends).per_minute == 40.0
    assert read(tmp_path, *ends[:2]).per_minute is None


def test_a_log_can_be_cut_at_a_time(tmp_path: Path) -> None:
    found = read(tmp_path, *(line("end", float(n), n, 0.1) for n in range(5)))
    assert sorted(found.before(2.0).scores) == [0, 1, 2]


def test_no_log_is_an_empty_one(tmp_path: Path) -> None:
    found = log.read(tmp_path, programs.number_of)
    assert (found.first, found.per_minute, found.scores) == (None, None, {})
