"""What is read, and what is refused: with a place, what was expected and the nearest legal form."""

from __future__ import annotations

import pytest

from programs.canonical import structural_key
from programs.errors import Fault
from programs.genome import Genome
from programs.kind import Kind
from programs.load import kind_named
from programs.meant import meant_kind
from programs.parse import parse
from programs.render import render

OPTIMIZER = kind_named("optimizer")
SCHEDULE = kind_named("schedule")


def read(source: str, kind: Kind) -> Genome:
    genome = parse(source, kind)
    assert isinstance(genome, Genome), genome
    return genome


def shown(source: str, kind: Kind) -> str:
    return render(read(source, kind), kind)


def refused(source: str, kind: Kind) -> Fault:
    fault = parse(source, kind)
    assert isinstance(fault, Fault)
    return fault


def test_natural_python_comes_out_pleasant() -> None:
    source = (
        "def update(w, g, m, lr, step):\n"
        "    m = 0.9 * m + 0.1 * g\n"
        "    m_hat = m / (1 - 0.9**step)\n"
        "    return -lr * sign(m_hat), m\n"
    )
    assert shown(source, OPTIMIZER) == source


@pytest.mark.parametrize(
    ("body", "where", "words", "nearest"),
    [
        ("return torch.sign(g)", (2, 12), "expected a function of the language", "sign(g)"),
        ("return g.mean()", (2, 12), "expected a function of the language", "mean(g)"),
        ("x = sgn(g)\n    return x", (2, 9), "there is no function `sgn`", "sign(g)"),
        ("return gg", (2, 12), "not bound before this line", "g"),
        ("return lerp(g, w)", (2, 12), "expected `lerp(a, b, t)`; `t` is missing", None),
        ("return lerp(g, w, tt=1)", (2, 12), "found `tt=`", "t"),
        ("x = 1\n    return g @ x * norm(3)", (3, 12), "expected a tensor", None),
        ("for i in g: pass\n    return g", (2, 5), "a loop (write `repeat(f, n, x)`", None),
        ("sign = g\n    return g", (2, 5), "a function of the language; choose another", None),
        ("return 'g'", (2, 12), "expected a number", None),
        ("return sign", (2, 12), "is a function: call it", "sign(…)"),
        ("return norm(g)", (2, 5), "the result must be a tensor of w's shape", None),
    ],
)
def test_a_fault_says_where_and_what_instead(
    body: str, where: tuple[int, int], words: str, nearest: str | None
) -> None:
    fault = refused(f"def update(w, g):\n    {body}\n", OPTIMIZER)
    assert (fault.line, fault.column) == where, fault
    assert words in fault.message
    assert fault.nearest == nearest


def test_helpers_are_written_out_where_a_kind_has_no_motifs() -> None:
    genome = read(
        "def ema(m, g, t):\n"
        "    d = (g - m) * t\n"
        "    return m + d\n\n\n"
        "def update(w, g, m, lr):\n"
        "    m = ema(m, g, 0.1)\n"
        "    return lr * ema(m, g, 0.2), m\n",
        OPTIMIZER,
    )
    assert not genome.helpers
    assert render(genome, OPTIMIZER) == (
        "def update(w, g, m, lr):\n"
        "    d = (g - m) * 0.1\n"
        "    m = m + d\n"
        "    d = (g - m) * 0.2\n"
        "    return lr * (m + d), m\n"
    )


@pytest.mark.parametrize("call", ["ema(m, g, t=0.1)", "ema(t=0.1, g=g, m=m)"])
def test_a_helper_takes_its_arguments_by_name_too(call: str) -> None:
    source = "def ema(m, g, t):\n    return m + t * g\n\ndef update(w, g, m):\n    return {}, g\n"
    assert read(source.format(call), OPTIMIZER) == read(source.format("ema(m, g, 0.1)"), OPTIMIZER)


def test_a_helper_may_be_repeated() -> None:
    source = "def half(x):\n    return 0.5 * x\n\ndef schedule(step, total):\n    return %s\n"
    assert shown(source % "repeat(half, 3, 1)", SCHEDULE).endswith("0.5 * (0.5 * (0.5 * 1))\n")


@pytest.mark.parametrize(
    ("call", "words"),
    [
        ("half(1, 2)", "`half` takes 1 argument, found 2"),
        ("half(1, x=2)", "`half` takes 1 argument, found 2"),
        ("half(y=1)", "expected `half(x)`, found `y=`"),
        ("half(**step)", "expected `half(x)`, found `**step`"),
        ("repeat(half, 2)", "`half` takes 1 argument, found 0"),
        ("half", "`half` is a function: call it"),
        ("repeat(halt, 2, 1)", "`halt` is none"),
        ("repeat(half, step, 1)", "a literal number"),
        ("repeat(half, 1000, 1)", "expected 1 to 64 copies"),
        ("third(1)", "there is no function `third`"),
    ],
)
def test_wrong_use_of_a_helper_is_refused(call: str, words: str) -> None:
    source = f"def half(x):\n    return 0.5 * x\n\ndef schedule(step, total):\n    return {call}\n"
    fault = refused(source, SCHEDULE)
    assert words in fault.message
    assert fault.line == 5


@pytest.mark.parametrize("params", ["step, total, half", "step, total"])
def test_a_helpers_name_is_not_bound_anew(params: str) -> None:
    source = "def half(x):\n    return x\n\ndef schedule({}):\n    half = 1\n    return half\n"
    fault = refused(source.format(params), SCHEDULE)
    assert "`half` is a helper; choose another name" in fault.message


ENTRY = "def schedule(step, total):\n    return 1\n"


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("", "found none"),
        ("def f(x):\n    return x\n", "found none"),
        (ENTRY + "def f(x):\n    return x\n", "come last"),
        ("def f(x):\n    return f(x)\n" + ENTRY, "no function `f`"),
        ("def f(x):\n    return x, x\n" + ENTRY, "one value"),
        ("def cos(x):\n    return x\n" + ENTRY, "another name"),
        ("import os\n" + ENTRY, "helper functions before it only: drop the import"),
        ("from math import pi\n" + ENTRY, "helper functions before it only: drop the import"),
        ("WARM = 9\n" + ENTRY, "put `WARM` into the function that reads it"),
        ("schedule = lambda step, total: 1\n", "before it only, found a function without `def`"),
        ("class Schedule:\n    pass\n", "helper functions before it only, found a class"),
        ("def schedule(step):\n    return 1\n", "must take `total`"),
        ("def schedule(step, total, m):\n    return 1, m\n", "takes only step, total"),
    ],
)
def test_wrong_layout_is_refused(source: str, words: str) -> None:
    assert words in refused(source, SCHEDULE).message


def test_helpers_that_multiply_are_refused_before_they_are_written_out() -> None:
    lines = ["def f0(x):", "    return x + 1"]
    for i in range(30):
        lines += [f"def f{i + 1}(x):", f"    return f{i}(f{i}(x))"]
    lines += ["def schedule(step, total):", "    return f30(step)"]
    assert "written out" in refused("\n".join(lines), SCHEDULE).message


@pytest.mark.parametrize(
    ("source", "line", "nearest"),
    [
        ("", 1, "def update(w, g)"),
        ("def updates(w, g, m, lr):\n    return g, m\n", 1, "def update(w, g, m, lr)"),
        ("def Update(w, g, lr):\n    return g\n", 1, "def update(w, g, lr)"),
        (
            "def f(x):\n    return x\n\ndef updaet(w, g):\n    return g\n\n"
            "def h(x):\n    return x\n",
            4,
            "def update(w, g)",
        ),
        ("def update(weight, grad, lr):\n    return lr * grad\n", 1, "def update(w, g, lr)"),
        ("def update(w, grad, m, lr):\n    return grad, m\n", 1, "def update(w, g, m, lr)"),
        ("def update(grad, lr):\n    return grad\n", 1, "def update(w, g, lr)"),
        ("def update(g, lr):\n    return g\n", 1, "def update(w, g, lr)"),
    ],
)
def test_a_wrong_head_is_answered_with_the_right_one(source: str, line: int, nearest: str) -> None:
    fault = refused(source, OPTIMIZER)
    assert (fault.line, fault.column, fault.nearest) == (line, 1, nearest)


@pytest.mark.parametrize(
    ("head", "words", "nearest"),
    [
        ("w, g, m, lr, wd", "but `w`, `g`, `lr`, `step` and `total`: a number", None),
        ("w, g, m, lr, wd", "is written in the body, `wd = 0.01`", None),
        ("w, g, m, lr, t", "for a state: write `step`", "def update(w, g, m, lr, step)"),
        ("w, g, m, eta", "for a state: write `lr`", "def update(w, g, m, lr)"),
        ("w, g, m, v, lr", "(the result, the new `m`, the new `v`), found 2", None),
    ],
)
def test_a_parameter_that_is_taken_for_a_state_is_named(
    head: str, words: str, nearest: str | None
) -> None:
    fault = refused(f"def update({head}):\n    m = lerp(m, g, 0.1)\n    return m, m\n", OPTIMIZER)
    assert words in fault.message
    assert fault.nearest == nearest


def test_shapes_that_do_not_meet_are_named_once_and_no_scalar() -> None:
    line = "L = lerp(L, g @ transpose(g), 0.01)"
    fault = refused(f"def update(w, g, L):\n    {line}\n    return g, L\n", OPTIMIZER)
    assert fault.message.endswith("cannot combine a tensor of w's shape with an r×r matrix")


def test_what_python_cannot_read_is_told_in_our_words() -> None:
    digits = refused(f"def update(w, g):\n    return g * {'9' * 5000}\n", OPTIMIZER)
    assert digits.message == "a number has too many digits; it must be within ±1e+30"
    assert digits.line == 2
    terms = refused("def update(w, g):\n    return g" + "+g" * 20_000, OPTIMIZER)
    assert terms.message.startswith("nested too deeply, or a sum or product too long")


def test_a_schedule_is_told_what_it_may_take() -> None:
    for head in ("t, T", "step, total, w"):
        fault = refused(f"def schedule({head}):\n    return 1\n", SCHEDULE)
        assert fault.nearest == "def schedule(step, total)"


def test_a_missing_colon_is_put_in() -> None:
    fault = refused("x = 1\ndef schedule(step, total)\n    return 1\n", SCHEDULE)
    assert (fault.line, fault.column) == (2, 26)
    assert fault.nearest == "def schedule(step, total):"
    fault = refused("def schedule(step, total)\n    return 1\n" + "x" * 100, SCHEDULE)
    assert fault.nearest == "def schedule(step, total):"
    assert refused(f"def schedule({'s' * 80})\n    return 1\n", SCHEDULE).nearest is None


@pytest.mark.parametrize(
    ("lines", "shown_as"),
    [
        ("a, b = 2 * step, total + 1", "a = 2 * step; b = total + 1; return a / b"),
        ("a, b = total, step; a, b = b, a", "return step / total"),
        ("a = b = 2 * step", "a = 2 * step; return a / a"),
        ("a, a, b = step, total, 3", "b = 3; return total / b"),
        ("a = b = 0.5", "a = 0.5; return a / a"),
        (
            "a, b = 1 + step, 2; a, b = b * a, 2 * a",
            "b1 = 2; a = 1 + step; a1 = b1 * a; b = 2 * a; return a1 / b",
        ),
    ],
)
def test_several_names_in_a_line_are_read_as_a_line_each(lines: str, shown_as: str) -> None:
    body = "".join(f"    {line}\n" for line in (*lines.split("; "), "return a / b"))
    found = shown("def schedule(step, total):\n" + body, SCHEDULE)
    assert "; ".join(line.strip() for line in found.splitlines()[1:]) == shown_as


def test_names_of_one_line_are_bound_after_all_of_its_values() -> None:
    plain = "def update(w, g, m, v, lr):\n    n = lerp(m, g, 0.1)\n"
    together = "    m, v = n, lerp(v, m, 0.2)\n    return lr * m, m, v\n"
    apart = "    u = lerp(v, m, 0.2)\n    return lr * n, n, u\n"
    keys = {structural_key(read(plain + rest, OPTIMIZER), OPTIMIZER) for rest in (together, apart)}
    assert len(keys) == 1


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("a, b = step", "a target that is no name, or several for one value"),
        ("a, *b = step, total", "a target that is no name"),
        ("a[0] = step", "a target that is no name"),
        ("step.x += 1", "a target that is no name"),
        ("a, cos = step, total", "`cos` is a function of the language"),
        ("step", "an expression whose value has no name"),
    ],
)
def test_other_targets_are_refused_in_words(line: str, words: str) -> None:
    fault = refused(f"def schedule(step, total):\n    {line}\n    return 1\n", SCHEDULE)
    assert words in fault.message
    assert fault.line == 2


@pytest.mark.parametrize(("calls", "fits"), [(50, True), (60, False)])
def test_a_program_is_read_only_if_what_it_is_written_out_as_can_be_read(
    calls: int, fits: bool
) -> None:
    long = "carried_over_from_the_step_before_this"
    helper = f"def f(a):\n    {long} = a * a\n" + f"    {long} = {long} + a\n" * 8
    lines = "    m = f(m)\n" * calls
    source = f"{helper}    return {long}\n\ndef update(w, g, m, lr):\n{lines}    return lr * g, m\n"
    found = parse(source, OPTIMIZER)
    if fits:
        assert isinstance(found, Genome)
        assert parse(render(found, OPTIMIZER), OPTIMIZER) == found
    else:
        assert isinstance(found, Fault)
        assert "characters once written out; at most 65,536 are read" in found.message


def test_a_lambda_with_a_name_is_shown_as_a_function() -> None:
    fault = refused("schedule = lambda step, total: 1 - step / total\n", SCHEDULE)
    assert fault.nearest == "def schedule(step, total): return 1 - step / total"
    assert shown(f"{fault.nearest}\n", SCHEDULE)
    long = f"schedule = lambda step, total: {'1 + ' * 30}1\n"
    assert refused(long, SCHEDULE).nearest is None


@pytest.mark.parametrize(
    ("source", "kind", "nearest"),
    [
        ("def shedule(step, total):\n    return 1\n", "schedule", "def schedule(step, total)"),
        ("def get_lr(step, total):\n    return 1\n", "schedule", "def schedule(step, total)"),
        ("def warm(step, max_steps):\n    return 1\n", "schedule", "def schedule(step, total)"),
        ("def get_lr(t):\n    return 1\n", "schedule", "def schedule(step, total)"),
        ("f = lambda step, total: 1 / total\n", "schedule", "def schedule(step, total): return"),
        ("h = lambda x, y: x\ndef get_lr(step, total):\n    return 1\n", "schedule", "def h(x, y)"),
        ("def forward(x):\n    return linear(x, 64)\n", "architecture", "def network(x)"),
        ("def model(h):\n    return linear(h, 64)\n", "architecture", "def network(x)"),
        ("class N:\n    def forward(self, x):\n        return x\n", "architecture", None),
        ("def ema(x, y):\n    return x\n\ndef adam(w, g):\n    return g\n", "optimizer", "def"),
        ("def step(w, g, lr, step, total):\n    return g\n", "optimizer", "def update(w, g, lr"),
        ("def step(w: float, g: float, m):\n    return g\n", "optimizer", "def update(w, g, m)"),
        ("def f(a, b):\n    return a\n", "optimizer", "def update(w, g)"),
        ("", "optimizer", "def update(w, g)"),
    ],
)
def test_the_kind_that_is_meant_shows_in_names_and_parameters(
    source: str, kind: str, nearest: str | None
) -> None:
    meant = meant_kind(source)
    assert meant.name == kind
    fault = refused(source, meant)
    assert (fault.nearest or "").startswith(nearest or "")
    assert bool(fault.nearest) == bool(nearest)


@pytest.mark.parametrize(
    ("kind", "source"),
    [
        ("architecture", "return linear(gelu(linear(x, times=4)), times=0.25)"),
        ("architecture", "return layer_norm(x + linear(gelu(linear(x, times=4)), times=0.25))"),
        (
            "optimizer",
            "return lr * m / (sqrt(v / (1 - 0.99**step)) + 1e-8), m, v",
        ),
        ("schedule", "return 0.5 * (1 + cos(pi * mod(4 * step / total, 1)))"),
        ("schedule", "return cos(-pi * step / total)"),
        ("schedule", "half = pi\n    return cos(half * step)"),
        ("schedule", "pi = 3\n    return step * pi + 3.141592653589793"),
        ("schedule", "pi = 3 - step\n    return step * pi + 3.141592653589793"),
    ],
)
def test_what_fits_on_a_line_stays_there_and_pi_stays_pi(kind: str, source: str) -> None:
    params = {"architecture": "x", "optimizer": "w, g, m, v, lr, step", "schedule": "step, total"}
    entry = kind_named(kind).entry.name
    whole = f"def {entry}({params[kind]}):\n    {source}\n"
    assert shown(whole, kind_named(kind)) == whole


def test_what_does_not_fit_on_a_line_gets_a_name() -> None:
    result = " + ".join(f"g * lr**{n}" for n in range(9))
    lines = shown(f"def update(w, g, lr):\n    return {result}\n", OPTIMIZER).splitlines()
    assert len(lines) > 2
    assert max(map(len, lines)) <= 100


@pytest.mark.parametrize(
    "doc", ['Says "momentum".', '"Twice"', 'a """b""" c', "one \\\\ two", '""']
)
def test_a_docstring_comes_out_as_it_was_read(doc: str) -> None:
    genome = read(f"'''{doc}'''\n\n\ndef update(w, g):\n    return g\n", OPTIMIZER)
    text = render(genome, OPTIMIZER)
    assert read(text, OPTIMIZER) == genome
    assert '\\"m' not in text
