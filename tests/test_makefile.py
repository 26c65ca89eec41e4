"""`make test-gpu` can take an environment as it is."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.skipif(not shutil.which("make"), reason="there is no make here")
def test_an_environment_that_is_named_is_taken_and_nothing_is_installed(tmp_path: Path) -> None:
    # Not even ours is there: what would make it would be written out.
    words = ["make", "-n", "test-gpu", f"VENV={tmp_path / 'none'}"]
    done, made = (
        subprocess.run([*words, *more], cwd=ROOT, capture_output=True, text=True, check=True).stdout
        for more in (["PYTHON_ENV=/opt/torch"], [])
    )
    assert "/opt/torch/bin/python -m pytest -m gpu" in done
    assert "/opt/torch/bin/python -m runs.cli bench gpu" in done
    assert "install" not in done
    assert "pip install" in made
    assert f"{tmp_path}/none/bin/python -m pytest -m gpu" in made


@pytest.mark.skipif(not shutil.which("make"), reason="there is no make here")
def test_an_environment_without_cambrian_is_told_so_before_any_test(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").write_text("#!/bin/sh\nexit 1\n")
    (tmp_path / "bin" / "python").chmod(0o755)
    words = ["make", "test-gpu", f"PYTHON_ENV={tmp_path}"]
    done = subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert f"{tmp_path}/bin does not find Cambrian" in done.stdout
    assert "-m pytest" not in done.stdout
