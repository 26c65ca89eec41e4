"""A run and its programs as a notebook shows them."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import pytest

from programs.errors import InputError
from programs.load import library
from runs.notebook import open_run
from runs.store import Store
from tests.runs.samples import candidate, new_run

EVIL = "\x1b[2J\u202e</code><script>alert(1)</script>$x$"
FREE = f"def update(w, g, lr):\n    if True:\n        return lr * g  # {EVIL}\n"


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def parsed(page: str | None) -> Tags:
    assert page
    tags = Tags()
    tags.feed(page)
    return tags


@pytest.fixture
def run(path: Path) -> str:
    with Store.open(path) as store:
        made = new_run(store, task=f"digits{EVIL}")
        store.record(
            made.id, candidate(made.id, 0, 0.5, source=library("optimizer")["lion"].source)
        )
        store.record(made.id, candidate(made.id, 1, 0.75, source=FREE))
        store.finish(made.id, "done", "")
        return made.id


def test_a_run_is_a_table_of_its_best(path: Path, run: str) -> None:
    found = open_run(run[:4], path)
    assert len(found) == 2
    assert [p.row.score for p in found] == [0.75, 0.5]
    page = parsed(found._repr_html_())
    assert page.tags.count("tr") == 3
    assert "0.7500" in page.text
    assert "+0.2500" in page.text
    assert len(open_run(run, path, limit=1)) == 1


def test_what_a_stranger_wrote_is_only_text(path: Path, run: str) -> None:
    found = open_run(run, path)
    for shown in (found._repr_html_(), found[0]._repr_html_()):
        page = parsed(shown)
        assert set(page.tags) <= {"table", "caption", "thead", "tbody", *("tr", "th", "td")} | {
            "pre",
            "code",
        }
        assert "<script>" in page.text
        assert not set("\x1b\u202e$") & set(shown or "")
    assert "\x1b" not in repr(found)
    assert "\x1b" not in repr(found[0])


def test_a_program_is_its_formula_or_else_its_source(path: Path, run: str) -> None:
    free, lion = open_run(run, path)
    formula = lion._repr_latex_()
    assert formula is not None
    assert formula.startswith("$$\n\\begin{aligned}")
    assert formula.endswith("\\end{aligned}\n$$")
    assert lion._repr_html_() is None
    assert free._repr_latex_() is None
    assert "return lr * g" in parsed(free._repr_html_()).text


def test_a_run_that_is_not_there_is_one_sentence(path: Path, run: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="zzz"):
        open_run("zzz", path)
    with pytest.raises(InputError, match=r"none\.db"):
        open_run(run, tmp_path / "none.db")
