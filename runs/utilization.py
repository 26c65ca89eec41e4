"""How busy a card is while something runs: its utilisation, sampled from `nvidia-smi`.

The driver tells the share of the last moment in which some kernel ran: a full card may still have
room beside a small kernel, but an idle one certainly waits for its processors.
"""

from __future__ import annotations

import os
import subprocess
import threading
from statistics import fmean
from types import TracebackType
from typing import Any, Self

from sandbox.cuda import Known, cards, wanted
from sandbox.text import one_line

PERIOD = 0.5
"""Seconds between samples."""

_PATIENCE = 10.0
_QUERY = ("--query-gpu=utilization.gpu", "--format=csv,noheader,nounits")


class _UnknownError(Exception):
    """Raise where nothing tells how busy a card is; the text is a clause that says why."""


class Utilization:
    """Samples the cards of `device` between entry and exit; where nothing tells, `why` says so.

    A measurement that failed for want of `nvidia-smi` would be worse than one without this figure.
    """

    def __init__(self, device: str) -> None:
        self.why = ""
        self._cards = _named(device)
        self._seen: list[float] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._sample, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()
        if not self._seen:
            self.why = self.why or "it was over before the first sample"

    def as_json(self) -> dict[str, Any]:
        """Return the mean percentage, the number of samples, and why there are no more."""
        mean = fmean(self._seen) if self._seen else None
        return {"busy_percent": mean, "busy_samples": len(self._seen), "busy_why": self.why}

    def _sample(self) -> None:
        while not self._over.wait(PERIOD):
            try:
                self._seen.append(fmean(_percent(card) for card in self._cards))
            except _UnknownError as error:
                self.why = str(error)
                return


def _named(device: str) -> list[str]:
    """Name a device's cards as `nvidia-smi` does, whatever CUDA_VISIBLE_DEVICES has renumbered."""
    numbers = device.partition(":")[2].split(",")
    found = [wanted(number or "0", os.environ, cards()) for number in dict.fromkeys(numbers)]
    return [each.uuid if isinstance(each, Known) else each for each in found]


def _percent(card: str) -> float:
    """Ask for the utilisation of one card."""
    try:
        done = subprocess.run(
            ["nvidia-smi", *_QUERY, "-i", card],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_PATIENCE,
            check=False,
        )
    except FileNotFoundError:
        raise _UnknownError("there is no `nvidia-smi` here") from None
    except subprocess.TimeoutExpired:
        raise _UnknownError(f"`nvidia-smi` gave no answer in {_PATIENCE:.0f} s") from None
    except OSError as error:
        raise _UnknownError(f"`nvidia-smi` cannot be run: {error.strerror}") from None
    said = one_line(done.stdout.strip() or done.stderr.strip())
    if done.returncode:
        raise _UnknownError(f"`nvidia-smi` ended with code {done.returncode} and said `{said}`")
    try:
        return float(said)
    except ValueError:
        raise _UnknownError(f"`nvidia-smi` says `{said}` where a percentage belongs") from None
