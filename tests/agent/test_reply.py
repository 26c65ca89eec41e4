"""Whatever a model says, its programs are found, or one word says what it said instead."""

from __future__ import annotations

import json

import pytest

from agent.edits import read_edits
from agent.reply import read_reply
from agent.worth import Worth
from programs.load import kind_named
from tests.agent.replies import GOOD, fenced
from tests.agent.server import Reply

KIND = kind_named("optimizer")
SGD = "def update(w, g, lr):\n    return lr * g\n"
SIGN = "def update(w, g, lr):\n    return lr * sign(g)\n"


@pytest.mark.parametrize("reply", GOOD)
def test_good_replies_hold_programs(reply: str | Reply) -> None:
    assert isinstance(reply, str)
    assert read_reply(reply, KIND).worth is Worth.PROGRAM


@pytest.mark.parametrize(
    "text",
    [
        f"```python\n{SGD}```",
        f"Sure!\n\n~~~py\n{SGD}~~~\nHope it helps.",
        f"> ```\n{SGD}> ```",
        f"```python\nimport torch\n\n{SGD}\nprint(update(1, 2, 3))\n```",
        "```python\n>>> def update(w, g, lr):\n...     return lr * g\n```",
        f"```python\n{SGD}",
        SGD,
        "def update(w, g, lr): return lr*g",
        f"As text.\n\n{SGD}\nThat is all.",
        '{"code": "def update(w, g, lr):\\n    return lr * g"}',
        '```json\n[{"program": "def update(w, g, lr):\\n    return lr * g"}]\n```',
        '{"programs": [{"source": "```python\\ndef update(w, g, lr):\\n    return lr * g\\n```"}]}',
        '{"program": "def update(w, g, lr):\n    return lr * g"}',
        "  def update(w, g, lr):\n      return lr * g",
        "```python\ndef update(\n    w,\n    g,\n    lr,\n):\n    return lr * g\n```",
        "```python\r\ndef update(w, g, lr):\r\n    return lr * g\r\n```",
    ],
)
def test_a_program_is_found_wherever_it_stands(text: str) -> None:
    (offer,) = read_reply(text, KIND).offers
    assert offer.program.genome is not None
    assert offer.program.source.replace("(\n    w,\n    g,\n    lr,\n)", "(w, g, lr)").startswith(
        "def update(w, g, lr):"
    )


def test_several_programs_keep_the_reason_that_stands_before_each() -> None:
    text = f"Two ideas.\n\n1. Plain:\n```python\n{SGD}```\n\n2. Signed:\n```python\n{SIGN}```\n"
    found = [(o.program.source, o.rationale) for o in read_reply(text, KIND).offers]
    assert found == [(SGD, "Plain"), (SIGN, "Signed")]
    both = read_reply(f"```python\n{SGD}\n{SIGN}\n{SGD}```", KIND)
    assert [o.program.source for o in both.offers] == [SGD, SIGN]


@pytest.mark.parametrize("before", ["**1.** ", "## 2) ", "3. ", ""])
def test_a_reason_has_neither_number_nor_marks(before: str) -> None:
    (offer,) = read_reply(f"{before}Signed: `m` is all:\n```python\n{SIGN}```\n", KIND).offers
    assert offer.rationale == "Signed: `m` is all"


@pytest.mark.parametrize(
    ("text", "cut_off", "worth"),
    [
        ("", False, Worth.EMPTY),
        ("  \n", False, Worth.EMPTY),
        ("I'm sorry, but I can't help with that.", False, Worth.REFUSED),
        ("I can’t assist with this request.", False, Worth.REFUSED),
        ("```python\ndef update(w, g, m, lr):\n    m = lerp(m,", False, Worth.CUT_OFF),
        (fenced("m = lerp(m, g, 0.1)\nu = m"), True, Worth.CUT_OFF),
        ('{"program": "def update(w, g, lr):\\n return', False, Worth.MALFORMED),
        ("```python\ndef update(params, lr):\n    return lr\n```", False, Worth.SIGNATURE),
        ("```python\ndef step(w, g, lr):\n    return lr * g\n```", False, Worth.SIGNATURE),
        ("```python\nclass A(Optimizer):\n    pass\n```", False, Worth.SIGNATURE),
        (fenced("return lr * softsign(m), m"), False, Worth.OUTSIDE),
        (fenced("for x in layers:\n    m = g\nreturn lr * m, m"), False, Worth.OUTSIDE),
        ("```js\nfunction update(w, g) { return g; }\n```", False, Worth.FOREIGN),
        ("```rust\nfn update(w: f64) -> f64 { w }\n```", False, Worth.FOREIGN),
        ("Scale the momentum by its RMS.", False, Worth.PROSE),
    ],
)
def test_failures_have_a_name(text: str, cut_off: bool, worth: Worth) -> None:
    reading = read_reply(text, KIND, cut_off)
    assert reading.worth is worth
    assert reading.offers == ()


def test_module_names_are_dropped_where_the_vocabulary_has_the_function() -> None:
    text = fenced("m = lerp(m, g, 0.1)\nreturn lr * torch.sign(m) * np.sqrt(lr), m")
    (offer,) = read_reply(text, KIND).offers
    assert "sign(m) * sqrt(lr)" in offer.program.source
    (flawed,) = read_reply(fenced("return lr * torch.special.erf(m), m"), KIND).flawed
    assert "torch.special.erf" in flawed.source


WHOLE_MODEL = """import torch

BETA = 0.9

def update(params, grads, state, lr, step, total):
    state = [torch.maximum(BETA * s, g.abs()) for s, g in zip(state, grads)]
    return [lr * g / (s + 1e-8) for s, g in zip(state, grads)], state

def init(params):
    return [torch.zeros_like(p) for p in params]

print(init([torch.ones(3)]))
"""


@pytest.mark.parametrize(
    ("kind", "text", "form"),
    [
        ("optimizer", fenced("if step > 9:\n    m = g\nreturn m, m", "w, g, m, step"), "tensor"),
        ("optimizer", f"Keep the largest.\n\n```python\n{WHOLE_MODEL}```", "model"),
        ("optimizer", WHOLE_MODEL, "model"),
        ("optimizer", json.dumps({"program": WHOLE_MODEL}), "model"),
        (
            "schedule",
            "```python\nimport math\n\ndef schedule(step, total):\n    if step < 10:\n"
            "        return step / 10\n    return math.erf(1 - step / total)\n```",
            "schedule",
        ),
    ],
)
def test_free_form_python_is_taken_with_what_it_needs(kind: str, text: str, form: str) -> None:
    (offer,) = read_reply(text, kind_named(kind)).offers
    assert offer.program.genome is None
    assert offer.program.form == form
    assert "print" not in offer.program.source


def test_python_that_says_the_same_as_the_language_gets_a_genome() -> None:
    text = "```python\nimport torch\n\nBETA = 0.9\n\ndef update(w, g, m, lr):\n"
    text += "    m = m.mul(BETA).add(g, alpha=1 - BETA)\n    return lr * torch.sign(m), m\n```"
    (offer,) = read_reply(text, KIND).offers
    assert offer.program.genome is not None


PARENT = "def update(w, g, m, lr):\n    m = lerp(m, g, 0.1)\n    return lr * m, m\n"


def edit(search: str, replace: str) -> str:
    return f"<<<<<<< SEARCH\n{search}\n=======\n{replace}\n>>>>>>> REPLACE\n"


def test_edits_change_the_lines_they_name() -> None:
    text = "Signed.\n" + edit("return lr * m, m", "u = sign(m)\nreturn lr * u, m")
    (offer,) = read_edits(PARENT, text, KIND).offers
    assert offer.program.source.endswith("    u = sign(m)\n    return lr * u, m\n")
    assert offer.rationale == "Signed."


def test_a_diff_will_do_in_place_of_blocks() -> None:
    text = "Clip it.\n\n```diff\n-    return lr * m, m\n+    return lr * clip(m, 1.5), m\n```\n"
    (offer,) = read_edits(PARENT, text, KIND).offers
    assert offer.program.source.endswith("    return lr * clip(m, 1.5), m\n")
    assert offer.rationale == "Clip it."
    head = "```diff\n--- a\n+++ b\n@@ -1,3 +1,3 @@\n def update(w, g, m, lr):\n"
    text = f"{head}-    m = lerp(m, g, 0.1)\n+    m = lerp(m, g, 0.2)\n     return lr * m, m\n```"
    (offer,) = read_edits(PARENT, text, KIND).offers
    assert "0.2" in offer.program.source


def test_a_diff_may_leave_out_what_is_between_its_lines() -> None:
    lines = ("-    m = lerp(m, g, 0.1)", "+    m = lerp(m, g, 0.2)", "-    return lr * m, m")
    text = "\n".join(["```diff", *lines, "+    return 2 * lr * m, m", "```"])
    parent = PARENT.replace("    return", "    m = 1.0 * m\n    return")
    (offer,) = read_edits(parent, text, KIND).offers
    assert "lerp(m, g, 0.2)\n    m = 1.0 * m\n    return 2 * lr * m, m" in offer.program.source


def test_an_edit_of_lines_that_are_not_there_is_told_so() -> None:
    reading = read_edits(PARENT, edit("return lr * v", "return lr * m, m"), KIND)
    assert reading.worth is Worth.OUTSIDE
    assert "not in the program" in str(reading.flawed[0].fault)


def test_a_whole_program_will_do_in_place_of_edits() -> None:
    assert read_edits(PARENT, f"```python\n{SGD}```", KIND).worth is Worth.PROGRAM
    gone = read_edits(PARENT, edit("m = lerp(m, g, 0.1)", ""), KIND)
    assert gone.worth is Worth.PROGRAM


def test_free_form_python_keeps_its_imports_and_constants() -> None:
    source = (
        "import torch\n\nBETA = 0.9\n\n\ndef update(w, g, m, lr):\n    if g.ndim == 2:\n"
        "        g = torch.linalg.qr(g)[0]\n    m = BETA * m + g\n    return lr * m, m\n"
    )
    (offer,) = read_reply(f"Orthogonal.\n\n```python\n{source}```", KIND).offers
    assert (offer.program.form, offer.program.source) == ("tensor", source)
