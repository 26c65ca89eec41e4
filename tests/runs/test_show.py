"""One candidate whole, harmless and within the width of the screen."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from rich.console import Console

from evaluators.candidate import Evaluation, Origin, Status
from programs.load import library
from runs.detail import as_dict, as_screen, detail
from runs.gain import gain
from runs.inert import inert, inert_line
from runs.plots import logarithmic, plot
from runs.record import candidate_id
from runs.store import Store
from tests.runs.pages.samples import told_run
from tests.runs.samples import candidate, new_run


def screen(store: Store, id: str, width: int = 80) -> list[str]:
    written = io.StringIO()
    console = Console(width=width, file=written, color_system=None)
    console.print(as_screen(detail(store, id), width))
    return written.getvalue().splitlines()


def test_everything_is_on_the_screen_and_in_the_data(store: Store) -> None:
    run = told_run(store)
    lines = screen(store, candidate_id(run.id, 1))
    text = "\n".join(lines)
    assert all(len(line.rstrip()) <= 80 for line in lines)
    for said in (
        "search       0.6000 ± 0.0000   by seed 0.6000  0.6000",
        "θₜ = θₜ₋₁ − η mₜ",
        "training loss of 2 seeds",
        "  2 ┤",
        f"The same behaviour written elsewhere (1):\n  {candidate_id(run.id, 4)[:8]}",
        "3.00 s on cpu",
    ):
        assert said in text, said
    data = as_dict(detail(store, candidate_id(run.id, 1)))
    assert data["scores"][0] == {
        "rung": "search",
        "seed": 0,
        "score": 0.6,
        "curve": [2.0, 1.0, 0.5],
    }
    assert data["latex"].startswith(r"\begin{align*}")


def test_a_copy_shows_the_curves_of_what_was_trained(store: Store) -> None:
    run = told_run(store)
    found = detail(store, candidate_id(run.id, 4))
    assert found.trained == candidate_id(run.id, 1)
    assert found.curves == [(2.0, 1.0, 0.5), (2.0, 1.2, 0.7)]


def test_on_a_ladder_numbers_are_those_of_the_dearest_rung_and_say_so(store: Store) -> None:
    run = new_run(store)
    rate = "learning_rate"
    one = candidate(run.id, 0, -0.3, rung=-1, metrics={rate: 0.3}, seconds=0.25)
    copy = candidate(
        run.id,
        1,
        -0.3,
        rung=-1,
        metrics={rate: 0.3},
        status=Status.DUPLICATE,
        duplicate_of=one.id,
        fingerprint=one.evaluation.fingerprint,
    )
    low = candidate(run.id, 2, -0.4, rung=-1, metrics={rate: 0.5}, seconds=0.25)
    for each in (one, copy, low):
        store.record(run.id, each)
    by_seed = (-0.07, -0.05)
    search = Evaluation(Status.SCORED, -0.06, {rate: 0.1}, by_seed, 0, seconds=1.5)
    fingerprint = one.evaluation.fingerprint
    store.climb(run.id, one.id, replace(search, fingerprint=fingerprint, curves=((2.0, 1.0),) * 2))
    for of, cost in ((one, "1.75 s"), (copy, "0.00 s")):
        lines = screen(store, of.id)
        assert any(line.startswith("quick ") and "-0.3000" in line for line in lines)
        assert any(line.startswith("search ") and "-0.0600" in line for line in lines)
        assert any(line.split() == ["metrics", "on", "search", rate, "0.1"] for line in lines)
        assert any(line.startswith("cost") and f" {cost}" in line for line in lines)
        assert any("training loss of 2 seeds on search, from" in line for line in lines)
    data = as_dict(detail(store, one.id))
    assert (data["rung"], data["score"], data["metrics"]) == ("search", -0.06, {rate: 0.1})
    assert (data["by_seed"], data["seconds"]) == ([-0.07, -0.05], 1.75)
    assert [(r["rung"], r["score"]) for r in data["rungs"]] == [("quick", -0.3), ("search", -0.06)]
    assert any(line.split()[:3] == ["metrics", "on", "quick"] for line in screen(store, low.id))


@pytest.mark.parametrize("width", [40, 80, 120])
def test_what_a_stranger_wrote_cannot_steer_the_terminal(store: Store, width: int) -> None:
    run = told_run(store)
    lines = screen(store, candidate_id(run.id, 3), width)
    assert not any(ord(c) < 32 or c == "\u202e" for line in lines for c in line)
    assert any("x1b" in line for line in lines)


def test_an_architecture_has_no_formula(store: Store) -> None:
    run = new_run(store)
    source = (
        library("architecture")["transformer"].source
        if "transformer" in library("architecture")
        else next(iter(library("architecture").values())).source
    )
    one = candidate(run.id, 0, 0.5, source=source)
    object.__setattr__(one.program, "kind", "architecture")
    store.record(run.id, one)
    assert as_dict(detail(store, one.id))["formula"] is None


def test_inert_text_keeps_what_is_only_text() -> None:
    assert inert("a\tb\nθ ≤ m̂ₜ 中文 🎉 é") == "a\tb\nθ ≤ m̂ₜ 中文 🎉 é"
    assert inert("\x1b[2J\r\x07\x9b\u202e\u2066\u200b\ud800") == (
        r"\x1b[2J\r\x07\x9b\u202e\u2066\u200b\ud800"
    )
    assert inert_line(" a\n b\x1b ") == r"a b\x1b"


def test_a_plot_falls_as_the_loss_does() -> None:
    (top, *_, bottom) = plot([np.linspace(3.0, 1.0, 20).tolist()], 30, 4)
    assert top.startswith("3 ┤")
    assert top[3] != "⠀"
    assert bottom.rstrip("⠀") == bottom
    assert all(len(line) <= 30 for line in (top, bottom))
    assert plot([], 30, 4) == plot([()], 30, 4) == []
    assert len(plot([(1.0, 1.0)], 30, 1)) == 1


def test_losses_that_span_decades_stand_on_a_logarithmic_scale() -> None:
    falling = [10.0 ** (1 - place / 10) for place in range(41)]
    lines = plot([falling], 27, 5)
    assert lines[0].startswith("   10 ┤")
    assert lines[-1].startswith("0.001 ┤")
    drawn = [[place for place, dot in enumerate(line[7:]) if dot != "\u2800"] for line in lines]
    assert [places[0] for places in drawn] == [0, 4, 8, 12, 16]
    assert not logarithmic([(3.0, -1.0)])
    assert not logarithmic([(3.0, 1.0)])


def scored(*by_seed: float, rung: int = 0) -> Evaluation:
    return Evaluation(Status.SCORED, sum(by_seed) / len(by_seed), by_seed=by_seed, rung=rung)


def test_a_gain_has_the_interval_of_a_paired_comparison() -> None:
    found = gain(scored(1.0, 2.0, 3.0), scored(0.9, 1.8, 2.7))
    assert found is not None
    assert found.mean == pytest.approx(0.2)
    # Differences 0.1, 0.2, 0.3: standard error 0.1/√3, and Student's t of 2 degrees is 4.3027.
    assert found.half == pytest.approx(4.3027 * 0.1 / 3**0.5, abs=1e-4)
    assert not found.clear
    assert str(found) == "+0.2000 ± 0.2484"


def test_unequal_numbers_of_seeds_compare_by_their_means() -> None:
    found = gain(scored(1.0, 2.0), scored(0.9, 1.8, 2.7))
    assert found is not None
    assert found.half is not None
    assert found.half > 12.7 * 0.5
    lone = gain(scored(1.0), scored(0.5))
    assert lone is not None
    assert (lone.mean, lone.half, lone.clear) == (0.5, None, False)


def test_other_rungs_and_failures_do_not_compare() -> None:
    assert gain(scored(1.0), scored(1.0, rung=1)) is None
    assert gain(scored(1.0), Evaluation(Status.FAILED)) is None


def test_an_origin_of_a_model_shows_its_price(store: Store) -> None:
    run = new_run(store)
    one = candidate(run.id, 0, 0.5)
    usage = {"calls": 1.0, "usd": 0.0123, "prompt_tokens": 900.0, "completion_tokens": 100.0}
    store.record(run.id, replace(one, origin=Origin("rewrite", model="m", usage=usage)))
    assert any("$0.0123 for 1000 tokens" in line for line in screen(store, one.id))
