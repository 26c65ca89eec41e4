from __future__ import annotations

from dataclasses import replace

import numpy as np

from agent.population import Member, duel, population, tournament
from agent.proposer import PROPOSERS, Proposer, View, find_proposer
from agent.proposers.evolution import Evolution
from evaluators.candidate import Candidate, Evaluation, Origin, Status
from programs.check import check
from programs.errors import Fault
from programs.fingerprint import fingerprint
from programs.genome import Genome
from programs.load import kind_named, library, read_program
from programs.nudge_text import nudged_text

KIND = kind_named("optimizer")
SEED = library("optimizer")["adamw"]
assert SEED.genome is not None
PRINT = fingerprint(SEED.genome, KIND)


def view(scores: list[float | None]) -> View:
    history = [
        Candidate(
            f"c{i}",
            i,
            SEED,
            Origin("evolution"),
            Evaluation(Status.FAILED if s is None else Status.SCORED, s, fingerprint=PRINT),
        )
        for i, s in enumerate(scores)
    ]
    return View("toy", "", KIND, {"c0": SEED}, history)


def test_the_population_starts_as_copies_of_the_seed_and_the_oldest_dies() -> None:
    assert [m.id for m in population(view([1.0]), 4)] == ["c0"] * 4
    assert [m.id for m in population(view([1.0, 2.0, None, 0.5]), 4)] == ["c0", "c0", "c1", "c3"]
    assert [m.id for m in population(view([9.0, 1, 2, 3, 4, 5]), 4)] == ["c2", "c3", "c4", "c5"]


def test_a_tournament_over_everyone_returns_the_best_and_of_equals_the_youngest() -> None:
    genome = library("optimizer")["sgd"].genome
    assert genome is not None
    members = [Member(str(i), genome, (s,)) for i, s in enumerate([1.0, 3.0, 3.0, 2.0])]
    rng = np.random.default_rng(0)
    assert tournament(members, 64, rng).id == "2"
    winners = {tournament(members, 1, rng).id for _ in range(100)}
    assert winners == {"0", "1", "2", "3"}


def test_children_are_valid_new_and_of_the_winner() -> None:
    seen = view([1.0, 2.0])
    proposals = Evolution().propose(seen, 50, np.random.default_rng(1))
    assert len(proposals) == 50
    for proposal in proposals:
        assert isinstance(proposal.offer, Genome)
        assert not isinstance(check(proposal.offer, KIND), Fault)
        assert fingerprint(proposal.offer, KIND) != PRINT
        assert proposal.origin.parents[0] in {"c0", "c1"}
    assert {p.origin.operator for p in proposals} == {"insert", "delete", "modify"}


def test_the_same_generator_gives_the_same_children() -> None:
    for name in PROPOSERS.names():
        proposer = find_proposer(name)
        if not isinstance(proposer, Proposer):
            continue
        first = proposer.propose(view([1.0, 2.0]), 10, np.random.default_rng(3))
        again = proposer.propose(view([1.0, 2.0]), 10, np.random.default_rng(3))
        other = proposer.propose(view([1.0, 2.0]), 10, np.random.default_rng(4))
        assert first == again
        assert first != other


def test_elites_are_distinct_and_sorted() -> None:
    seen = view([1.0, 3.0, None, 2.0])
    copy = replace(
        seen.history[1], id="copy", evaluation=Evaluation(Status.DUPLICATE, 3.0), duplicate_of="c1"
    )
    seen = replace(seen, history=[*seen.history, copy])
    assert [c.id for c in seen.elites(2)] == ["c1", "c3"]
    assert len(seen.scored) == 4


def test_a_duel_is_fought_on_the_dearest_rung_that_both_know() -> None:
    genome = library("optimizer")["sgd"].genome
    assert genome is not None
    low, climbed, better = (
        Member(name, genome, scores)
        for name, scores in (("low", (2.0,)), ("climbed", (1.0, 9.0)), ("better", (0.5, 9.5)))
    )
    assert duel(low, climbed).id == duel(climbed, low).id == "low"
    assert duel(climbed, better).id == duel(better, climbed).id == "better"
    members = [climbed, better, low]
    assert tournament(members, 64, np.random.default_rng(0)).id == "low"


FREE = (
    "import torch\n\n\ndef update(w, g, m, lr, step):\n    for _ in range(2):\n"
    "        m = torch.lerp(m, g, 0.05)  # ä\n    return lr * m, m\n"
)


def test_of_free_form_python_only_constants_change() -> None:
    program = read_program(FREE, KIND)
    assert not isinstance(program, Fault)
    assert program.genome is None
    seen = view([1.0, 2.0])
    free = replace(seen.history[1], program=program)
    seen = replace(seen, history=[seen.history[0], free])
    children = Evolution(tournament=64).propose(seen, 5, np.random.default_rng(0))
    assert len({c.offer for c in children}) == 5
    for child in children:
        assert child.origin.operator == "nudge-constant"
        assert child.origin.parents == ("c1",)
        before, after = FREE.split("0.05")
        text = str(child.offer)
        assert text.startswith(before)
        assert text.endswith(after)
        made = read_program(text, KIND)
        assert not isinstance(made, Fault)
        assert made.form == "tensor"


def test_python_without_a_constant_is_not_nudged() -> None:
    fault = nudged_text(FREE.replace("0.05", "1"), np.random.default_rng(0))
    assert isinstance(fault, Fault)
