"""Programs are shown without what is not theirs, and failing ones by what they changed."""

from __future__ import annotations

from dataclasses import replace

from agent.failures import failures
from agent.prompts import prompt, scored_program
from agent.source import changes, shown_source, statements
from evaluators.candidate import Candidate, Evaluation, Origin, Status
from programs.kinds.architecture import at
from programs.load import kind_named, read_program
from programs.program import Program
from programs.spec import Spec
from tests.agent.test_prompts import lab

KIND = kind_named("optimizer")


def candidate(source: str, index: int = 0, message: str = "", parent: str = "") -> Candidate:
    program = read_program(source, KIND)
    assert isinstance(program, Program)
    evaluation = (
        Evaluation(Status.PRUNED, message=message) if message else Evaluation(Status.SCORED, -0.1)
    )
    origin = Origin("t", "modify", (parent,) if parent else ())
    return Candidate(f"c{index}", index, program, origin, evaluation)


PARENT = (
    "def update(w, g, m, lr):\n    m = lerp(m, g, 0.1)\n    u = sign(m)\n    return lr * u, m\n"
)
PADDED = PARENT.replace("lerp(m, g, 0.1)", "lerp(m, g, 0.03 * 1)")


def test_constants_are_folded_before_they_are_counted_and_shown() -> None:
    padded = candidate(PADDED)
    assert padded.program.size == 4
    assert statements(padded) == 3
    assert "lerp(m, g, 0.03)" in shown_source(padded)
    assert "3 statements" in scored_program(padded)


def test_folded_constants_have_few_digits_where_that_is_the_same() -> None:
    assert "lerp(m, g, 0.1)" in shown_source(candidate(PARENT.replace("0.1", "1 - 0.9")))
    stepped = PARENT.replace("m, lr)", "m, lr, step)").replace("0.1", "mod(step * (1 - 0.9), 1)")
    assert "mod(step * 0.09999999999999998, 1)" in shown_source(candidate(stepped))


def test_a_network_that_fits_its_task_alone_is_shown_without_what_it_says_of_itself() -> None:
    source = "def network(x):\n    'The best.'\n    return attention(x, heads=3)\n"
    program = read_program(source, at(Spec("sequence", (6, 12), 2)))
    assert isinstance(program, Program)
    scored = candidate(PARENT)
    assert "best" not in shown_source(replace(scored, program=program))


def test_the_best_learning_rate_is_shown() -> None:
    scored = candidate(PARENT)
    rated = replace(scored.evaluation, metrics={"learning_rate": 0.01})
    head = scored_program(replace(scored, evaluation=rated)).partition("\n")[0]
    assert head == "### program 0: -0.1000, 3 statements, best at lr 0.01"
    assert "lr" not in scored_program(scored).partition("\n")[0]


def test_a_failing_program_is_shown_by_what_it_changed() -> None:
    child = candidate(PARENT.replace("sign(m)", "exp(m)"), 1, "diverged: at once", "c0")
    parent = candidate(PARENT)
    reasons, shown = failures([parent, child], shown_source(parent))
    assert reasons == "- 1 × diverged: at once"
    assert shown == (
        "program 1: diverged: at once; made from program 0 by this change:\n"
        "```diff\n-     u = sign(m)\n+     u = exp(m)\n```"
    )
    (_, whole) = failures([parent, child])
    assert whole.startswith("program 1: diverged: at once\n```python\ndef"), "no parent was seen"
    assert changes(candidate(PARENT), candidate("def update(w, g, lr):\n    return lr * g\n")) == ""


def test_the_latest_of_each_reason_is_shown_whole_where_its_parent_is_not_known() -> None:
    first = candidate(PARENT, 1, "diverged: at once")
    later = candidate(PARENT.replace("0.1", "0.2"), 2, "diverged: at once")
    other = candidate(PARENT.replace("0.1", "0.3"), 3, "no progress: none")
    found = failures([first, later, other])
    assert [f.partition("\n")[0] for f in found[2:]] == [
        "program 3: no progress: none",
        "program 2: diverged: at once",
    ]
    assert "lerp(m, g, 0.2)" in found[3]


def test_what_the_prompt_tells_already_is_not_shown_again() -> None:
    view = lab()
    assert "program 8: diverged" in prompt(view, "Go.").messages[1][1]
    shown = prompt(view, "Go.", shown=[view.history[8]]).messages[1][1]
    assert "program 8: diverged" not in shown
    assert "- 2 × diverged: some seed at every learning rate" in shown
