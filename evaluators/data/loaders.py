"""Read data that people have: arrays, CIFAR-10, folders of images, text, Hugging Face datasets.

Each returns inputs and labels as arrays for `split`, or ready `Data` where the format itself says
which examples are held out. What cannot be read is an `InputError` with what was expected.
"""

from __future__ import annotations

import importlib
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from evaluators.data.images import channels_first, in_folder, pixels
from evaluators.data.splits import Data, Pair
from programs.errors import InputError, closest

_CIFAR_RECORD = 1 + 3 * 32 * 32


def npz(path: str | Path, x: str = "x", y: str = "y") -> Pair:
    """Read two arrays of a `.npz` file; floats become float32. Pickled objects are refused."""
    path = _there(path)
    if not zipfile.is_zipfile(path):
        raise InputError(f"{path} is no .npz file: expected what `numpy.savez` writes.")
    try:
        with np.load(path, allow_pickle=False) as file:
            absent = {x, y} - set(file.files)
            if absent:
                raise InputError(
                    f"{path} has no array {_some(absent)}: it has {_some(file.files)}."
                )
            return numeric(file[x]), numeric(file[y])
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        why = "it holds Python objects, not numbers" if "pickle" in str(error) else str(error)
        raise InputError(f"{path} cannot be read as .npz: {why}.") from None


def cifar10(folder: str | Path, validation: int = 5_000) -> Data:
    """Read CIFAR-10's binary version (`data_batch_1.bin` … `test_batch.bin`), as 0…1 float32.

    The last `validation` training images are for the search; the test batch is held out.
    """
    folder = _folder(folder)
    names = sorted(folder.glob("data_batch_*.bin"))
    if not names:
        raise InputError(f"{folder} has no data_batch_1.bin: expected CIFAR-10's binary version.")
    batches = [_cifar_batch(path) for path in names]
    x, y = (np.concatenate(part) for part in zip(*batches, strict=True))
    if not 0 < validation < len(x):
        raise InputError(
            f"{validation} validation images of {len(x)} leave nothing to train on: give "
            "`validation` a smaller number."
        )
    cut = len(x) - validation
    return Data((x[:cut], y[:cut]), (x[cut:], y[cut:]), _cifar_batch(folder / "test_batch.bin"))


def _cifar_batch(path: Path) -> Pair:
    raw = np.frombuffer(_there(path).read_bytes(), np.uint8)
    if not len(raw) or len(raw) % _CIFAR_RECORD:
        raise InputError(f"{path} is no CIFAR-10 batch: {len(raw)} bytes, not times 3073.")
    rows = raw.reshape(-1, _CIFAR_RECORD)
    images = rows[:, 1:].reshape(-1, 3, 32, 32)
    return images.astype(np.float32) / np.float32(255), rows[:, 0].astype(np.int64)


def folders(folder: str | Path, size: tuple[int, int], grey: bool = False) -> Pair:
    """Read images from one sub-folder per class, resized to `(height, width)`; needs Pillow.

    Returns `[n, channels, height, width]` in 0…1, and the place of the class's name in
    alphabetical order. Hidden folders are no classes.
    """
    image = _library("PIL.Image", "Images in folders", "pillow")
    folder = _folder(folder)
    kinds = sorted(f for f in folder.iterdir() if f.is_dir() and not f.name.startswith("."))
    if not kinds:
        raise InputError(f"{folder} holds no images: expected one sub-folder of them per class.")
    found = [in_folder(kind) for kind in kinds]
    images = [pixels(image, path, size, grey) for paths in found for path in paths]
    return np.stack(images), np.repeat(np.arange(len(kinds)), [len(paths) for paths in found])


def text(
    paths: str | Path | Sequence[str | Path],
    context: int,
    judged: int = 1024,
    held_out: float = 0.1,
) -> Data:
    """Read text files as bytes for next-byte prediction.

    The last `held_out` share of the bytes is for judging, validation before test. Training pairs
    are windows of `context` bytes and the same shifted by one. A judged example is a window and
    the single byte after it. Judged windows do not touch, so no judged byte is in any window.
    """
    several = [paths] if isinstance(paths, str | Path) else list(paths)
    if not several:
        raise InputError(
            "There are no text files: the list of paths is empty, as a pattern leaves it that no "
            "file fits. Does it begin at the right folder?"
        )
    joined = b"\n".join(_file(p).read_bytes() for p in several)
    return windows(joined, context, judged, held_out)


def windows(corpus: bytes, context: int, judged: int = 1024, held_out: float = 0.1) -> Data:
    """Cut bytes into `Data` for next-byte prediction, as `text` says."""
    raw = np.frombuffer(corpus, np.uint8)
    cut = round(len(raw) * (1 - held_out))
    middle = (cut + len(raw)) // 2
    trained = (cut - 1) // context
    parts = [_judged(part, context, judged) for part in (raw[cut:middle], raw[middle:])]
    if trained < 1 or not all(len(y) for _, y in parts):
        raise InputError(f"{len(raw)} bytes of text are too few for windows of {context}.")
    x = raw[: trained * context].reshape(-1, context)
    y = raw[1 : trained * context + 1].reshape(-1, context)
    return Data((x, y), parts[0], parts[1])


def _judged(raw: np.ndarray, context: int, most: int) -> Pair:
    rows = raw[: len(raw) // (context + 1) * (context + 1)].reshape(-1, context + 1)
    spread = np.linspace(0, len(rows) - 1, min(most, len(rows))).astype(np.int64)
    return rows[spread, :context].copy(), rows[spread, context].astype(np.int64)


def arrow(folder: str | Path, x: str, y: str) -> Pair:
    """Read two columns of a Hugging Face dataset saved with `save_to_disk`; needs `datasets`.

    Images come as `folders` gives them: `[n, channels, height, width]` in 0…1.
    """
    datasets = _library("datasets", "A Hugging Face dataset", "datasets")
    try:
        table = datasets.load_from_disk(str(_folder(folder)))
    except FileNotFoundError:
        raise InputError(
            f"{folder} is no Hugging Face dataset: expected the folder that `save_to_disk` wrote."
        ) from None
    if isinstance(table, datasets.DatasetDict):
        raise InputError(f"{folder} holds {_some(table)}: name the folder of one of these.")
    absent = {x, y} - set(table.column_names)
    if absent:
        raise InputError(f"{folder} has no column {_some(absent)}: it has {_some(table.features)}.")
    pictures = isinstance(table.features[x], datasets.Image)
    table = table.with_format("numpy")
    inputs = [np.asarray(each) for each in table[x]]
    if len(shapes := {each.shape for each in inputs}) > 1:
        raise InputError(
            f"The inputs `{x}` of {folder} have several shapes, {_some(shapes)}: make them alike."
        )
    stacked = np.stack(inputs)
    return channels_first(stacked) if pictures else numeric(stacked), numeric(np.array(table[y]))


def numeric(values: np.ndarray) -> np.ndarray:
    """Return truth values and quantities as float32, and anything else as it is."""
    return values.astype(np.float32) if values.dtype.kind in "bf" else values


def _there(path: str | Path) -> Path:
    path = Path(path).absolute()
    if not path.exists():
        beside = [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else []
        near = closest(path.name, beside)
        raise InputError(f"There is no {path}." + (f" Did you mean `{near}`?" if near else ""))
    return path


def _folder(path: str | Path) -> Path:
    path = _there(path)
    if not path.is_dir():
        raise InputError(f"{path} is a file: name the folder.")
    return path


def _file(path: str | Path) -> Path:
    path = _there(path)
    if path.is_dir():
        raise InputError(f"{path} is a folder: name its files, `sorted(Path(…).glob('*.txt'))`.")
    return path


def _some(names: Any) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names)) or "none"


def _library(module: str, what: str, package: str) -> Any:
    try:
        return importlib.import_module(module)
    except ImportError:
        ask = f"install it with `pip install {package}`"
        raise InputError(f"{what} can be read only where {package} is installed: {ask}.") from None
