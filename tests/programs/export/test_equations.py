"""Equations in LaTeX and in plain characters say what the program does."""

from __future__ import annotations

from collections.abc import Callable

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


def written(body: str, write: Callable[[Program], str] = export_unicode) -> list[str]:
    made = program(f"def update(w, g, m, lr, step, total):\n    {body}\n")
    return [line.strip() for line in write(made).splitlines()]


@pytest.mark.parametrize(
    ("result", "wanted"),
    [
        ("lr * mod(step, 3) * g", "η (t mod 3) gₜ"),
        ("1 + mod(g, 2)", "(1 + (gₜ mod 2))"),
        ("-mod(g, 2) * g", "(−(gₜ mod 2)) gₜ"),
        ("mod(g, 2) ** 3", "(gₜ mod 2)³"),
        ("log1p(mod(g, 2))", "ln |1 + (gₜ mod 2)|"),
        ("log1p(-g)", "ln |1 − gₜ|"),
        ("abs(mod(g, 2))", "|gₜ mod 2|"),
    ],
)
def test_a_remainder_is_bracketed_where_it_could_be_misread(result: str, wanted: str) -> None:
    assert written(f"return {result}, m")[-1] == f"θₜ = θₜ₋₁ − {wanted}"


def test_a_remainder_is_bracketed_in_latex() -> None:
    last = export_latex(library("schedule")["cosine_restarts"])
    assert r"\pi \, \left( \frac{4 \, t}{T} \bmod 1 \right)" in last


@pytest.mark.parametrize(
    ("argument", "wanted"),
    [
        ("g", "√|gₜ|"),
        ("mean(g) + 1", "√|mean(gₜ) + 1|"),
        ("square(g)", "√(gₜ²)"),
        ("abs(g)", "√|gₜ|"),
        ("m", "√(mₜ₋₁)"),
        ("m / step + norm(g)", "√(mₜ₋₁ / t + ‖gₜ‖)"),
        ("1 - 0.9 ** step", "√(1 − 0.9ᵗ)"),
        ("lerp(m, sqrt(m), step ** -2)", "√((1 − t⁻²) mₜ₋₁ + t⁻² · √(mₜ₋₁))"),
    ],
)
def test_a_root_shows_bars_unless_nothing_below_zero_can_be_under_it(
    argument: str, wanted: str
) -> None:
    found = written(f"return g * sqrt({argument}), lerp(m, square(g), 0.1)")
    assert found[-1].endswith(f" − gₜ {wanted}")


def test_bars_in_latex() -> None:
    last = written("return sqrt(g) * lr, m", export_latex)[-2]
    assert last.endswith(r"\sqrt{\left| g_t \right|} \, \eta")


@pytest.mark.parametrize(
    ("result", "wanted"),
    [
        ("arcsin(g)", "arcsin(clip(gₜ, 1))"),
        ("arcsin(sin(g))", "arcsin(sin(gₜ))"),
        ("arctanh(g)", "arctanh(clip(gₜ, 0.999999))"),
        ("arccosh(g)", "arccosh(max(gₜ, 1))"),
    ],
)
def test_an_argument_is_clipped_into_the_domain_on_the_page_too(result: str, wanted: str) -> None:
    assert written(f"return {result}, m")[-1] == f"θₜ = θₜ₋₁ − {wanted}"


def test_no_name_takes_a_symbol_of_the_page() -> None:
    assert written(
        "theta = w * 2\n    t = theta * g\n    T = t * step\n    return T * total, m"
    ) == [
        "thetaₜ = θₜ₋₁ · 2",
        "tₜ = thetaₜ gₜ",
        "Tₜ = tₜ t",
        "θₜ = θₜ₋₁ − Tₜ T",
    ]
    latex = written("theta = w * 2\n    t = theta * g\n    return lr * t, m", export_latex)
    assert latex[1:-1] == [
        r"\mathrm{theta}_t &= \theta_{t-1} \cdot 2 \\",
        r"\mathrm{t}_t &= \mathrm{theta}_t \, g_t \\",
        r"\theta_t &= \theta_{t-1} - \eta \, \mathrm{t}_t",
    ]


def test_states_have_symbols_of_their_own() -> None:
    source = "def update(w, g, theta, g2, g_2):\n    return theta * g2 * g_2, g, g2 + g, g_2 + w\n"
    assert [line.strip() for line in export_unicode(program(source)).splitlines()] == [
        "thetaₜ = gₜ",
        "g⁽²⁾ₜ = g⁽²⁾ₜ₋₁ + gₜ",
        "g′⁽²⁾ₜ = g′⁽²⁾ₜ₋₁ + θₜ₋₁",
        "θₜ = θₜ₋₁ − thetaₜ₋₁ · g⁽²⁾ₜ₋₁ · g′⁽²⁾ₜ₋₁",
    ]


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
