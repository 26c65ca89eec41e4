"""LLAMBO's parts by themselves: targets of the right sign, guesses, labels, who is believed."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from agent import llambo
from agent.choosing import best_of, surrogates
from agent.prompts import BUDGET, prompt, tokens
from agent.proposer import Proposal, View, find_proposer
from agent.proposers.llambo import Llambo, diversity
from agent.question import Answer, Question, Sample
from evaluators.candidate import Candidate, Evaluation, Origin, Status
from tests.agent.replies import fenced
from tests.agent.test_prompts import lab

MANY = "\n\n".join(
    f"Idea {i}.\n{fenced(f'm = lerp(m, g, 0.{i}1)' + chr(10) + 'return lr * tanh(m), m')}"
    for i in range(1, 6)
)


ALL = re.DOTALL | re.MULTILINE


def _constant(source: str) -> float:
    """Return the constant that tells the five programs apart, else 0."""
    found = re.search(r"lerp\(m, g, (0\.\d1)\)", source)
    return float(found[1]) if found else 0.0


def hold(proposer: Llambo, view: View, seed: int = 0) -> tuple[Any, list[Question]]:
    """Answer candidates with five programs, guesses with a constant of theirs, labels with 0."""
    dialogue = proposer.converse(view, np.random.default_rng(seed))
    asked: list[Question] = []
    try:
        questions = next(dialogue)
        while True:
            asked += questions
            questions = dialogue.send(tuple(_answered(q) for q in questions))
    except StopIteration as end:
        return end.value, asked


def _answered(question: Question) -> Answer:
    if " guess " in question.purpose:
        judged = re.findall(r"^Program (\w):\n(.*?```.*?)```", question.messages[1][1], ALL)
        return Answer((Sample("\n".join(f"{x}: ## {_constant(s)} ##" for x, s in judged)),))
    if " label " in question.purpose:
        yes = "lerp(m, g, 0.31)" in question.messages[1][1]
        return Answer((Sample("1" if yes else "0"),))
    return Answer((Sample(MANY),) * question.samples)


def test_the_target_lies_inside_the_range_for_a_negative_alpha() -> None:
    assert llambo.target_score([-0.3, -0.1], -0.1) == pytest.approx(-0.12)
    assert llambo.target_score([-0.3, -0.1], 0.1) == pytest.approx(-0.08)
    assert llambo.target_score([2.0], 0.1) == pytest.approx(2.02)
    assert llambo.target_score([0.0], 0.1) == pytest.approx(0.01)


def test_one_that_is_far_off_does_not_put_the_target_below_most() -> None:
    scores = [-0.10, -0.11, -0.12, -0.13, -2.0]
    assert llambo.target_score(scores, -0.1) == pytest.approx(-0.29), "the paper's: below all but 1"
    assert llambo.target_score(scores, -0.1, 0.5) == pytest.approx(-0.102)
    for alpha in (-0.1, -1.0):
        found = llambo.target_score(scores, alpha, 0.5)
        assert sum(s > found for s in scores) <= len(scores) / 2


def test_the_warm_start_is_asked_once_and_each_place_takes_its_own() -> None:
    view, proposer = lab(), find_proposer("llambo:warm")
    assert isinstance(proposer, Llambo)
    found = [hold(proposer, replace(view, index=1 + i), seed=i) for i in range(5)]
    digests = {q.digest("m") for _, asked in found for q in asked}
    assert len(digests) == 1
    assert len({str(p.offer) for p, _ in found}) == 5
    assert found[0][0].origin.rationale == "Idea 1."
    assert found[0][1][0].shares == 5


@pytest.mark.parametrize("context", ["no", "partial", "full"])
def test_the_warm_start_knows_as_much_as_it_is_told(context: str) -> None:
    proposer = find_proposer(f"llambo:warm,context={context}")
    assert isinstance(proposer, Llambo)
    _, (question,) = hold(proposer, replace(lab(), index=1))
    text = question.messages[1][1]
    assert ("small classifier" in text) is (context != "no")
    assert ("### program 0" in text) is (context == "full")
    assert "### program 1" not in text


def test_together_the_surrogate_chooses_among_the_samplers_candidates() -> None:
    chosen, asked = hold(Llambo(), lab())
    assert isinstance(chosen, Proposal)
    sampler, *guesses = asked
    assert sampler.samples == 4
    assert "Performance: -0.0984" in sampler.messages[1][1], "best -0.0961, median -0.1187"
    _, (papers,) = hold(_of("llambo:sampler,worst=0"), lab())
    assert "Performance: -0.1175" in papers.messages[1][1], "worst shown -0.31"
    assert len(guesses) == 10
    orders = {re.search(r"Examples.*?A:", q.messages[1][1], re.DOTALL) for q in guesses}
    assert len({m[0] for m in orders if m}) > 5
    assert chosen.origin.usage["predicted"] == pytest.approx(0.51)
    assert "lerp(m, g, 0.51)" in str(chosen.offer), "whatever its letter was"


def test_each_component_works_alone() -> None:
    sampled, asked = hold(_of("llambo:sampler"), lab())
    assert len(asked) == 1
    assert "predicted" not in sampled.origin.usage
    guessed, asked = hold(_of("llambo:discriminative,guesses=3,candidates=6"), lab())
    assert len(asked) == 3
    assert guessed.origin.operator in {"insert", "delete", "modify"}
    labelled, asked = hold(_of("llambo:sampler,generative"), lab())
    assert all(q.logprobs for q in asked[1:])
    assert len(asked) == 1 + 5 * 2
    assert "lerp(m, g, 0.31)" in str(labelled.offer)
    numbered, asked = hold(_of("llambo:numeric"), lab())
    assert asked == []
    assert isinstance(numbered, Proposal)


def test_surrogates_wait_until_there_is_something_to_go_by() -> None:
    few = replace(lab(), history=lab().history[:4])
    for text in ("llambo:sampler,discriminative", "llambo:sampler,generative"):
        chosen, asked = hold(_of(text), few)
        assert len(asked) == 1, "only the sampler is paid"
        assert "predicted" not in chosen.origin.usage


def _of(text: str) -> Llambo:
    proposer = find_proposer(text)
    assert isinstance(proposer, Llambo)
    return proposer


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("A: ## -0.1 ##\nB: ## -2e-1 ##", [-0.1, -0.2]),
        ("Program A: ## 0.5 ##\nProgram B: ## .25 ##", [0.5, 0.25]),
        ("## 0.5 ##\n## 0.25 ##", [0.5, 0.25]),
        ("B: ## 1 ##", [float("nan"), 1.0]),
        ("I cannot say", [float("nan"), float("nan")]),
    ],
)
def test_guesses_are_read(text: str, found: list[float]) -> None:
    np.testing.assert_allclose(llambo.read_guesses(text, 2), found)


def test_missing_guesses_are_average_and_no_guess_is_no_prediction() -> None:
    texts = ["A: ## 1 ##\nB: ## 3 ##", "A: ## 1 ##", "nothing"]
    orders = [[0, 1]] * 3
    first, second = llambo.predictions([Answer((Sample(t),)) for t in texts], orders) or []
    assert first.mean < second.mean
    assert second.spread > 0
    assert llambo.predictions([Answer((Sample("nothing"),))], [[0, 1]]) is None
    assert llambo.predictions([Answer(error="gone")], [[0, 1]]) is None


def test_guesses_go_to_the_programs_that_stood_under_their_letters() -> None:
    answers = [Answer((Sample("A: ## 1 ##\nB: ## 2 ##\nC: ## 3 ##"),))] * 2
    found = llambo.predictions(answers, [[2, 0, 1], [2, 1, 0]]) or []
    assert [p.mean for p in found] == [2.5, 2.5, 1.0]
    assert [p.spread for p in found] == pytest.approx([0.5, 0.5, 1e-5])


def test_how_bad_a_broken_program_is_makes_no_spread() -> None:
    view = lab()
    said = [f"A: ## {worst} ##\nB: ## -0.1 ##" for worst in (-2.3, -829)]
    answers = [Answer((Sample(text),)) for text in said]
    least = llambo.worst_guess(view)
    assert min(c.score or 0.0 for c in view.elites(9)) < least < -0.2083, "the last is far off"
    broken, good = llambo.predictions(answers, [[0, 1]] * 2, least) or []
    assert (broken.mean, broken.spread) == (pytest.approx(least), pytest.approx(1e-5))
    assert good.mean == pytest.approx(-0.1)
    (question,) = llambo.guess_questions(view, ["A"], [[0]], np.random.default_rng(0), "9 llambo")
    assert f"worse than that, gets {least:.4f}" in question.messages[1][1]


def test_log_probabilities_count_before_labels() -> None:
    sure = Answer((Sample("0", first_token={"1": np.log(0.4), "0": np.log(0.1)}),))
    labels = [Answer((Sample("1"),)), Answer((Sample("0"),))]
    assert llambo.chances([sure, sure], 1) == [pytest.approx(0.8)]
    assert llambo.chances([*labels, *labels[::-1]], 2) == [0.5, 0.5]
    assert llambo.chances([Answer((Sample("maybe"),))], 1) is None


def judged(count: int, model: float, yardstick: float) -> View:
    """Return a view in which predictions follow the results with these signs."""
    view = lab()

    def candidate(i: int) -> Candidate:
        usage = {
            "predicted": model * i,
            "predicted_spread": 1.0,
            "yardstick": yardstick * i,
            "yardstick_spread": 1.0,
        }
        base, origin = view.history[i % 5], Origin("llambo", usage=usage)
        scored = Evaluation(Status.SCORED, float(i), fingerprint=f"f{i}")
        return replace(base, id=f"x{i}", index=20 + i, origin=origin, evaluation=scored)

    return replace(view, history=[*view.history, *(candidate(i) for i in range(count))], index=60)


def test_a_surrogate_that_does_not_beat_the_free_one_is_switched_off() -> None:
    lost, won = judged(12, -1.0, 1.0), judged(12, 1.0, -1.0)
    assert best_of(lost, "llambo").off
    assert not best_of(won, "llambo").off
    assert not best_of(judged(11, -1.0, 1.0), "llambo").off
    chosen, asked = hold(Llambo(), lost)
    assert len(asked) == 1, "only the sampler is paid"
    assert chosen.origin.usage["surrogate_off"] == 1.0
    assert (
        "correlate -1.00 with the results, the numeric surrogate's 1.00" in chosen.origin.rationale
    )
    assert len(hold(Llambo(), won)[1]) == 11


def test_how_well_surrogates_did_is_said() -> None:
    (said,) = surrogates(judged(4, 1.0, -1.0))
    assert said == (
        "llambo: over 4 programs the model's predictions correlate 1.00 with the results, the "
        "numeric surrogate's -1.00; 100% of the results lay within one predicted spread of the "
        "mean, where 68 % would be honest"
    )
    view = judged(4, 1.0, 1.0)
    chances = [
        replace(c, origin=replace(c.origin, usage={**c.origin.usage, "chance": 0.5}))
        for c in view.history[-4:]
    ]
    (said,) = surrogates(replace(view, history=[*view.history[:-4], *chances]))
    assert said.endswith("a chance of 50% to be among the best quarter, 75% were")
    assert surrogates(lab()) == []


def test_how_different_a_warm_start_was_is_measured() -> None:
    proposal, _ = hold(_of("llambo:warm"), replace(lab(), index=1))
    assert proposal.origin.usage["warm_programs"] == 5
    assert proposal.origin.usage["warm_behaviours"] == 5
    started = replace(lab().history[1], origin=proposal.origin)
    (said,) = diversity(replace(lab(), history=[started]))
    assert said.endswith("the warm start brought 5 programs of 5 different behaviours")


def test_examples_and_judged_programs_stay_within_the_budget() -> None:
    long = "def update(w, g, lr):\n" + "    g = g + 0.001 * w\n" * 90 + "    return lr * g\n"
    view = lab()
    many = [
        replace(
            view.history[0],
            id=f"l{i}",
            index=20 + i,
            program=replace(view.history[0].program, source=long, genome=None),
            evaluation=Evaluation(Status.SCORED, float(i)),
        )
        for i in range(12)
    ]
    view = replace(view, history=many, index=60)
    rng = np.random.default_rng(0)
    shown = llambo.few_shot(llambo.examples(view), rng)
    whole = prompt(view, "Go.", shown=(), extra=(shown,))
    assert 2 <= whole.messages[1][1].count("Performance: ") < 12
    assert sum(whole.tokens.values()) <= BUDGET
    sources = [long] * 20
    count = llambo.judgeable(sources)
    assert 1 <= count < 20
    orders = llambo.orders(count, 1, rng)
    (question,) = llambo.guess_questions(view, sources[:count], orders, rng, "60 llambo")
    assert tokens("".join(text for _, text in question.messages)) <= BUDGET
    assert llambo.judgeable(["def update(w, g, lr):\n    return lr * g\n"] * 40) == 26


def test_a_label_is_asked_for_where_the_examples_have_theirs() -> None:
    view = lab()
    (question,) = llambo.label_questions(view, ["SOURCE"], 1, np.random.default_rng(0), "9 llambo")
    text = question.messages[-1][1]
    assert text.endswith("```python\nSOURCE\n```\nClassification:")
    bar = "classification 1 is a performance of -0.1132 or more"
    assert text.index(bar) < text.index("Classification: 1\n"), "what 1 means comes first"
    assert "best quarter of the 5 programs known" in text
    assert text.count("Classification: 1\n") == 2


@pytest.mark.parametrize(
    ("text", "chance"),
    [
        ("1", 1.0),
        (" 0\n", 0.0),
        ("Classification: 1", 1.0),
        ("With -0.1 at best: Classification: 0", 0.0),
        ("It is below -0.1132, so 0.", 0.0),
        ("Score 0.9", None),
    ],
)
def test_labels_are_read_with_and_without_their_word(text: str, chance: float | None) -> None:
    found = llambo.chances([Answer((Sample(text),))], 1)
    assert found == (None if chance is None else [chance])


def test_a_token_may_begin_with_a_space() -> None:
    sure = Answer((Sample(" 1", first_token={" 1": np.log(0.6), " 0": np.log(0.2)}),))
    assert llambo.chances([sure], 1) == [pytest.approx(0.75)]


def test_a_target_is_a_least_score_beside_the_best() -> None:
    _, (question,) = hold(_of("llambo:sampler"), lab())
    text = question.messages[1][1]
    assert "Performance: -0.0984 or more" in text
    assert "The best above has -0.0961." in text
    assert "Program 3\nPerformance: -0.0961" in text


def test_surrogates_are_told_the_functions_that_are_called() -> None:
    rng = np.random.default_rng(0)
    source = "def update(w, g, lr):\n    return lr * cbrt(g)\n"
    (guess,) = llambo.guess_questions(lab(), [source], [[0]], rng, "9 llambo")
    text = guess.messages[1][1]
    assert "## Vocabulary" not in "".join(text for _, text in guess.messages)
    assert "cbrt(a): cube root" in text, "what is judged calls it"
    assert "orthogonalize(a): nearest orthogonal matrix" in text, "an example calls it"
    assert "\ntanh(" not in text
    assert guess.messages[0][1].startswith("You design optimizers")
    assert guess.messages[1][1].startswith("## Goal")


def test_examples_that_differ_in_constants_only_are_shown_once() -> None:
    view = lab()
    best = view.history[3]
    near = [
        replace(
            best, id=f"n{i}", index=20 + i, evaluation=Evaluation(Status.SCORED, -0.09 - i / 1000)
        )
        for i in range(9)
    ]
    crowded = replace(view, history=[*view.history, *near])
    shown = llambo.examples(crowded, 5)
    assert [c.program.key for c in shown].count(best.program.key) == 1
    assert len(llambo.examples(crowded, 8)) == 8, "they fill what is left"
