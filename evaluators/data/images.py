"""Pictures as networks take them: `[channels, height, width]`, from black at 0 to white at 1."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from programs.errors import InputError

SUFFIXES = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")

_WHITE = 65535
"""Of 16 bits."""


def in_folder(folder: Path) -> list[Path]:
    """Return a folder's pictures in the order of their names; `InputError` where there are none.

    Hidden files are passed over: some systems leave `._a.png` beside `a.png`.
    """
    files = [p for p in sorted(folder.iterdir()) if p.is_file() and not p.name.startswith(".")]
    pictures = [p for p in files if p.suffix.lower() in SUFFIXES]
    if pictures:
        return pictures
    other = ", ".join(f"`{p.name}`" for p in files[:3]) + (", …" if len(files) > 3 else "")
    raise InputError(
        f"{folder} holds no image that can be read, "
        + (f"only {other}: " if files else "no file at all: ")
        + f"every sub-folder is a class, so put some there ({', '.join(SUFFIXES)}) or remove it."
    )


def pixels(image: Any, path: Path, size: tuple[int, int], grey: bool) -> np.ndarray:
    """Read a picture with Pillow's module `image`, resized to `(height, width)`."""
    try:
        with image.open(path) as opened:
            if opened.mode in ("I", "F") or opened.mode.startswith("I;"):
                return _deep(image, opened, path, size, 1 if grey else 3)
            shown = opened.convert("L" if grey else "RGB").resize(size[::-1])
    except OSError:
        raise InputError(f"{path} cannot be read as an image: mend or remove it.") from None
    return channels_first(np.asarray(shown)[None])[0]


def channels_first(images: np.ndarray) -> np.ndarray:
    """Turn bytes `[n, height, width]`, or with channels after these, into what networks take."""
    moved = images.reshape(*images.shape[:3], -1).transpose(0, 3, 1, 2)
    return moved.astype(np.float32, order="C") / np.float32(255)


def _deep(image: Any, opened: Any, path: Path, size: tuple[int, int], channels: int) -> np.ndarray:
    """Scale a grey picture of 16 bits, which Pillow would cut off at 255.

    It also opens some as 32 bits (`I`), of which only a PNG says that it has 16.
    """
    if opened.mode == "F" or (opened.mode == "I" and opened.format != "PNG"):
        raise InputError(
            f"{path} has 32 bits a pixel, and nothing says which number is white: save it with 8 "
            "or 16 bits, or read it with a function of your own."
        )
    levels = np.asarray(opened).astype(np.float32) / np.float32(_WHITE)
    resized = np.asarray(image.fromarray(levels).resize(size[::-1]))
    return np.repeat(resized.clip(0, 1)[None], channels, 0)
