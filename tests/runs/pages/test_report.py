"""What stands on a report's page, how large it is, and that nothing on it acts."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from dataclasses import asdict
from hashlib import sha256
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest

from evaluators.standing import Gain, Standing, TaskVerdict, Verdict
from programs.errors import InputError
from runs.lineage import lineage
from runs.pages import charts
from runs.pages.facts import Point, best_so_far, elites, front, points, savings, without_score
from runs.pages.family import family_page
from runs.pages.page import embedded
from runs.pages.report import report_page
from runs.pages.reproduce import command_of
from runs.pages.tree import chosen, nearest, tree
from runs.record import RunRecord, candidate_id
from runs.store import Store
from tests.runs.pages.samples import HOSTILE, told_run
from tests.runs.samples import candidate, new_run, send_up


class Page(HTMLParser):
    """Reads a page into its elements, its text and the bodies of its scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.bodies: dict[str, list[str]] = {"script": [], "style": []}
        self.text = ""
        self.within = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.within = tag
        self.text += " "
        if tag in self.bodies:
            self.bodies[tag].append("")

    def handle_endtag(self, tag: str) -> None:
        self.within = ""

    def handle_data(self, data: str) -> None:
        if self.within in self.bodies:
            self.bodies[self.within][-1] += data
        else:
            self.text += data

    @property
    def data(self) -> dict[str, Any]:
        return json.loads(self.bodies["script"][0])


@pytest.fixture
def run(store: Store) -> RunRecord:
    return told_run(store)


@pytest.fixture
def page(store: Store, run: RunRecord) -> Page:
    return Page(report_page(store, run.id))


def test_it_says_what_the_run_came_to(page: Page, run: RunRecord) -> None:
    text = " ".join(page.text.split())
    for said in (
        "best score 0.8000 over the start +0.3000",
        f"cambrian verify {run.best_id and run.best_id[:8]}",
        "θₜ = θₜ₋₁ − η sign(mₜ)",
        "All 6 candidates",
        "training spared 0:03",
        "pruned: no progress 1",
        "$0.2500",
        "cambrian run digits --evals 5 --seed 3 --proposer evolution:1.0",
        "torch 2.13.0",
        "p1",
    ):
        assert said in text, said


def test_scores_on_a_dearer_rung_come_first(store: Store, run: RunRecord) -> None:
    send_up(store, run.id, every=1)
    best, *_ = store.top(run=run.id)
    assert (best.rung, best.baseline) == (1, 1.0)
    assert elites(points(store, run.id), 1)[0].id == best.id
    text = " ".join(Page(report_page(store, run.id)).text.split())
    assert f"best score {best.score:.4f} over the start {best.score - 1:+.4f}" in text


def test_a_verdict_is_shown_with_its_table(store: Store, run: RunRecord) -> None:
    gain = Gain(0.01, -0.02, 0.04, 0.3, 0.6)
    standing = Standing("tuned lion", 0.01, True, 10, -0.26, -0.25, (-0.3, -0.2), {}, gain)
    table = TaskVerdict(
        "digits", "optimizer", "-cross-entropy", "adamw", 20, 5, 450, (standing,), {}
    )
    assert run.best_id
    store.save_verdict(run.best_id, "It is better.", asdict(Verdict("it", (table,))))
    text = Page(report_page(store, run.id)).text
    for said in ("It is better.", "tuned lion", "0.01 (edge)", "+0.0100 (-0.0200 to +0.0400)"):
        assert said in text


def test_a_verdict_of_another_shape_is_still_told(store: Store, run: RunRecord) -> None:
    assert run.best_id
    store.save_verdict(run.best_id, "It is better.", {"standings": ["odd"], "other": 1})
    assert "It is better." in Page(report_page(store, run.id)).text


def test_nothing_is_fetched_and_nothing_but_our_script_may_run(page: Page) -> None:
    for tag, attributes in page.elements:
        assert not any(name.startswith("on") for name in attributes), tag
        assert "style" not in attributes, tag
        for name in ("src", "href", "action", "data"):
            assert (attributes.get(name) or "#").startswith(("#", "data:,")), tag
    policies = [a["content"] for _, a in page.elements if a.get("http-equiv")]
    assert len(policies) == 1
    policy = policies[0]
    assert policy is not None
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert [len(page.bodies[tag]) for tag in ("script", "style")] == [2, 1]
    for body in (page.bodies["script"][1], page.bodies["style"][0]):
        assert f"'sha256-{b64encode(sha256(body.encode()).digest()).decode()}'" in policy


def test_what_strangers_wrote_is_only_shown(store: Store, run: RunRecord) -> None:
    raw = report_page(store, run.id)
    assert HOSTILE not in raw
    assert "<img" not in raw
    assert "\x1b" not in raw
    assert "\u202e" not in raw
    page = Page(raw)
    assert HOSTILE in page.text
    assert any(HOSTILE in text for text in page.data["texts"])
    assert any(r"\x1b[31m \u202e" in text for text in page.data["texts"])


def test_data_ends_no_element_and_comes_back() -> None:
    odd = ["</script>", "<!--", "]]>", "\u2028 & \u2029", {"a": None, "b": 1.5}]
    text = embedded(odd)
    assert not set("<>&\u2028\u2029") & set(text)
    assert json.loads(text) == odd


def rows(page: Page) -> list[dict[str, Any]]:
    return [dict(zip(page.data["fields"], row, strict=True)) for row in page.data["nodes"]]


def test_the_tree_has_every_candidate_with_its_text_gain_and_curve(page: Page) -> None:
    nodes, texts = rows(page), page.data["texts"]
    assert [node["parent"] for node in nodes] == [-1, 0, 1, 2, 0, -1]
    assert nodes[2]["others"] == [0]
    assert nodes[4]["original"] == 1
    assert [round(node["gain"] or 0, 6) for node in nodes] == [0, 0.1, 0.2, 0, 0.1, 0]
    assert nodes[1]["curve"] == [2.0, 1.1, 0.6]
    source = "\n".join(texts[line] for line in nodes[2]["source"])
    assert source.startswith("def update(w, g, m, lr):\n")
    assert "sign(m)" in source


def test_of_many_the_elites_with_their_ancestors_and_the_newest_are_drawn() -> None:
    ids = [f"c{n}" for n in range(100)]
    parent = {f"c{n}": f"c{n - 1}" for n in range(1, 50)}
    assert chosen(ids, ["c3"], parent, 6) == ["c3", "c2", "c1", "c0", "c99", "c98"]
    assert set(chosen(ids, ["c3"], parent, 1000)) == set(ids)
    there = {"c0": 0, "c3": 1}
    assert nearest("c7", there, parent) == (1, 3)
    assert nearest("c99", there, parent) == (-1, 0)
    assert nearest("c1", {}, {"c1": "c2", "c2": "c1"}) == (-1, 0)


def test_a_large_run_says_how_much_of_it_is_drawn(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = new_run(store).id
    ids = [candidate_id(run, n) for n in range(60)]
    for n in range(60):
        store.record(run, candidate(run, n, -float(n), parents=tuple(ids[max(n - 1, 0) : n])))
    monkeypatch.setattr("runs.pages.report.MOST", 20)
    monkeypatch.setattr("runs.pages.report.ELITES", 1)
    page = Page(report_page(store, run))
    assert "Drawn are 20 of 60 candidates" in page.text
    nodes = rows(page)
    assert len(nodes) == 20
    assert [n["between"] for n in nodes if n["between"]] == [40]


def test_programs_that_share_nothing_stay_below_a_megabyte(store: Store) -> None:
    rng = np.random.default_rng(0)
    run = new_run(store).id
    scores = rng.normal(size=120)
    for n in range(120):
        words = [rng.bytes(30).hex() for _ in range(250)]
        source = "def update(w, g, lr):\n" + "".join(f"    # <{word}>\n" for word in words)
        curves = (tuple(rng.random(40)),) * 2
        store.record(
            run,
            candidate(
                run, n, scores[n], source=source, rationale=" ".join(words[:9]), curves=curves
            ),
        )
    raw = report_page(store, run)
    assert len(raw.encode()) < 1_000_000
    nodes = rows(Page(raw))
    assert len(nodes) == 120
    kept = [node["source"] is not None for node in nodes]
    assert kept[int(scores.argmax())]
    assert not all(kept)


def test_an_empty_run_has_a_page_too(store: Store) -> None:
    page = Page(report_page(store, new_run(store).id))
    assert "there is no winner" in page.text
    assert page.data["nodes"] == []


def test_the_front_can_be_against_a_metric(store: Store, run: RunRecord) -> None:
    with pytest.raises(InputError, match="`flops`"):
        report_page(store, run.id, "flops")
    store.record(run.id, candidate(run.id, 6, 0.7, source="x", metrics={"flops": 12.0}))
    assert "Score against flops" in Page(report_page(store, run.id, "flops")).text


def test_a_family_page_tells_each_step_with_its_gain(store: Store, run: RunRecord) -> None:
    best = candidate_id(run.id, 2)
    up = Page(family_page(store, lineage(store, best)))
    text = " ".join(up.text.split())
    assert "warm start 0.5000" in text
    assert "nudge 0.8000 +0.2000 ± 0.0000 with" in text
    assert "+ return lr * sign(m), m" in text
    assert [node["index"] for node in rows(up)] == [0, 1, 2]
    down = Page(family_page(store, lineage(store, candidate_id(run.id, 0), descendants=True)))
    assert "4 descendants" in down.text
    assert HOSTILE not in family_page(store, lineage(store, candidate_id(run.id, 3)))


def point(index: int, score: float | None, cost: float | None, fresh: bool = True) -> Point:
    return Point(index, f"c{index}", score, "scored", fresh, cost)


def test_best_so_far_and_the_front() -> None:
    found = [
        point(0, 1.0, 5),
        point(1, None, 1),
        point(2, 0.5, 2),
        point(3, 3.0, 7),
        point(4, 9.0, 1, fresh=False),
        point(5, 3.0, 6),
    ]
    assert [p.index for p in best_so_far(found)] == [0, 3]
    assert [p.index for p in front(found)] == [2, 0, 5]


def test_savings_are_priced_at_the_equal_ones_training(store: Store, run: RunRecord) -> None:
    found = savings(store, run.id)
    assert (found.duplicates, found.duplicate_seconds, found.recalled) == (1, 3.0, 0)
    assert without_score(store, run.id) == {"invalid: not valid": 1, "pruned: no progress": 1}


def test_charts_hold_odd_scores() -> None:
    lone = [point(0, 1.0, 1)]
    assert 'class="mark"' in charts.progress(lone, lone)
    assert charts.progress([], []) == charts.pareto([], [], "size") == ""
    for path in re.findall(r' d="([^"]*)"', charts.pareto(lone, lone, "size")):
        assert "nan" not in path
    assert charts.ticks(0, 1) == [0, 0.2, 0.4, 0.6, 0.8, 1.0]
    assert charts.ticks(2.0, 2.0) == [2.0]


def test_the_command_names_all_that_decides_a_run(store: Store) -> None:
    config = {
        "evals": 9,
        "seed": 4,
        "workers": 2,
        "models": {"a b/c:8b": 0.5},
        "recall": False,
        "aggregate": 3,
        "rungs": 2,
        "eta": 3,
        "reply_timeout": 600.0,
        "in_flight": 4,
        "fill": None,
    }
    made = store.create_run("my task.py", "optimizer", 4, config, "t", "cpu", "p", {})
    assert command_of(made) == (
        "cambrian run 'my task.py' --evals 9 --workers 2 --seed 4 --aggregate 3 --rungs 2 "
        "--reply-timeout 600.0 --in-flight 4 --model 'a b/c:8b:0.5' --fresh"
    )
    config["fill"] = 3.0
    capped = store.create_run("my task.py", "optimizer", 4, config, "t", "cpu", "p", {})
    assert "--in-flight 4 --fill 3.0 --model" in command_of(capped)
    del config["fill"]
    older = store.create_run("my task.py", "optimizer", 4, config, "t", "cpu", "p", {})
    assert "--in-flight 4 --fill 0.0 --model" in command_of(older), "there were no fill-ins then"


def test_texts_are_said_once(store: Store, run: RunRecord) -> None:
    ids = [candidate_id(run.id, n) for n in (1, 2, 4)]
    texts = tree(store, ids, {})["texts"]
    assert len(texts) == len(set(texts))


def test_what_is_counted_has_no_halves_on_its_axis() -> None:
    def numbers(low: float, high: float) -> list[str]:
        frame = charts._Frame(low, high, 0.0, 1.0)
        floor = charts.HEIGHT - charts.BOTTOM + 18
        return re.findall(rf'y="{floor}"[^>]*>([^<]*)<', charts._axes(frame, "statements"))

    assert numbers(6.0, 8.0) == ["6", "7", "8"]
    assert "6.5" in numbers(6.0, 7.9)
    assert numbers(3.0, 3.0) == ["3"]
