"""What people install holds exactly the five rooms, typed, with the library of programs."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
ROOMS = {"agent", "programs", "sandbox", "evaluators", "runs"}


def test_the_wheel_holds_the_five_packages_and_nothing_else(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("cambrian-*.whl")
    names = zipfile.ZipFile(wheel).namelist()
    top = {name.split("/")[0] for name in names if ".dist-info" not in name}
    assert top == ROOMS
    assert {f"{room}/py.typed" for room in ROOMS} <= set(names)
    assert "programs/library/optimizers/adamw.py" in names
    assert not any("__pycache__" in name for name in names)
    entry = next(n for n in names if n.endswith("entry_points.txt"))
    assert "cambrian = runs.begin:program" in zipfile.ZipFile(wheel).read(entry).decode()
