"""All that is particular to CUDA: finding a card, opening it in a spare, and its errors in words.

Imported everywhere, but torch only where a card is opened: the supervisor and the fork server never
touch CUDA, since a fork of a process that did cannot use it.

**No part of this has run on a card yet**: `make test-gpu` proves it where there is one.
"""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from glob import glob
from pathlib import Path
from typing import Any

from sandbox.base import MIB, Ending
from sandbox.device import DeviceError, Seat
from sandbox.messages import Answer
from sandbox.text import one_line, size

CONTEXT = 640 * MIB
"""What a context takes of a card beside tensors: kernels, cuBLAS's workspace, the driver's own."""

CONTEXTS = 2
"""Of a worker at a time: the candidate's and that of the spare that follows it."""

_WORKSPACE = ":4096:8"
"""How cuBLAS lays out its workspace where the same input must give the same numbers."""

_GPUS = Path("/proc/driver/nvidia/gpus")
_NODES = ("/dev/nvidiactl", "/dev/nvidia-uvm", "/dev/nvidia-uvm-tools", "/dev/nvidia-caps/*")
_FOLDERS = ("/sys/module/nvidia", "/sys/module/nvidia_uvm", "/sys/bus/pci", "/sys/devices")
_ASKED = re.compile(r"allocate ([0-9.]+ (?:bytes|[KMGT]iB))")
_NO_MEMORY = re.compile(r"CUDA(?: error:)? out of memory|CUBLAS_STATUS_ALLOC_FAILED", re.I)
_ERROR = re.compile(r"(?:CUDA|CUDNN|CUBLAS|cuDNN|cuBLAS)[ _](?:error|STATUS)[^\n]*")


@dataclass(frozen=True, slots=True)
class Known:
    """A card as its driver lists it: a name that holds in every view, and its node's number."""

    uuid: str
    minor: int


class Cuda:
    """This process's hold on the one card that it sees (`sandbox.device.Card`)."""

    def __init__(self) -> None:
        self._torch: Any = None
        self._share = 0

    @staticmethod
    def environment(seat: Seat, given: Mapping[str, str]) -> dict[str, str]:
        """Name the card by its UUID where it can be known: numbers change with what is visible."""
        found = wanted(seat.card, given, cards())
        order = given.get("CUDA_DEVICE_ORDER", "PCI_BUS_ID")
        name = found.uuid if isinstance(found, Known) else found
        return {
            "CUDA_VISIBLE_DEVICES": name,
            "CUDA_DEVICE_ORDER": order,
            "CUBLAS_WORKSPACE_CONFIG": _WORKSPACE,
        }

    @staticmethod
    def files(seat: Seat, given: Mapping[str, str]) -> Sequence[Path]:
        """Return this card's node, or all where it cannot be told apart, and what they share."""
        found = wanted(seat.card, given, cards())
        own = f"/dev/nvidia{found.minor}" if isinstance(found, Known) else "/dev/nvidia[0-9]*"
        shown = [path for pattern in (own, *_NODES) for path in sorted(glob(pattern))]
        return [Path(path) for path in (*shown, *_FOLDERS) if os.path.exists(path)]

    def open(self, seat: Seat) -> None:
        """Create the context and compute a gradient, which loads what every training needs.

        From here on the same seed gives the same numbers, wherever PyTorch knows how; where it does
        not, the job's log says so.
        """
        if why := missing():
            raise DeviceError(why)
        self._torch = torch = importlib.import_module("torch")
        if not torch.cuda.is_available():
            raise DeviceError("PyTorch sees no CUDA device")
        try:
            total = torch.cuda.get_device_properties(0).total_memory
            self._share = share(total, seat.sharers)
            torch.cuda.set_per_process_memory_fraction(self._share / total, 0)
            make_repeatable(torch)
            layer = torch.nn.Linear(64, 64, device="cuda")
            layer(torch.ones(64, 64, device="cuda")).square().sum().backward()
        except RuntimeError as error:
            raise DeviceError(f"its context cannot be made: {one_line(str(error))}") from error
        self.check()
        torch.cuda.empty_cache()

    def check(self) -> None:
        """Multiply ones and look at the sum."""
        torch = self._torch
        try:
            ones = torch.ones(32, 32, device="cuda")
            right = float((ones @ ones).sum()) == 32.0**3
        except RuntimeError as error:
            raise DeviceError(one_line(str(error))) from error
        if not right:
            raise DeviceError("the card multiplies matrices of ones wrongly")

    def settle(self) -> None:
        """Wait for the card; an error of any earlier operation is raised here at the latest."""
        self._torch.cuda.synchronize()

    def told(self, error: BaseException) -> Answer | None:
        """Say what the card ran out of, or what it reported."""
        if not isinstance(error, RuntimeError):
            return None
        words = str(error)
        used = self._torch.cuda.memory_reserved() if _NO_MEMORY.search(words) else 0
        return sentence(words, used, self._share)


def make_repeatable(torch: Any) -> None:
    """Have PyTorch compute the same from the same, and in full single precision."""
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.utils.deterministic.fill_uninitialized_memory = False  # for finding bugs; it takes time
    torch.backends.cudnn.benchmark = False
    torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = False


def missing() -> str:
    """Return why there can be no card, as far as it shows without touching CUDA, else nothing."""
    if glob("/dev/nvidia[0-9]*") or os.path.exists("/dev/dxg"):
        return ""
    return "there is no NVIDIA card here (no /dev/nvidia0)"


def sentence(words: str, used: int, share: int) -> Answer | None:
    """Put an error of the card's in a sentence: `used` bytes of the worker's `share` were taken."""
    if _NO_MEMORY.search(words):
        asked = _ASKED.search(words)
        more = f"{asked[1]} more" if asked else "more"
        told = f"used {size(used)} of {size(share)}, its share of the card, and asked for {more}"
        return Answer(Ending.OUT_OF_MEMORY, told)
    if found := _ERROR.search(words):
        late = "cards report late, so it may be of an operation before the last"
        return Answer(Ending.FAILED, f"the card reported `{one_line(found[0])}`; {late}")
    return None


def share(total: int, sharers: int) -> int:
    """Return the bytes that each of `sharers` workers may fill on a card of `total` bytes."""
    left = total - CONTEXT * CONTEXTS * sharers
    if left < CONTEXT * sharers:
        raise DeviceError(
            f"its {size(total)} are too few for {sharers} workers, of which each takes "
            f"{size(CONTEXT * CONTEXTS)} before it computes anything: use fewer `--workers`"
        )
    return left // sharers


def cards(listed: Path = _GPUS, nodes: str = "/dev/nvidia") -> list[Known]:
    """Return the cards whose node is here, in the order of the bus, as `nvidia-smi` counts them."""
    found = []
    for path in sorted(listed.glob("*/information")):
        lines = [line.partition(":") for line in path.read_text().splitlines()]
        facts = {name.strip(): value.strip() for name, _, value in lines}
        uuid, minor = facts.get("GPU UUID", ""), facts.get("Device Minor", "")
        if uuid and minor.isdigit() and os.path.exists(f"{nodes}{minor}"):
            found.append(Known(uuid, int(minor)))
    return found


def wanted(card: str, given: Mapping[str, str], known: Sequence[Known]) -> Known | str:
    """Return the card numbered `card` of those that CUDA_VISIBLE_DEVICES allows, else its name."""
    allowed = given.get("CUDA_VISIBLE_DEVICES")
    names = None if allowed is None else [n.strip() for n in allowed.split(",") if n.strip()]
    place = int(card)
    if names is not None and place >= len(names):
        return "-1"
    name = card if names is None else names[place]
    if name.isdigit():
        return known[int(name)] if int(name) < len(known) else name
    return next((each for each in known if name and each.uuid.startswith(name)), name)
