"""docs/language.md is what the vocabulary says today, and what it shows is so."""

from __future__ import annotations

from pathlib import Path

import pytest

from programs.freeform import Freeform, recognise
from programs.load import builtin_kinds, kind_named
from programs.reference import reference
from programs.reference_examples import FREE

FILE = Path(__file__).parents[2] / "docs" / "language.md"
TEXT = reference()


def test_the_file_is_up_to_date() -> None:
    assert FILE.read_text("utf-8") == TEXT, "run `make docs`"


@pytest.mark.parametrize("name", builtin_kinds())
def test_every_function_is_in_it(name: str) -> None:
    kind = kind_named(name)
    for op in kind.ops.values():
        assert op.usage in TEXT or f" {op.infix} b" in TEXT or op.name == "neg"
        assert op.doc.replace("|", "\\|") in TEXT


def test_every_kind_with_a_free_form_shows_one() -> None:
    shown = {name for name, _, source in FREE if source in TEXT}
    assert {"optimizer", "schedule"} <= shown
    for name, _, source in FREE:
        assert isinstance(recognise(source, kind_named(name)), Freeform) == (source in TEXT)
