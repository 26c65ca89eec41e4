"""A file that was exported is read back as the program that it was written for, unless changed."""

from __future__ import annotations

import pytest

from programs.errors import InputError
from programs.export import export
from programs.export.evidence import Evidence
from programs.export.recall import header_program, is_unchanged
from programs.load import in_language, kind_named, kind_of, library, read_program
from programs.program import Program
from programs.spec import Spec
from tests.programs.export.samples import mutants
from tests.programs.freeform.corpus import LOWERED

EVIDENCE = Evidence(("score: 0.9\nThe program:\n\nnone", "verdict: none"), 0.0123)
PLACES = (
    None,
    Spec("image", (3, 8, 8), 10),
    Spec("sequence", (12, 24), 5, causal=True),
    Spec("vector", (20,), 3),
)


def recalled(text: str, kind: str) -> Program:
    source = header_program(text)
    assert source is not None
    assert is_unchanged(text, source)
    found = read_program(source, kind_named(kind))
    assert isinstance(found, Program), found
    return found


@pytest.mark.parametrize("kind", ["optimizer", "schedule"])
def test_the_library_comes_back(kind: str):
    for program in in_language(kind).values():
        assert recalled(export(program, "py", EVIDENCE), kind).key == program.key


def test_architectures_come_back_wherever_they_stand():
    count = 0
    for program in in_language("architecture").values():
        for spec in PLACES:
            try:
                text = export(program, "py", EVIDENCE, spec)
            except InputError:
                continue
            assert recalled(text, "architecture").key == program.key
            count += 1
    assert count > len(in_language("architecture"))


def test_programs_that_search_made_come_back():
    for program in mutants(12, seed=5):
        assert recalled(export(program, "py", EVIDENCE), "optimizer").key == program.key


@pytest.mark.parametrize("case", LOWERED)
def test_what_was_written_in_pytorch_comes_back_with_its_constants_and_imports(case: str):
    kind = kind_of(LOWERED[case][1])
    assert kind is not None
    program = read_program(LOWERED[case][1], kind)
    assert isinstance(program, Program)
    assert recalled(export(program, "py", EVIDENCE), kind.name).key == program.key


def test_a_title_with_quotes_and_backslashes_comes_back():
    source = (
        '"""A \\\\ and a \\"quote\\"."""\n\ndef update(w, g, lr, step):\n    return lr * g / step\n'
    )
    program = read_program(source, kind_named("optimizer"))
    assert isinstance(program, Program)
    assert recalled(export(program), "optimizer").key == program.key


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("torch.lerp(v, torch.square(g), 0.001)", "torch.lerp(v, torch.square(g), 0.01)"),
        ("torch._foreach_mul_(v, 0.999)", "torch._foreach_mul_(v, 0.99)"),
        ("c1 = 1 - 0.9**step", "c1 = 1 - 0.8**step"),
        ("        m = lerp(m, g, 0.1)", "        m = lerp(m, g, 0.2)"),
    ],
)
def test_a_change_of_the_code_or_of_the_header_is_seen(old: str, new: str):
    text = export(library("optimizer")["adamw"])
    assert old in text
    changed = text.replace(old, new)
    source = header_program(changed)
    assert source is not None
    assert not is_unchanged(changed, source)


def test_layout_and_comments_are_no_change():
    text = export(library("optimizer")["adamw"])
    restyled = text.replace("lr = float(lr)", "lr = float(\n lr  # a number\n)")
    assert restyled != text
    assert recalled(restyled, "optimizer").key == library("optimizer")["adamw"].key


def test_other_files_are_none():
    adamw = library("optimizer")["adamw"].source
    assert header_program(adamw) is None
    assert header_program(export(library("optimizer")["soap"])) is None
    assert header_program('"""\nThe program:\n\n    def update(w, g)') is None
