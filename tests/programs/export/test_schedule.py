"""An exported schedule computes what the interpreter does, as a scheduler PyTorch's users know."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch

from programs.errors import Fault
from programs.export import export
from programs.export.evidence import Evidence
from programs.export.schedule import export_schedule
from programs.genome import Genome
from programs.interpret import plan
from programs.kinds.schedule import KIND, factors
from programs.load import library, make_program, read_program
from programs.operators.insert import OPERATOR as INSERT
from programs.operators.modify import OPERATOR as MODIFY
from programs.program import Program

GOLDEN = Path(__file__).parents[2] / "golden"
EVIDENCE = Evidence(("score: 0.912 ± 0.004 (95 %)", "task: digits"))
NAMES = sorted(library("schedule"))

ALONE = """
import sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("programs", "agent", "evaluators", "sandbox", "runs"):
            raise ImportError(f"{name} must not be needed")

sys.meta_path.insert(0, Refuse())
sys.path.insert(0, ".")
import json, pathlib, runpy
for file in sorted(pathlib.Path(".").glob("exported_*.py")):
    factor = runpy.run_path(str(file))["factor"]
    print(json.dumps([factor(float(s), 37.0) for s in range(37)]))
"""


def module(made: Program) -> dict[str, Any]:
    found = ModuleType("exported")
    exec(compile(export_schedule(made, name="Exported"), "exported.py", "exec"), vars(found))
    return vars(found)


def genome(made: Program) -> Genome:
    assert made.genome is not None
    return made.genome


def optimizer(*rates: float) -> torch.optim.Optimizer:
    groups = [{"params": [torch.zeros(1, requires_grad=True)], "lr": r} for r in rates]
    return torch.optim.SGD(groups)


def rates(opt: torch.optim.Optimizer, scheduler: Any, steps: int) -> np.ndarray:
    found = []
    for _ in range(steps):
        found.append([g["lr"] for g in opt.param_groups])
        opt.step()
        scheduler.step()
    return np.array(found)


@pytest.mark.parametrize("total", [1, 2, 7, 60, 1000])
@pytest.mark.parametrize("name", NAMES)
def test_factors_are_the_interpreters(name: str, total: int) -> None:
    made = library("schedule")[name]
    factor = module(made)["factor"]
    found = [factor(float(step), float(total)) for step in range(total)]
    np.testing.assert_allclose(found, factors(genome(made), total), rtol=1e-12, atol=1e-12)


def mutants(count: int, rng: np.random.Generator) -> list[Program]:
    parents = [genome(p) for p in library("schedule").values()]
    found: dict[str, Program] = {}
    while len(found) < count:
        child = parents[int(rng.integers(len(parents)))]
        for _ in range(int(rng.integers(2, 9))):
            other = (INSERT, MODIFY)[int(rng.integers(2))]((child,), KIND, rng)
            child = child if isinstance(other, Fault) else other
        made = make_program(child, KIND)
        if isinstance(made, Program):
            found[made.key] = made
    return list(found.values())


def precise(made: Program, total: int) -> np.ndarray:
    """Return the factors with more digits; where they differ, rounding decides the result."""
    steps = np.arange(total, dtype=np.longdouble)
    with np.errstate(all="ignore"):
        inputs = {"step": steps, "total": np.longdouble(total)}
        ((result,),) = plan(genome(made).main, KIND, np)(inputs, 1)
    return np.broadcast_to(result, steps.shape)


def test_mutants_never_raise_and_agree() -> None:
    compared = 0
    for made in mutants(300, np.random.default_rng(4)):
        factor = module(made)["factor"]
        for total in (1, 30):
            wanted = factors(genome(made), total)
            found = np.array([factor(float(step), float(total)) for step in range(total)])
            tame = np.isfinite(wanted) & np.isclose(wanted, precise(made, total), 1e-9, 1e-12)
            np.testing.assert_allclose(found[tame], wanted[tame], 1e-6, 1e-9, err_msg=made.source)
            compared += tame.sum()
    assert compared > 0.8 * 300 * 31


def test_all_compute_the_same_without_our_packages(tmp_path: Path) -> None:
    for name in NAMES:
        text = export(library("schedule")[name])
        (tmp_path / f"exported_{name}.py").write_text(text, "utf-8")
    (tmp_path / "alone.py").write_text(ALONE, "utf-8")
    done = subprocess.run(
        [sys.executable, "-I", "alone.py"], cwd=tmp_path, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    found = [[float(x) for x in line.strip("[]").split(",")] for line in done.stdout.splitlines()]
    wanted = [factors(genome(library("schedule")[n]), 37) for n in NAMES]
    np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-12)


def test_it_moves_the_rates_of_all_groups_and_stays_after_the_end() -> None:
    made = library("schedule")["cosine_warmup"]
    opt = optimizer(0.1, 2.0)
    scheduler = module(made)["Exported"](opt, 20)
    found = rates(opt, scheduler, 25)
    wanted = factors(genome(made), 20)
    np.testing.assert_allclose(found[:20], wanted[:, None] * [0.1, 2.0], rtol=1e-12)
    assert (found[20:] == found[19]).all()
    assert scheduler.get_last_lr() == list(found[19])


def test_it_goes_on_from_a_checkpoint_and_from_a_step() -> None:
    exported = module(library("schedule")["cosine_warmup"])["Exported"]
    opt = optimizer(0.1)
    scheduler = exported(opt, 20)
    rates(opt, scheduler, 8)
    saved = scheduler.state_dict(), opt.state_dict()
    wanted = rates(opt, scheduler, 12)

    fresh = optimizer(0.1)
    resumed = exported(fresh, 5)
    resumed.load_state_dict(saved[0])
    fresh.load_state_dict(saved[1])
    assert (rates(fresh, resumed, 12) == wanted).all()

    again = optimizer(0.1)
    again.load_state_dict(saved[1])
    assert (rates(again, exported(again, 20, last_epoch=7), 12) == wanted).all()


@pytest.mark.filterwarnings("ignore:The epoch parameter")  # torch's own, from SequentialLR
def test_it_follows_a_warm_up() -> None:
    made = library("schedule")["cosine"]
    opt = optimizer(1.0)
    warm = torch.optim.lr_scheduler.ConstantLR(opt, 0.25, total_iters=100)
    ours = module(made)["Exported"](opt, 10)
    both = torch.optim.lr_scheduler.SequentialLR(opt, [warm, ours], milestones=[5])
    found = rates(opt, both, 15)[:, 0]
    np.testing.assert_allclose(found, [0.25] * 5 + list(factors(genome(made), 10)), rtol=1e-12)


def test_it_can_be_chained_with_one_that_multiplies() -> None:
    made = library("schedule")["cosine"]
    opt = optimizer(1.0)
    ours = module(made)["Exported"](opt, 10)
    half = torch.optim.lr_scheduler.MultiplicativeLR(opt, lambda _: 0.5)
    found = rates(opt, torch.optim.lr_scheduler.ChainedScheduler([ours, half]), 10)[:, 0]
    wanted = factors(genome(made), 10)
    np.testing.assert_allclose(found[1:], 0.5 * wanted[1:], rtol=1e-12)


def test_no_steps_are_refused() -> None:
    with pytest.raises(ValueError, match="total_steps of at least 1, found 0"):
        module(library("schedule")["cosine"])["Exported"](optimizer(1.0), 0)


@pytest.mark.parametrize("form", ["py", "latex"])
def test_the_text_is_as_it_was_read_and_approved(form: str) -> None:
    text = export(library("schedule")["cosine_warmup"], form, EVIDENCE)
    file = GOLDEN / f"export_cosine_warmup.{'tex' if form == 'latex' else 'py.txt'}"
    if os.environ.get("GOLDEN") == "write":
        file.write_text(text, "utf-8")
    assert text == file.read_text("utf-8")


def test_what_only_python_would_choke_on_keeps_to_the_conventions() -> None:
    body = """
    a = (step - 3) ** 0.5 + 1 / (step - 2) + mod(step, total - 5)
    b = exp(exp(step)) + cos(10 ** (99 * step)) + floor((step - 9) ** -total) + cube(step - 1)
    return where(a > 0, a, sign(step - 4) * cbrt(b)) + log(step) + clip(b, -2) + arcsin(step)
    """
    made = read_program(f"def schedule(step, total):{body}", KIND)
    assert isinstance(made, Program), made
    factor = module(made)["factor"]
    for total in (1, 5, 12):
        found = np.array([factor(float(step), float(total)) for step in range(total)])
        wanted = factors(genome(made), total)
        np.testing.assert_allclose(found[np.isfinite(wanted)], wanted[np.isfinite(wanted)])


def test_the_sign_of_what_is_not_a_number_is_zero() -> None:
    body = "return sign((step - 4) ** 0.5) + sign(4 - step)"
    made = read_program(f"def schedule(step, total):\n    {body}\n", KIND)
    assert isinstance(made, Program), made
    found = [module(made)["factor"](float(step), 7.0) for step in range(7)]
    assert found == factors(genome(made), 7).tolist() == [1, 1, 1, 1, 0, 0, 0]


WILD = {
    "a cosine of infinity": """a = exp(step) * 1e30
    b = a * a * a * a
    return where(sin(b * b * b) > 2, 1, 0.5) + 0 * tan(step)""",
    "cosines of squares": "return where(cos(square(square(square(1e30 * step)))) > -2, 1, 0.5)",
    "tangents of infinity": "return minimum(1, maximum(0, tan(cube(cube(cube(1e20 * step))))))",
    "remainders of infinity": """b = cube(cube(cube(step * 1e20)))
    return minimum(1, mod(b, 3)) + mod(3, b)""",
    "infinity rounded down": "return 1 / floor(square(square(square(1e30 * exp(step)))))",
    "the larger of no number": "return maximum(0.5, (step - 5)**0.5)",
    "the smaller of no number": "return minimum((step - 5)**0.5, 0.5)",
    "a limit that is no number": "return clip(step, (step - 5)**0.5) + clip((step - 5)**0.5, 1)",
    "a choice by no number": "return where((step - 5)**0.5, 1, 0.5)",
    "infinity less infinity": """a = 1e30**9 * exp(step)
    return maximum(0, a * 1e30 - a * 1e30)""",
    "functions of no number": """a = (step - 5)**0.5
    return exp(a) + log(a) + sqrt(a) + arctan(a) + arcsin(a) + cbrt(a) + abs(a) + floor(a)""",
    "a name that is bound again": """a = 1e30**9 * 1e30**9
    a = minimum(cos(a), 2)
    a = step
    return minimum(cos(a), 2)""",
    "constants": """k = (-0.5)**0.5
    return where(k > 0, 1, 0.5) * minimum(1e30**11, 1) + 0**(-1) * (k > 0)""",
}


@pytest.mark.parametrize("name", WILD)
def test_infinity_and_no_number_are_kept(name: str) -> None:
    made = read_program(f"def schedule(step, total):\n    {WILD[name]}\n", KIND)
    assert isinstance(made, Program), made
    factor = module(made)["factor"]
    for total in (1, 12):
        found = [factor(float(step), float(total)) for step in range(total)]
        wanted = plain(made, total)
        np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-9)


def plain(made: Program, total: int) -> np.ndarray:
    """Return the interpreter's own values, which the factors hold within limits."""
    with np.errstate(all="ignore"):
        steps = np.arange(total, dtype=np.float64)
        inputs = {"step": steps, "total": np.float64(total)}
        ((result,),) = plan(genome(made).main, KIND, np)(inputs, 1)
    return np.broadcast_to(result, steps.shape)
