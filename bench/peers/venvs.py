"""A Python of its own for each rival, from its pinned requirements; torch is lent to it.

Rivals pin versions against one another and against us, so none shares our environment. The folder's
name holds the hash of its requirements: a changed pin is a new folder. Torch would be gigabytes for
each, and another torch would be another race, so all use the one that is installed here: a folder
of links to it and to what it needs comes last on their path, after their own packages.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

from platformdirs import user_cache_path

REQUIREMENTS = Path(__file__).with_name("requirements")


def cache() -> Path:
    """Return the folder that environments are kept in."""
    return user_cache_path("cambrian") / "peers"


def python_of(package: str, folder: Path) -> Path:
    """Return the interpreter of a rival, whether or not it is there; ours for none."""
    if not package:
        return Path(sys.executable)
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    digest = hashlib.blake2b(_pins(package).read_bytes(), digest_size=4).hexdigest()
    return folder / f"{package}-{version}-{digest}" / "bin" / "python"


def missing(package: str, folder: Path) -> bool:
    """Say whether a rival must still be installed."""
    return bool(package) and not _done(python_of(package, folder)).exists()


def install(package: str, folder: Path) -> None:
    """Make a rival's environment; `CalledProcessError` where pip fails, which said why."""
    python = python_of(package, folder)
    root = python.parent.parent
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(root)], check=True)
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "--requirement", str(_pins(package))], check=True)
    lent = root / "lent"
    lend("torch", lent)
    (packages,) = root.glob("lib/python*/site-packages")
    (packages / "zz-lent.pth").write_text(f"{lent}\n")
    _done(python).touch()


def version(package: str) -> str:
    """Return the version that a rival's requirements pin."""
    for line in _pins(package).read_text().splitlines():
        name, _, pinned = line.partition("==")
        if _normal(name) == _normal(package):
            return pinned.strip()
    raise ValueError(f"requirements/{package}.txt must pin {package} itself with `==`.")


def lend(name: str, folder: Path, seen: set[str] | None = None) -> None:
    """Link an installed package, and what it needs, into a folder."""
    seen = set() if seen is None else seen
    if _normal(name) in seen:
        return
    seen.add(_normal(name))
    folder.mkdir(parents=True, exist_ok=True)
    try:
        found = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return  # needed on other systems only
    for top in {file.parts[0] for file in found.files or () if ".." not in file.parts}:
        link, target = folder / top, Path(str(found.locate_file(top)))
        if not link.exists() and target.exists() and top != "__pycache__":
            link.symlink_to(target)
    for needed in found.requires or ():
        if "extra ==" not in needed:
            lend(re.split(r"[^\w.-]", needed, maxsplit=1)[0], folder, seen)


def _pins(package: str) -> Path:
    return REQUIREMENTS / f"{package}.txt"


def _done(python: Path) -> Path:
    return python.parent.parent / "installed"


def _normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
