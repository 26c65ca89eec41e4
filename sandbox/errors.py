"""Why a layer of isolation is not to be had on this machine."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator


class IsolationError(Exception):
    """Raise where the kernel, or its configuration, refuses a layer."""


@contextlib.contextmanager
def step(what: str) -> Iterator[None]:
    """Turn a refusal within into one sentence that names the layer."""
    try:
        yield
    except OSError as error:
        raise IsolationError(f"no {what}: {error.strerror or error}") from error
