"""Where settings may stand, and trainings be kept; looking imports next to nothing."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

PREFIX = "CAMBRIAN_"
"""What the variables of the environment begin with."""

PROJECT = "cambrian.toml"
"""The file in the working directory."""


def user_file() -> Path:
    """Return the user's own file, be it there or not."""
    from platformdirs import user_config_path

    return user_config_path("cambrian") / "config.toml"


def trainings() -> Path:
    """Return the folder that holds what an unfinished verdict has trained so far."""
    from platformdirs import user_cache_path

    return user_cache_path("cambrian") / "trainings"


def database() -> Path:
    """Return the database that a command without flag would use, if no file of settings is amiss.

    This is for completion, which has no time to check settings, and nobody to tell.
    """
    import tomllib

    found: Any = os.environ.get(f"{PREFIX}DB")
    for path in (Path(PROJECT), user_file()):
        with suppress(OSError, ValueError):
            found = found or tomllib.loads(path.read_text("utf-8")).get("db")
    return Path(found if isinstance(found, str) else "cambrian.db")


def anything_set() -> bool:
    """Tell whether there is a place that may hold settings."""
    named = any(name.startswith(PREFIX) for name in os.environ)
    return named or Path(PROJECT).exists() or _has_user_file()


def _has_user_file() -> bool:
    """Tell whether the user's own file is there."""
    if sys.platform == "linux":
        # Who has no folder of ours need not wait until the library that knows all systems is there.
        homes = (os.environ.get("XDG_CONFIG_HOME", ""), os.path.expanduser("~/.config"))
        if not any(os.path.isdir(os.path.join(home, "cambrian")) for home in homes if home):
            return False
    return user_file().exists()
