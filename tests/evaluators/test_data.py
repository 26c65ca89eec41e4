"""Loaders, on small files made here."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from evaluators.data import arrow, cifar10, folders, npz, split, text
from evaluators.fitting import Place, fitted
from programs.errors import InputError


def test_npz(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.ones((4, 2)), y=np.arange(4))
    x, y = npz(tmp_path / "a.npz")
    assert (x.dtype, y.dtype) == (np.float32, np.int64)
    with pytest.raises(InputError, match="no array `z`: it has `x`, `y`"):
        npz(tmp_path / "a.npz", y="z")
    with pytest.raises(InputError, match=r"There is no .*b\.npz\. Did you mean `a\.npz`"):
        npz(tmp_path / "b.npz")
    (tmp_path / "text.npz").write_text("hello")
    with pytest.raises(InputError, match=r"is no \.npz file: expected what `numpy.savez` writes"):
        npz(tmp_path / "text.npz")


def test_classes_with_names_come_through_to_whoever_says_what_to_do(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.ones((8, 2)), y=np.array(["cat", "dog"] * 4))
    place = Place("mine", (2,), None, 2, classes=True)
    with pytest.raises(InputError, match="number the classes"):
        fitted(lambda: split(*npz(tmp_path / "a.npz")), place)


def test_pickled_arrays_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.array([{}], dtype=object), y=np.arange(1))
    with pytest.raises(InputError, match=r"cannot be read as \.npz: it holds Python objects"):
        npz(tmp_path / "a.npz")


def test_cifar10(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for name in ("data_batch_1", "data_batch_2", "test_batch"):
        rows = rng.integers(0, 256, (6, 3073), dtype=np.uint8)
        rows[:, 0] %= 10
        (tmp_path / f"{name}.bin").write_bytes(rows.tobytes())
    data = cifar10(tmp_path, validation=4)
    assert [len(y) for _, y in (data.train, data.validation, data.test)] == [8, 4, 6]
    assert data.train[0].shape == (8, 3, 32, 32)
    assert data.test[0].max() <= 1
    assert data.test[1].tolist() == rows[:, 0].tolist()
    assert data.test[0][0, 2, 31, 31] == pytest.approx(rows[0, -1] / 255)
    (tmp_path / "test_batch.bin").write_bytes(b"short")
    with pytest.raises(InputError, match="no CIFAR-10 batch"):
        cifar10(tmp_path, validation=4)


def test_text_never_shows_a_judged_byte(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(bytes(range(200)))
    data = text(tmp_path / "a.txt", context=4, held_out=0.2)
    x, y = data.train
    assert (x[:, 1:] == y[:, :-1]).all()
    shown = {int(b) for judged in (data.validation, data.test) for b in judged[0].ravel()}
    for inputs, answers in (data.validation, data.test):
        assert (answers == inputs[:, -1] + 1).all()
        assert not shown & {int(b) for b in answers}
        assert inputs.min() >= 160
    with pytest.raises(InputError, match="too few"):
        text(tmp_path / "a.txt", context=50)
    with pytest.raises(InputError, match="There are no text files: the list of paths is empty"):
        text(sorted((tmp_path / "nowhere").glob("*.txt")), context=4)


def test_split_is_fixed_disjoint_and_stratified() -> None:
    x, y = np.arange(100)[:, None], np.repeat([0, 1], [80, 20])
    data = split(x, y, stratify=True)
    assert data.checksum == split(x, y, stratify=True).checksum
    assert data.checksum != split(x, y, stratify=True, seed=1).checksum
    parts = [inputs.ravel() for inputs, _ in (data.train, data.validation, data.test)]
    assert sorted(np.concatenate(parts).tolist()) == list(range(100))
    assert data.test[1].sum() == 5
    with pytest.raises(InputError, match="as many labels"):
        split(x, y[:-1])
    with pytest.raises(InputError, match="too few"):
        split(x[:2], y[:2])


def test_images_in_folders(tmp_path: Path) -> None:
    for kind, level in (("dark", 0), ("light", 255)):
        (tmp_path / kind).mkdir()
        Image.new("RGB", (8, 6), (level,) * 3).save(tmp_path / kind / "a.png")
    x, y = folders(tmp_path, (4, 5))
    assert x.shape == (2, 3, 4, 5)
    assert (y.tolist(), x.mean((1, 2, 3)).tolist()) == ([0, 1], [0.0, 1.0])
    assert folders(tmp_path, (4, 5), grey=True)[0].shape == (2, 1, 4, 5)
    levels = np.random.default_rng(0).integers(0, 256, (4, 5, 3), dtype=np.uint8)
    Image.fromarray(levels).save(tmp_path / "dark" / "b.tif")
    exact = folders(tmp_path, (4, 5))[0][1]
    assert exact.tobytes() == (levels.transpose(2, 0, 1) / np.float32(255)).tobytes()
    (tmp_path / "light" / "b.png").write_text("no image")
    with pytest.raises(InputError, match=r"b\.png cannot be read as an image"):
        folders(tmp_path, (4, 5))


def test_hidden_folders_are_no_classes_and_empty_ones_are_named(tmp_path: Path) -> None:
    for kind in (".ipynb_checkpoints", "cat", "dog"):
        (tmp_path / kind).mkdir()
        Image.new("RGB", (4, 4)).save(tmp_path / kind / "a.png")
    (tmp_path / "cat" / "._a.png").write_bytes(b"left by another system")
    assert folders(tmp_path, (4, 4))[1].tolist() == [0, 1]
    (tmp_path / "ant").mkdir()
    with pytest.raises(InputError, match="ant holds no image that can be read, no file at all"):
        folders(tmp_path, (4, 4))
    for name in ("a.heic", "b.heic", "c.heic", "d.heic"):
        (tmp_path / "ant" / name).write_text("!")
    with pytest.raises(InputError, match=r"only `a\.heic`, `b\.heic`, `c\.heic`, …: .*\.tiff"):
        folders(tmp_path, (4, 4))


@pytest.mark.parametrize("suffix", ["png", "tif", "TIFF"])
@pytest.mark.parametrize("grey", [True, False])
def test_sixteen_bits_are_scaled(tmp_path: Path, suffix: str, grey: bool) -> None:
    (tmp_path / "kind").mkdir()
    levels = np.array([[0, 300, 32768, 65535]] * 4, np.uint16)
    Image.fromarray(levels).save(tmp_path / "kind" / f"a.{suffix}")
    x, _ = folders(tmp_path, (4, 4), grey)
    assert x.shape == (1, 1 if grey else 3, 4, 4)
    assert x.dtype == np.float32
    assert x[0, -1, 0].tolist() == pytest.approx([0, 300 / 65535, 32768 / 65535, 1])
    # Bicubic interpolation swings beyond black and white.
    smaller, _ = folders(tmp_path, (2, 3), grey)
    assert 0 <= smaller.min() < smaller.max() <= 1


def test_numbers_without_a_white_are_refused(tmp_path: Path) -> None:
    (tmp_path / "kind").mkdir()
    Image.fromarray(np.ones((4, 4), np.float32)).save(tmp_path / "kind" / "a.tif")
    with pytest.raises(InputError, match=r"a\.tif has 32 bits a pixel, and nothing says"):
        folders(tmp_path, (4, 4))


def test_a_file_is_no_folder_and_a_folder_no_file(tmp_path: Path) -> None:
    (file := tmp_path / "a.txt").write_text("words")
    for read in (
        lambda: folders(file, (4, 4)),
        lambda: cifar10(file),
        lambda: arrow(file, "x", "y"),
    ):
        with pytest.raises(InputError, match="is a file: name the folder"):
            read()
    with pytest.raises(InputError, match="is a folder: name its files"):
        text(tmp_path, context=4)


def test_hugging_face_images_are_what_networks_take(tmp_path: Path) -> None:
    import datasets  # takes seconds

    def saved(name: str, *pictures: Image.Image) -> Path:
        made = datasets.Dataset.from_dict({"image": list(pictures), "y": [0] * len(pictures)})
        made.cast_column("image", datasets.Image()).save_to_disk(str(tmp_path / name))
        return tmp_path / name

    red, grey = Image.new("RGB", (8, 6), (255, 0, 0)), Image.new("L", (8, 6), 51)
    x, _ = arrow(saved("colour", red, red), "image", "y")
    assert (x.shape, x.mean((0, 2, 3)).tolist()) == ((2, 3, 6, 8), [1.0, 0.0, 0.0])
    x, _ = arrow(saved("grey", grey), "image", "y")
    assert (x.shape, float(x.mean())) == ((1, 1, 6, 8), pytest.approx(0.2))
    with pytest.raises(InputError, match="several shapes"):
        arrow(saved("both", red, grey), "image", "y")
    (tmp_path / "none").mkdir()
    with pytest.raises(InputError, match="no Hugging Face dataset"):
        arrow(tmp_path / "none", "x", "y")


def test_hugging_face_datasets(tmp_path: Path) -> None:
    import datasets  # takes seconds

    columns = {"x": [[0.0, 1.0], [2.0, 3.0]], "y": [0, 1]}
    made = datasets.Dataset.from_dict(columns)
    made.save_to_disk(str(tmp_path / "set"))
    x, y = arrow(tmp_path / "set", "x", "y")
    assert (x.tolist(), y.tolist()) == (columns["x"], [0, 1])
    with pytest.raises(InputError, match="no column `label`"):
        arrow(tmp_path / "set", "x", "label")
    datasets.DatasetDict({"train": made}).save_to_disk(str(tmp_path / "several"))
    with pytest.raises(InputError, match="name the folder of one of these"):
        arrow(tmp_path / "several", "x", "y")


@pytest.mark.parametrize(
    ("module", "read"),
    [
        ("PIL.Image", lambda there: folders(there, (4, 4))),
        ("datasets", lambda there: arrow(there, "x", "y")),
    ],
)
def test_a_library_that_is_not_there_is_asked_for(
    module: str, read: Callable[[Path], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(InputError, match="pip install"):
        read(tmp_path)
