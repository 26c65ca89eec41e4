"""Equations in LaTeX and in plain characters say what the program does."""

from __future__ import annotations

import pytest

from programs.errors import InputError
from programs.export.latex import export_latex
from programs.export.unicode import export_unicode
from programs.load import in_language, library, unreadable
from programs.program import Program
from tests.programs.export.samples import mutants, program

ALL = [*in_language("optimizer").values(), *library("schedule").values(), *mutants(40, seed=7)]


def test_adam_as_a_person_would_write_it() -> None:
    assert export_unicode(library("optimizer")["adam"]).splitlines() == [
        "mₜ = 0.9 · mₜ₋₁ + 0.1 · gₜ",
        "vₜ = 0.999 · vₜ₋₁ + 0.001 · gₜ²",
        "m̂ₜ = mₜ / (1 − 0.9ᵗ)",
        "v̂ₜ = vₜ / (1 − 0.999ᵗ)",
        "θₜ = θₜ₋₁ − η m̂ₜ / (√v̂ₜ + 10⁻⁸)",
    ]


def test_a_schedule_is_the_factor_on_the_learning_rate() -> None:
    assert export_unicode(library("schedule")["step_decay"]) == "λₜ = 0.1^(floor(3 · t / T))\n"


def test_a_quotient_in_a_product_is_bracketed() -> None:
    made = program("def update(w, g, lr):\n    return lr * (g / norm(g)) * w\n")
    assert export_unicode(made) == "θₜ = θₜ₋₁ − η (gₜ / ‖gₜ‖) θₜ₋₁\n"


def test_a_power_of_a_quotient_is_bracketed() -> None:
    made = program("def update(w, g, lr):\n    return lr * (g / w) ** 2\n")
    assert r"\left( \frac{g_t}{\theta_{t-1}} \right)^{2}" in export_latex(made)


@pytest.mark.parametrize("write", [export_latex, export_unicode])
@pytest.mark.parametrize("made", ALL)
def test_every_value_is_said_once(made: Program, write) -> None:  # type: ignore[no-untyped-def]
    lefts = []
    for line in write(made).splitlines():
        if "=" in line:
            left, _, right = line.replace("&=", "=").partition(" = ")
            assert right.strip()
            lefts.append(left.strip())
    assert len(lefts) == len(set(lefts))


@pytest.mark.parametrize("made", ALL)
def test_no_symbol_has_two_superscripts(made: Program) -> None:
    assert ")}'" not in export_latex(made)


def test_free_form_python_has_no_equations() -> None:
    with pytest.raises(InputError, match="no equations"):
        export_unicode(unreadable("def update(w, g): return g.sin_()", "optimizer"))
