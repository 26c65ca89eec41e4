"""A model's surrogate that does not beat the free one is switched off in a run, which says so."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agent.choosing import CHANCE, PREDICTED, TRIAL, YARDSTICK
from evaluators.candidate import Candidate
from runs.live import JsonLines, Lines
from runs.pages.report import report_page
from runs.progress import Progress, Silent
from runs.screen import picture
from runs.start import perform, prepare
from runs.store import Store
from sandbox.memory import MemorySandbox
from tests.agent.persona import persona
from tests.agent.server import Reply, Script, serving
from tests.agent.test_runs import KEY, config
from tests.agent.traits import worth

TRAITS = str(Path(__file__).with_name("traits.py"))
SHOWN = re.compile(r"^Program ([A-Z]):\n```python\n(.*?)```", re.MULTILINE | re.DOTALL)
LABELLED = re.compile(r"```python\n([^`]*)```\nClassification:$")
SAID = "the model's surrogate is off: over "

Guess = Callable[[str, np.random.Generator], float]


def knowing(source: str, rng: np.random.Generator) -> float:
    return worth(source) + float(rng.normal(0.0, 0.02))


def guessing(source: str, rng: np.random.Generator) -> float:
    return float(rng.uniform(-1.0, 1.0))


def foreseeing(guess: Guess) -> Script:
    """Answer as the persona does, but guess scores, and label programs, by `guess`.

    A toy's score is its luck and 1, for the better of its two learning rates.
    """
    ordinary = persona()

    def script(body: dict[str, Any], seen: int) -> Reply | str:
        asked = body["messages"][-1]["content"]
        rng = np.random.default_rng(len(asked) + seen + int(body.get("seed") or 0))
        if "Predict the performance" in asked:
            found = SHOWN.findall(asked)
            return "\n".join(f"{x}: ## {1.0 + guess(source, rng):.4f} ##" for x, source in found)
        if (labelled := LABELLED.search(asked)) is not None:
            yes = 1.0 / (1.0 + np.exp(-8.0 * guess(labelled[1], rng)))
            return Reply(("1",), first_token={"1": float(np.log(yes)), "0": float(np.log1p(-yes))})
        return ordinary(body, seen)

    return script


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)


class Both(Silent):
    """Print both plain lines and JSON."""

    def __init__(self) -> None:
        self.displays = (Lines(), JsonLines())

    def tick(self, progress: Progress) -> None:
        for display in self.displays:
            display.tick(progress)


def searched(store: Store, guess: Guess, surrogate: str) -> tuple[str, Progress, list[str]]:
    """Search with LLAMBO alone; return what was asked of the surrogate beside the run."""
    with serving(foreseeing(guess)) as server:
        team = {f"llambo:sampler,{surrogate},candidates=6,guesses=3": 4.0, "evolution": 1.0}
        given = {"evals": 70, "lookahead": 4, "fill": 0.0, "usd": 9.0}
        settings = config(server, task=TRAITS, proposers=team, **given)
        prepared = prepare(store, settings, MemorySandbox())
        _, progress = perform(prepared, Both())
    calls = store.llm_calls(prepared.run.id)
    word = "guess" if surrogate == "discriminative" else "label"
    return prepared.run.id, progress, [c["purpose"] for c in calls if f" {word} " in c["purpose"]]


def predicted(store: Store, run_id: str) -> list[Candidate]:
    return [c for c in store.history(run_id) if PREDICTED in c.origin.usage]


@pytest.mark.parametrize("surrogate", ["discriminative", "generative"])
def test_noise_is_switched_off_and_the_run_says_so(
    store: Store, surrogate: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run_id, progress, asked = searched(store, guessing, surrogate)
    told = predicted(store, run_id)
    by_numbers = [c for c in store.history(run_id) if c.origin.usage.get("surrogate_off")]
    assert len(told) >= TRIAL
    assert len(by_numbers) > 5
    assert all(YARDSTICK in c.origin.usage for c in by_numbers)
    # Whoever was asked for after the verdict was known cost no question to the surrogate.
    off = {str(c.origin.seed[1]) for c in by_numbers}
    assert not off & {purpose.split()[0] for purpose in asked}
    (said,) = [n for n in progress.news if SAID in n]
    assert said.startswith("llambo:sampler,")
    assert "The numeric one chooses from now on." in said
    shown = capsys.readouterr().err
    assert shown.count("The numeric one chooses from now on.") == 2, "a line, and a line of JSON"
    assert said in [e.detail.get("message") for e in store.events(run_id) if e.name == "model"]
    assert "The numeric one chooses from now on." in report_page(store, run_id)
    progress.news = [said]
    assert any(SAID in line.plain for line in picture(progress, 200, 50))
    assert "programs the model's predictions correlate" in said


@pytest.mark.parametrize("surrogate", ["discriminative", "generative"])
def test_a_good_surrogate_stays(store: Store, surrogate: str) -> None:
    run_id, progress, asked = searched(store, knowing, surrogate)
    told = predicted(store, run_id)
    assert len(told) > TRIAL + 5
    assert not [c for c in store.history(run_id) if c.origin.usage.get("surrogate_off")]
    assert not [n for n in progress.news if "surrogate is off" in n]
    last = max(told, key=lambda c: c.origin.seed[1])
    assert str(last.origin.seed[1]) in {purpose.split()[0] for purpose in asked}
    assert (CHANCE in last.origin.usage) == (surrogate == "generative")
