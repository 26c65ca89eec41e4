"""Adapters, requirements, documents and the Makefile speak of the same rivals."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.peers import peer, venvs

ROOT = Path(__file__).parents[2]
HERE = ROOT / "bench" / "peers"
ALL = (*peer.RIVALS, *peer.ALSO_TIMED)
PACKAGES = sorted({peer.find(name).package for name in ALL} - {""})


def test_every_adapter_is_named_and_every_name_has_one() -> None:
    files = {p.stem for p in (HERE / "adapters").glob("*.py") if "\nPEER = " in p.read_text()}
    assert files == set(ALL)


def test_every_package_has_its_requirements_and_no_other_is_there() -> None:
    assert sorted(p.stem for p in (HERE / "requirements").glob("*.txt")) == PACKAGES


@pytest.mark.parametrize("package", PACKAGES)
def test_every_requirement_is_pinned(package: str) -> None:
    lines = (HERE / "requirements" / f"{package}.txt").read_text().splitlines()
    wanted = [line for line in lines if line and not line.startswith("#")]
    assert wanted
    assert all("==" in line for line in wanted)
    assert not any(line.startswith("torch==") for line in wanted)  # it is lent


@pytest.mark.parametrize("package", PACKAGES)
def test_the_figures_name_each_package_with_its_version(package: str) -> None:
    figures = (ROOT / "docs" / "peers-figures.md").read_text()
    assert f"{package} {venvs.version(package)}" in figures


def test_the_readme_leads_to_the_figures() -> None:
    assert "(docs/peers-figures.md)" in (ROOT / "README.md").read_text()


def test_the_makefile_runs_it() -> None:
    makefile = (ROOT / "Makefile").read_text()
    assert "bench-peers: $(READY)\n\t$(BIN)/python -m bench.peers --install" in makefile
    assert "bench-peers" in makefile.split(".PHONY:")[1].splitlines()[0]


def test_an_environment_changes_with_its_pins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "openevolve.txt").write_text("openevolve==1\n")
    monkeypatch.setattr(venvs, "REQUIREMENTS", tmp_path)
    before = venvs.python_of("openevolve", tmp_path)
    (tmp_path / "openevolve.txt").write_text("openevolve==2\n")
    assert venvs.python_of("openevolve", tmp_path) != before
    assert venvs.version("openevolve") == "2"
    assert venvs.missing("openevolve", tmp_path)
    assert not venvs.missing("", tmp_path)


def test_what_is_lent_brings_what_it_needs(tmp_path: Path) -> None:
    venvs.lend("rich", tmp_path)
    names = {path.name for path in tmp_path.iterdir()}
    assert {"rich", "pygments", "markdown_it"} <= names
    assert all(path.is_symlink() and path.exists() for path in tmp_path.iterdir())
