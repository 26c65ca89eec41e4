"""What signals mean to a run: Ctrl-C, SIGTERM and a closed terminal ask it to end.

A terminal that has gone takes its output with it: what we still say then goes nowhere, without an
error. Under `nohup` a closed terminal means nothing, as there.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from runs.stop import Stop

REASONS = {
    signal.SIGINT: "interrupted",
    signal.SIGTERM: "terminated",
    signal.SIGHUP: "terminal closed",
}
"""What each signal is called in the run's record."""


@contextmanager
def interruptible(stop: Stop) -> Iterator[None]:
    """Turn signals into requests to stop: the first is gentle, the second drops everything."""
    with _handled(lambda number: stop(REASONS[signal.Signals(number)])):
        yield


@contextmanager
def ending_like_ctrl_c() -> Iterator[None]:
    """Let every signal that asks us to end raise KeyboardInterrupt, so that all is cleaned up."""

    def interrupt(number: int) -> None:
        raise KeyboardInterrupt(REASONS[signal.Signals(number)])

    with _handled(interrupt):
        yield


@contextmanager
def _handled(act: Callable[[int], None]) -> Iterator[None]:
    terminals = [fd for fd in (0, 1, 2) if os.isatty(fd)]

    def on_signal(number: int, frame: object) -> None:
        if number == signal.SIGHUP:
            _silence(terminals)
        act(number)

    numbers = [s for s in REASONS if signal.getsignal(s) is not signal.SIG_IGN]
    before = {s: signal.signal(s, on_signal) for s in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _silence(terminals: list[int]) -> None:
    nowhere = os.open(os.devnull, os.O_RDWR)
    for fd in terminals:
        os.dup2(nowhere, fd)
    os.close(nowhere)
