"""How the user calls the command: by its name where the shell finds it, else by its path."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

NAME = "cambrian"


def called() -> str:
    """Return what to type for `cambrian` here, so that a command we print can be copied.

    In a virtual environment that was not activated that is the path by which it was called now.
    """
    script = Path(sys.argv[0])
    if shutil.which(NAME) or script.name != NAME or not script.is_file():
        return NAME
    here = script.resolve()
    return str(here.relative_to(Path.cwd())) if here.is_relative_to(Path.cwd()) else str(here)
