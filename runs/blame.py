"""Tell an error of a user's plug-in from one of ours, by the file in which it was raised."""

from __future__ import annotations

import sysconfig
from pathlib import Path

from programs.errors import blamed

OURS = ("agent", "evaluators", "programs", "runs", "sandbox")


def of_a_plugin(error: BaseException) -> str | None:
    """Say what failed in a user's file, and where; `None` where the error is not of such a file."""
    import traceback  # late, as are all errors

    frames = traceback.extract_tb(error.__traceback__)
    theirs = [frame.filename for frame in frames if _theirs(frame.filename)]
    if not theirs:
        return None
    file = theirs[-1]
    return (
        f"{Path(file).name} failed: {blamed(error, file)}. What was finished is saved; "
        f"`cambrian check {file}` examines the file, `--debug` shows the traceback."
    )


def _theirs(file: str) -> bool:
    """Tell whether a file is neither ours, nor Python's, nor an installed package's."""
    root = Path(__file__).parents[1]
    paths = sysconfig.get_paths()
    known = [*(root / each for each in OURS), *(Path(paths[k]) for k in ("stdlib", "purelib"))]
    path = Path(file)
    # The script that starts the command has no suffix.
    return path.suffix == ".py" and not any(path.resolve().is_relative_to(each) for each in known)
