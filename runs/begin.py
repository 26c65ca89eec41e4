"""The command as it is installed: heed Ctrl-C from the first moment on, without a traceback."""

from __future__ import annotations

import gc
import signal


def program() -> None:
    """Import the command line, and be it."""
    # Nothing that starting up makes is garbage: looking for some after every 700 objects takes a
    # twentieth of a listing's time.
    gc.set_threshold(50_000, 20, 20)
    usual = signal.getsignal(signal.SIGINT)
    if usual is signal.default_int_handler:
        # Nothing has begun yet: to end as every program does is all there is to do.
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from runs.cli import program as command_line

    signal.signal(signal.SIGINT, usual)
    command_line()
