"""How a candidate came about, told in five ways."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from evaluators.candidate import Origin, Status
from programs.errors import InputError
from runs.drawing import as_dot, as_json, as_mermaid, as_tree
from runs.lineage import Lineage, as_path, changes, lineage, near
from runs.pages.family import family_page
from runs.record import candidate_id
from runs.store import Store
from tests.runs.samples import candidate, new_run


def source(*lines: str) -> str:
    return "def update(w, g, m, lr):\n" + "".join(f"    {line}\n" for line in lines)


SIGN = source("return lr * sign(g)")
MOMENTUM = source("m = lerp(m, g, 0.1)", "return lr * m, m")
SLOWER = source("m = lerp(m, g, 0.01)", "return lr * m, m")
LION = source("m = lerp(m, g, 0.01)", "return lr * sign(m), m")


@pytest.fixture
def family(store: Store) -> Lineage:
    """Return two seeds, a nudge of the second, their crossover, a copy of it that timed out."""
    run = new_run(store).id
    ids = ["a1000001", "b2000002", "c3000003", "d4000004", "e5000005"]
    table = [
        (0.5, SIGN, (), "seed"),
        (0.4, MOMENTUM, (), "seed"),
        (0.45, SLOWER, (1,), "nudge"),
        (0.56, LION, (0, 2), "crossover"),
        (None, LION, (3, 2), ""),
    ]
    for index, (score, text, parents, operator) in enumerate(table):
        status = Status.SCORED if score else Status.TIMED_OUT
        of = tuple(ids[parent] for parent in parents)
        one = candidate(
            run, index, score, source=text, parents=of, operator=operator, status=status
        )
        store.record(run, replace(one, id=ids[index]))
    return lineage(store, "e5")


def test_a_lineage_holds_every_ancestor_once(family: Lineage) -> None:
    assert family.id == "e5000005"
    assert [step.candidate.id[0] for step in family.steps] == ["a", "b", "c", "d", "e"]
    gains = [None if step.gain is None else round(step.gain.mean, 4) for step in family.steps]
    assert gains == [None, None, 0.05, 0.06, None]
    assert len(list(family.edges())) == 5


def test_the_tree_reads_like_a_history(family: Lineage) -> None:
    assert as_tree(family) == [
        "┌─ a1000001  seed  0.5000",
        "│  ┌─ b2000002  seed  0.4000",
        "│  └─ c3000003  nudge  0.4500  +0.0500 ± 0.0000",
        "│           - m = lerp(m, g, 0.1)",
        "│           + m = lerp(m, g, 0.01)",
        "├─ d4000004  crossover  0.5600  +0.0600 ± 0.0000  with c3000003",
        "│        - return lr * sign(g)",
        "│        + m = lerp(m, g, 0.01)",
        "│        + return lr * sign(m), m",
        "└─ e5000005  evolution  timed out  with c3000003",
    ]


def test_a_seed_is_one_line(store: Store) -> None:
    run = new_run(store).id
    store.record(run, candidate(run, 0, 0.5))
    one = candidate_id(run, 0)
    assert as_tree(lineage(store, one)) == [f"── {one[:8]}  nudge  0.5000"]


def test_a_line_that_joins_an_ancestor_drawn_above_says_so(store: Store) -> None:
    run = new_run(store).id
    ids = [candidate_id(run, index) for index in range(4)]
    for index, parents in enumerate([(), (0,), (0,), (1, 2)]):
        of = tuple(ids[parent] for parent in parents)
        store.record(run, candidate(run, index, 0.5, parents=of))
    tree = as_tree(lineage(store, ids[3]))
    assert len(tree) == 4
    assert tree[2].startswith(f"│  ── {ids[2][:8]}")
    assert tree[2].endswith(f"from {ids[0][:8]}")


def test_thousands_of_steps_are_drawn(store: Store) -> None:
    run = new_run(store).id
    ids = [candidate_id(run, index) for index in range(1500)]
    for index in range(1500):
        parents = tuple(ids[max(0, index - 2) : index][::-1])
        store.record(run, candidate(run, index, 0.5, parents=parents))
    tree = as_tree(lineage(store, ids[-1]))
    assert len(tree) == 1500
    assert tree[-1].startswith("└─ " + ids[-1][:8])


def test_only_lines_that_changed_are_shown() -> None:
    assert changes(SLOWER, LION) == ["- return lr * m, m", "+ return lr * sign(m), m"]
    assert changes(LION, LION) == []
    assert changes("", "a\n\nb") == ["+ a", "+", "+ b"]


def test_as_data(family: Lineage) -> None:
    data = json.loads(json.dumps(as_json(family)))
    assert data["id"] == "e5000005"
    assert len(data["nodes"]) == 5
    assert data["nodes"][3]["parents"] == ["a1000001", "c3000003"]
    assert data["nodes"][3]["source"] == LION
    assert data["edges"][0] == {"parent": "b2000002", "child": "c3000003", "place": 0}


def test_as_charts(family: Lineage) -> None:
    mermaid = as_mermaid(family).splitlines()
    assert mermaid[0] == "graph TD"
    assert mermaid[1] == '    n0["a1000001<br/>seed<br/>0.5000"]'
    assert "    n2 -.-> n3" in mermaid
    dot = as_dot(family).splitlines()
    assert dot[2] == r'    "a1000001" [label="a1000001\nseed\n0.5000"]'
    assert '    "c3000003" -> "d4000004" [style=dashed]' in dot
    assert dot[-1] == "}"


def test_labels_are_escaped(store: Store) -> None:
    run = new_run(store).id
    one = candidate(run, 0, 0.5)
    store.record(run, replace(one, origin=Origin('a "b"\\ <c>;\n]d')))
    grown = lineage(store, one.id)
    assert r"\na \"b\"\\ <c>; ]d\n" in as_dot(grown)
    label = as_mermaid(grown).splitlines()[1].partition('["')[2]
    assert label.endswith('"]')
    assert not set('"\\;]') & set(label[:-2].replace("&", "")) - {";"}
    assert "#34;b#34;" in label
    assert as_tree(grown) == [f'── {one.id[:8]}  a "b"\\ <c>; ]d  0.5000']


def test_an_unknown_candidate_is_the_users_mistake(store: Store) -> None:
    with pytest.raises(InputError):
        lineage(store, "nobody")


def grown(store: Store) -> list[str]:
    """Keep a root with two children and a grandchild that has both for parents."""
    run = new_run(store).id
    ids = [candidate_id(run, index) for index in range(4)]
    table = [(0.5, SIGN, ()), (0.4, MOMENTUM, (0,)), (0.6, SLOWER, (0,)), (0.7, LION, (1, 2))]
    for index, (score, text, parents) in enumerate(table):
        of = tuple(ids[parent] for parent in parents)
        store.record(run, candidate(run, index, score, source=text, parents=of))
    return ids


def test_descendants_hang_below_their_first_parent_the_best_first(store: Store) -> None:
    root, worse, better, last = (id[:8] for id in grown(store))
    heads = [line for line in as_tree(lineage(store, root, descendants=True)) if "nudge" in line]
    assert heads == [
        f"{root}  nudge  0.5000",
        f"├─ {better}  nudge  0.6000  +0.1000 ± 0.0000",
        f"└─ {worse}  nudge  0.4000  -0.1000 ± 0.0000",
        f"   └─ {last}  nudge  0.7000  +0.3000 ± 0.0000  with {better}",
    ]


def test_depth_counts_generations_either_way(store: Store) -> None:
    root, worse, better, last = grown(store)

    def reached(id: str, **options: Any) -> set[str]:
        return {step.candidate.id for step in lineage(store, id, **options).steps}

    assert reached(last, depth=0) == {last}
    assert reached(last, depth=1) == {last, worse, better}
    assert reached(last) == {root, worse, better, last}
    assert reached(root, descendants=True, depth=1) == {root, worse, better}
    assert reached(root, descendants=True) == {root, worse, better, last}


def test_the_line_ends_at_the_candidate_or_at_its_best_descendant(store: Store) -> None:
    root, worse, _, last = grown(store)
    assert [s.candidate.id for s in lineage(store, last).path()] == [root, worse, last]
    down = lineage(store, root, descendants=True)
    assert [s.candidate.id for s in down.path()] == [root, worse, last]
    assert as_path(down) == "nudge 0.5000 → nudge 0.4000 → nudge 0.7000"
    assert as_json(down)["nodes"][3]["interval"] == pytest.approx(0.0, abs=1e-9)


def climbed(store: Store) -> list[str]:
    """Keep the same family on a ladder, where the root and the child that was worse climb."""
    run = new_run(store).id
    ids = [candidate_id(run, index) for index in range(4)]
    table = [(0.5, SIGN, ()), (0.4, MOMENTUM, (0,)), (0.6, SLOWER, (0,)), (0.3, LION, (1,))]
    for index, (score, text, parents) in enumerate(table):
        of = tuple(ids[parent] for parent in parents)
        one = candidate(run, index, score, source=text, parents=of, rung=-1)
        store.record(run, one)
        if index < 2:
            dearer = 0.8 + index / 10
            judged = replace(one.evaluation, rung=0, score=dearer, by_seed=(dearer, dearer))
            store.climb(run, one.id, judged)
    return ids


def test_on_a_ladder_every_score_names_its_rung(store: Store) -> None:
    root, worse, better, last = (id[:8] for id in climbed(store))
    up = [line for line in as_tree(lineage(store, last)) if "nudge" in line]
    assert up == [
        f"┌─ {root}  nudge  0.8000 on search",
        f"├─ {worse}  nudge  0.9000 on search  +0.1000 ± 0.0000",
        f"└─ {last}  nudge  0.3000 on quick  -0.1000 ± 0.0000",
    ]
    down = lineage(store, root, descendants=True)
    assert [line for line in as_tree(down) if "nudge" in line] == [
        f"{root}  nudge  0.8000 on search",
        f"├─ {worse}  nudge  0.9000 on search  +0.1000 ± 0.0000",
        f"│  └─ {last}  nudge  0.3000 on quick  -0.1000 ± 0.0000",
        f"└─ {better}  nudge  0.6000 on quick  +0.1000 ± 0.0000",
    ]
    assert as_path(down) == "nudge 0.8000 on search → nudge 0.9000 on search"
    page = family_page(store, down)
    assert "0.9000 on search" in page
    assert "Scores in the tree are those of the first rung" in page
    nodes = as_json(down)["nodes"]
    assert [(n["rung"], n["score"]) for n in nodes[1:3]] == [("search", 0.9), ("quick", 0.6)]


def test_a_gain_on_another_rung_than_the_score_says_so(store: Store) -> None:
    run = new_run(store).id
    low = candidate(run, 0, 0.5, rung=-1)
    high = candidate(run, 1, 0.6, source=SIGN, parents=(low.id,), rung=-1)
    for one in (low, high):
        store.record(run, one)
    store.climb(run, high.id, replace(high.evaluation, rung=0, score=0.9, by_seed=(0.9, 0.9)))
    (head,) = [line for line in as_tree(lineage(store, high.id)) if line[0] == "└"]
    assert head == f"└─ {high.id[:8]}  nudge  0.9000 on search  +0.1000 ± 0.0000 on quick"
    node = as_json(lineage(store, high.id))["nodes"][1]
    assert (node["rung"], node["score"], node["gain_rung"]) == ("search", 0.9, "quick")


def test_descendants_survive_a_circle(store: Store) -> None:
    ids = grown(store)
    with store.transaction():
        store.execute("INSERT INTO parent VALUES (?, 0, ?)", ids[0], ids[3])
    assert len(as_tree(lineage(store, ids[0], descendants=True))) > 4
    assert len(lineage(store, ids[3]).path()) <= 4


def test_control_characters_are_spelt_out(store: Store) -> None:
    run = new_run(store).id
    ids = [candidate_id(run, index) for index in range(2)]
    store.record(run, candidate(run, 0, 0.5, operator="\x1b[2J"))
    store.record(run, candidate(run, 1, 0.5, source=SIGN + "# \x1b[2J\n", parents=(ids[0],)))
    for down, id in ((False, ids[1]), (True, ids[0])):
        assert "\x1b" not in "".join(as_tree(lineage(store, id, descendants=down)))


def test_of_a_long_line_the_beginning_and_the_end_are_drawn(store: Store) -> None:
    run = new_run(store).id
    ids = [candidate_id(run, index) for index in range(40)]
    for index in range(40):
        parents = ids[max(index - 1, 0) : index]
        store.record(run, candidate(run, index, 0.5 + index / 100, parents=tuple(parents)))
    drawn = [line for line in as_tree(near(store, ids[-1], 3)) if line[0] != "│"]
    assert drawn == [
        f"┌─ {ids[0][:8]}  nudge  0.5000",
        "┆  35 steps between",
        f"├─ {ids[36][:8]}  nudge  0.8600",
        f"├─ {ids[37][:8]}  nudge  0.8700  +0.0100 ± 0.0000",
        f"├─ {ids[38][:8]}  nudge  0.8800  +0.0100 ± 0.0000",
        f"└─ {ids[39][:8]}  nudge  0.8900  +0.0100 ± 0.0000",
    ]
    assert near(store, ids[-1], 39) == lineage(store, ids[-1])


def test_where_nothing_is_left_out_nothing_is_said_of_it(store: Store) -> None:
    root, worse, _, last = grown(store)
    assert near(store, last, 2) == lineage(store, last)
    short = near(store, last, 1)
    assert (short.origin and short.origin.candidate.id, short.between) == (root, 0)
    assert {step.candidate.id for step in short.steps} > {last, worse}
