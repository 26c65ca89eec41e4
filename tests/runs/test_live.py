"""The live view: what is on it at each size, what a refresh writes, and the view from outside."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path

import pytest
from rich.console import Console
from rich.text import Text

from evaluators.candidate import Candidate, Evaluation, Origin, Status
from programs.program import Program
from runs import live
from runs.config import read_config
from runs.curve import braille
from runs.drafts import Drafts
from runs.follow import Follower, follow
from runs.live import JsonLines, Lines, LiveScreen, display_named
from runs.paint import Painter
from runs.progress import Flight, Progress, Silent
from runs.screen import chosen, interval_text, money, picture
from runs.start import perform, prepare
from runs.store import Store
from sandbox.memory import MemorySandbox
from tests.runs.samples import new_run
from tests.runs.test_loop import TOY, config

SLOW = str(Path(TOY).with_name("slow_toy.py"))
"""Judging takes a while: there is always something in flight."""


def scored(index: int, score: float, size: int, proposer: str = "evolution") -> Candidate:
    lines = "".join(f"    v{i} = g\n" for i in range(size - 2))
    source = f"def update(w, g):\n{lines}    return g\n"
    spread = (score - 0.01, score + 0.01, score)
    return Candidate(
        f"{index:012x}",
        index,
        Program("optimizer", source, f"k{index}"),
        Origin(proposer, "modify", usage={"usd": 0.01} if proposer == "rewrite" else {}),
        Evaluation(Status.SCORED, score, by_seed=spread),
    )


@pytest.fixture
def progress() -> Progress:
    settings = {"task": "digits", "evals": 200, "models": {"openai/gpt-4o": 1.0}, "usd": 5.0}
    made = Progress("1a2b3c4d", read_config(**settings), "negative loss", "adamw")
    for index in range(40):
        proposer = "rewrite" if index % 4 == 3 else "evolution"
        made.add(scored(index, 0.5 + (index * 7 % 40) / 100, 3 + index % 5, proposer))
    bad = Evaluation(Status.INVALID, message="no effect: it never changes a weight")
    for index in range(40, 47):
        origin = Origin("rewrite", "modify")
        made.add(Candidate(f"{index:012x}", index, scored(0, 0.5, 3).program, origin, bad))
    made.flights = tuple(Flight(f"{i:06x}", "evolution insert", 1, "cuda:0", 0.0) for i in range(4))
    made.usd, made.usd_last = 0.84, 0.012
    return made


@pytest.mark.parametrize(("width", "height"), [(80, 24), (100, 30), (200, 60)])
def test_every_part_is_on_the_screen_at_every_size(
    progress: Progress, width: int, height: int
) -> None:
    lines = picture(progress, width, height)
    assert len(lines) < height
    assert max(line.cell_len for line in lines) <= width
    shown = "\n".join(line.plain for line in lines)
    for part in (
        "digits",
        "run 1a2b3c4d",
        "40 of 200 evaluations",
        "$0.012 last · $0.84 of $5.00",
        " left",
        "score ± s.e.",
        "▸ ",
        "proposer",
        "no effect 7",
        "in flight",
        "cuda:0",
        "evolution insert",
    ):
        assert part in shown
    assert re.search(r"rewrite\D+17 +10 +25% +\$0\.10", shown)
    best = progress.best
    assert best is not None
    assert f"{best.score:.4f} ± 0.0058" in shown
    assert f"{(best.score or 0) - 0.5:+.4f}" in shown


def test_the_pick_is_the_shortest_within_one_standard_error(progress: Progress) -> None:
    assert progress.best is not None
    near = scored(90, (progress.best.score or 0) - 0.001, 3)
    progress.add(near)
    assert progress.pick is near
    assert near in chosen(progress, 2)
    far = scored(91, (progress.best.score or 0) - 0.1, 2)
    progress.add(far)
    assert progress.pick is near
    assert progress.front[-1] is far


def test_intervals_are_students_over_seeds() -> None:
    found = Evaluation(Status.SCORED, 1.0, by_seed=(0.9, 1.1, 1.0))
    assert interval_text(found) == "1.0000 ± 0.2484"
    assert interval_text(Evaluation(Status.SCORED, 1.0, by_seed=(1.0,))) == "1.0000"


def test_money_shows_cents_and_what_is_less() -> None:
    assert [money(x) for x in (0.0, 0.0123, 0.84, 5.0)] == ["$0.00", "$0.012", "$0.84", "$5.00"]


def test_a_curve_reaches_from_corner_to_corner() -> None:
    lines = braille([0.0, 1.0], 4, 2)
    assert [len(line) for line in lines] == [4, 4]
    assert lines[1][0] != " "
    assert lines[0][-1] != " "
    assert braille([], 4, 2) == ["", ""]


def terminal(width: int = 40, height: int = 10) -> Console:
    return Console(file=io.StringIO(), force_terminal=True, width=width, height=height)


def written(console: Console) -> str:
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    console.file.seek(0)
    console.file.truncate()
    return text


def test_a_refresh_writes_only_what_changed() -> None:
    console = terminal()
    painter = Painter(console)
    painter.paint([Text("one"), Text("two"), Text("three")])
    first = written(console)
    assert all(word in first for word in ("one", "two", "three"))
    painter.paint([Text("one"), Text("TWO"), Text("three")])
    second = written(console)
    assert "TWO" in second
    assert "\x1b[2A" in second
    assert "one" not in second
    assert "three" not in second
    painter.paint([Text("one"), Text("TWO"), Text("three")])
    assert written(console).count("one") == 0
    painter.paint([Text("one")])
    assert "\x1b[2A\r\x1b[J" in written(console)


def test_another_size_draws_everything_anew() -> None:
    console = terminal()
    painter = Painter(console)
    painter.paint([Text("one")])
    written(console)
    console.width = 60
    painter.paint([Text("one")])
    assert "\x1b[2J\x1b[H" in written(console)


def test_colours_go_where_they_are_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    line = Text("best", style="bold green")
    for name, coloured in (("NO_COLOR", False), ("FORCE_COLOR", True)):
        with monkeypatch.context() as patch:
            patch.delenv("NO_COLOR", raising=False)
            patch.delenv("FORCE_COLOR", raising=False)
            patch.setenv("TERM", "xterm-256color")
            patch.setenv(name, "1")
            console = Console(file=io.StringIO(), force_terminal=True, width=40, height=9)
            Painter(console).paint([line])
            assert ("32m" in written(console)) is coloured


def test_a_dear_picture_is_drawn_more_rarely(
    progress: Progress, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = iter([0.0, 0.1] * 100)
    monkeypatch.setattr(live.time, "thread_time", lambda: next(ticks))
    monkeypatch.setattr(live.time, "monotonic", lambda: 1000.0)
    screen = LiveScreen(terminal(80, 24))
    screen.tick(progress)
    assert screen.due - 1000.0 == pytest.approx(0.1 / live.SHARE)
    assert live.SHARE <= 0.02


def test_off_a_terminal_there_are_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert isinstance(display_named(None, Console(stderr=True)), Lines)
    assert isinstance(display_named("json", Console(stderr=True)), JsonLines)


class Noting(Silent):
    """Keep what is shown."""

    def __init__(self) -> None:
        self.shown: list[Candidate] = []

    def show(self, candidate: Candidate, progress: Progress) -> None:
        self.shown.append(candidate)


@pytest.mark.parametrize("rungs", [1, 3])
def test_watching_shows_what_the_run_itself_shows(store: Store, rungs: int) -> None:
    prepared = prepare(store, config(seed=3, rungs=rungs), MemorySandbox())
    _, own = perform(prepared, Silent())
    seen = Follower(store, store.run(prepared.run.id)).progress
    for name in ("tried", "trained", "duplicates", "rejected", "by_rung", "sizes", "tallies"):
        assert getattr(seen, name) == getattr(own, name), name
    assert [(c.id, c.standing) for c in seen.leaders] == [(c.id, c.standing) for c in own.leaders]
    assert [c.id for c in seen.front] == [c.id for c in own.front]
    assert len(own.by_rung) == rungs
    assert seen.curve[-1] == own.curve[-1]
    assert seen.ended == own.ended == "done"


def test_a_finished_run_is_watched_with_its_pick_and_ends_in_one_word(store: Store) -> None:
    prepared = prepare(store, config(seed=3), MemorySandbox())
    perform(prepared, Silent())
    seen = follow(store, prepared.run.id, Silent())
    assert len(seen.news) == len(set(seen.news)) == 1
    assert seen.pick is not None
    (picked,) = (line.plain for line in picture(seen, 120, 40) if "▸" in line.plain)
    assert seen.pick.id[:6] in picked


def test_watching_takes_in_what_comes(store: Store, path: Path) -> None:
    prepared = prepare(store, config(seed=3), MemorySandbox())
    with Store.open(path) as other:
        follower = Follower(other, other.run(prepared.run.id))
        assert (follower.progress.tried, follower.look(Silent())) == (0, True)
        perform(prepared, Silent())
        display = Noting()
        assert not follower.look(display)
        assert sorted(c.index for c in display.shown) == [
            c.index for c in store.history(prepared.run.id)
        ]


def test_a_run_whose_time_is_over_says_what_it_still_does(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Drafts, "late", lambda self: len(self.order) >= 9)
    prepared = prepare(store, config(task=SLOW, seed=3, hours=2), MemorySandbox())
    _, progress = perform(prepared, Silent())
    (said,) = [text for text in progress.news if "are over" in text]
    assert re.fullmatch(r"2 hours are over: \d+ proposed before are judged first", said)
    assert store.run(prepared.run.id).message == "2 hours are over"


def test_a_run_whose_process_has_died_is_shown_as_dead(
    store: Store, capsys: pytest.CaptureFixture[str]
) -> None:
    run = store.create_run(TOY, "optimizer", 0, config().model_dump(), "plain", "cpu", "p", {})
    store.execute(
        "UPDATE run SET owner = json_set(owner, '$.boot', 'earlier') WHERE id = ?", run.id
    )
    assert store.run(run.id).condition == "dead"
    progress = follow(store, run.id, Lines())
    assert progress.ended == "dead"
    assert f"cambrian run --resume {run.id}" in capsys.readouterr().err


def test_json_is_one_object_an_event(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    perform(prepare(store, config(evals=5), MemorySandbox()), JsonLines())
    events = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    kinds = [event["event"] for event in events]
    assert (kinds[0], kinds[-1]) == ("start", "stop")
    assert kinds.count("candidate") == events[-1]["tried"]
    assert all(event["time"] for event in events)
    assert events[-1]["state"] == "done"


def test_runs_begun_without_settings_cannot_be_watched(store: Store) -> None:
    with pytest.raises(Exception, match="cannot be watched"):
        follow(store, new_run(store).id, Silent())


def test_the_leaders_have_the_same_interval_as_every_listing(progress: Progress) -> None:
    lines = [line.plain for line in picture(progress, 120, 40)]
    (heading,) = (line for line in lines if "score ±" in line)
    assert "score ± s.e." in heading
    best = progress.leaders[0]
    row = next(line for line in lines if best.id[:6] in line and "±" in line)
    assert f"{best.standing.score:.4f} ± {best.standing.stderr:.4f}" in row
