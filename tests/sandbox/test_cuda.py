"""What is CUDA's own, as far as it can be tried without a card: which, its errors, its shares."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from sandbox import Ending
from sandbox.cuda import CONTEXT, CONTEXTS, Cuda, Known, cards, sentence, share, wanted
from sandbox.device import DeviceError, Seat

GIB = 2**30
KNOWN = [Known("GPU-aaaa", 1), Known("GPU-bbbb", 0)]

# As PyTorch words them.
OUT_OF_MEMORY = (
    "CUDA out of memory. Tried to allocate 20.00 GiB. GPU 0 has a total capacity of 79.10 GiB of "
    "which 1.02 GiB is free. Including non-PyTorch memory, this process has 3.06 GiB in use."
)
ASSERTED = (
    "CUDA error: device-side assert triggered\nCUDA kernel errors might be asynchronously reported "
    "at some other API call, so the stacktrace below might be incorrect."
)
CUBLAS = "CUDA error: CUBLAS_STATUS_EXECUTION_FAILED when calling `cublasSgemm( handle, opa )`"


def test_errors_of_the_card_are_sentences():
    full = sentence(OUT_OF_MEMORY, 3 * GIB, 4 * GIB)
    assert full is not None
    assert full.ending is Ending.OUT_OF_MEMORY
    assert full.message == (
        "used 3.0 GiB of 4.0 GiB, its share of the card, and asked for 20.00 GiB more"
    )
    for words, said in ((ASSERTED, "device-side assert triggered`"), (CUBLAS, "cublasSgemm")):
        answer = sentence(words, 0, GIB)
        assert answer is not None
        assert (answer.ending, said in answer.message) == (Ending.FAILED, True)
        assert "\n" not in answer.message
    assert sentence("CUBLAS_STATUS_ALLOC_FAILED when calling", 0, GIB) is not None
    assert sentence("mat1 and mat2 shapes cannot be multiplied", 0, GIB) is None


def test_the_memory_is_shared_after_the_contexts_had_theirs():
    alone, among_four = share(80 * GIB, 1), share(80 * GIB, 4)
    assert alone == 80 * GIB - CONTEXTS * CONTEXT
    assert 4 * (among_four + CONTEXTS * CONTEXT) <= 80 * GIB
    with pytest.raises(DeviceError, match="too few for 9 workers"):
        share(8 * GIB, 9)


def test_cards_are_numbered_as_on_the_bus(tmp_path: Path):
    for place, (uuid, minor) in {"0000:3b": ("GPU-b", 0), "0000:01": ("GPU-a", 1)}.items():
        folder = tmp_path / "gpus" / place
        folder.mkdir(parents=True)
        text = f"Model: \t\t Some Card\nGPU UUID: \t {uuid}\nDevice Minor: \t {minor}\n"
        (folder / "information").write_text(text)
    nodes = str(tmp_path / "nvidia")
    Path(f"{nodes}0").touch()
    assert cards(tmp_path / "gpus", nodes) == [Known("GPU-b", 0)]  # the other is not shown here
    Path(f"{nodes}1").touch()
    assert cards(tmp_path / "gpus", nodes) == [Known("GPU-a", 1), Known("GPU-b", 0)]


@pytest.mark.parametrize(
    ("card", "given", "found"),
    [
        ("0", None, KNOWN[0]),
        ("1", None, KNOWN[1]),
        ("0", "1", KNOWN[1]),
        ("1", "1,0", KNOWN[0]),
        ("0", "GPU-bb", KNOWN[1]),
        ("0", "MIG-cccc", "MIG-cccc"),
        ("7", None, "7"),
        ("1", "0", "-1"),
        ("0", "", "-1"),
    ],
)
def test_the_card_asked_for_is_found(card: str, given: str | None, found: Known | str):
    environment = {} if given is None else {"CUDA_VISIBLE_DEVICES": given}
    assert wanted(card, environment, KNOWN) == found


def test_a_machine_without_a_card_says_so():
    if cards():
        pytest.skip("there is a card here")
    seat = Seat("sandbox.cuda:Cuda", "0", 1)
    assert Cuda.environment(seat, {})["CUDA_VISIBLE_DEVICES"] == "0"
    assert Cuda.environment(seat, {})["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"
    with pytest.raises(DeviceError, match=r"no NVIDIA card here|sees no CUDA device"):
        Cuda().open(seat)


def test_a_card_computes_the_same_from_the_same_and_in_full_precision() -> None:
    """In a process of its own: these settings are the whole process's."""
    code = (
        "import torch, warnings; warnings.simplefilter('error'); from sandbox import cuda; "
        "cuda.make_repeatable(torch); assert torch.are_deterministic_algorithms_enabled(); "
        "assert torch.is_deterministic_algorithms_warn_only_enabled(); "
        "assert not torch.backends.cudnn.allow_tf32 and not torch.backends.cudnn.benchmark"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
