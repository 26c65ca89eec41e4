"""One problem judges several kinds of program; a task that names no kinds judges its own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from evaluators.evaluator import Evaluator
from evaluators.schedules import Schedules
from evaluators.task import TASKS, Task, find_task, judging, kinds_of
from evaluators.tasks import digits
from programs.errors import InputError
from programs.load import library
from sandbox.memory import MemorySandbox
from tests.toy import Toy

TOY = Path(__file__).parents[1] / "toy.py"


def test_the_first_kind_is_meant_where_none_is_named() -> None:
    assert find_task("digits").kind == "optimizer"
    assert kinds_of(find_task("digits")) == ("optimizer", "schedule", "architecture")
    assert find_task("mqar").kind == "architecture"
    other = replace(digits.TASK, kinds=("schedule", "optimizer"))
    assert judging(other).kind == "schedule"


def test_a_kind_that_is_not_on_offer_is_an_input_error() -> None:
    with pytest.raises(InputError, match="optimizer or schedule, not architecture"):
        find_task("digits-conv", "architecture")
    with pytest.raises(InputError, match="offers architectures, but gives no `body`"):
        replace(digits.TASK, body=None)
    with pytest.raises(InputError, match="optimizer, not schedule"):
        judging(replace(digits.TASK, kinds=("optimizer",)), "schedule")


def test_a_task_that_names_no_kinds_judges_its_own() -> None:
    toy = Toy()
    assert kinds_of(toy) == ("optimizer",)
    assert judging(toy) is toy
    assert judging(toy, "optimizer") is toy
    assert find_task(str(TOY), "optimizer").name == "toy"
    with pytest.raises(InputError, match="toy judges programs of kind optimizer, not schedule"):
        find_task(str(TOY), "schedule")


@pytest.mark.parametrize("name", TASKS.names())
def test_every_kind_has_its_own_goal_and_baselines_of_its_library(name: str) -> None:
    problem = TASKS.find(name)
    goals = set()
    for kind in kinds_of(problem):
        task = judging(problem, kind)
        assert (task.name, task.kind) == (name, kind)
        assert set(task.baselines) <= set(library(kind))
        goals.add(task.goal)
    assert len(goals) == len(kinds_of(problem))


def test_the_protocol_differs_between_kinds() -> None:
    def protocol(task: Task) -> str:
        return Evaluator(task, MemorySandbox()).protocol({})

    # The same harness for both, so that the kind itself must tell them apart.
    alike = replace(Schedules(digits.TASK), harness=digits.TASK.harness)
    assert protocol(alike) != protocol(digits.TASK)
    assert protocol(find_task("digits", "schedule")) == protocol(find_task("digits", "schedule"))
