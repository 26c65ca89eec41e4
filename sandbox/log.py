"""What a job printed, bounded: the beginning and the end are kept, the middle is counted."""

from __future__ import annotations

from sandbox.text import size

_GAP = 64  # what the line in the middle may take


class BoundedLog:
    """Hold the first and the last half of `limit` bytes of whatever is added.

    The end matters most: it holds the traceback of a program that printed too much before.
    """

    def __init__(self, limit: int) -> None:
        self._half = max(limit - _GAP, 0) // 2
        self._head = bytearray()
        self._tail = bytearray()
        self._seen = 0

    def add(self, chunk: bytes) -> None:
        """Append a piece of output."""
        self._seen += len(chunk)
        room = self._half - len(self._head)
        self._head += chunk[:room]
        self._tail += chunk[room:]
        if len(self._tail) > 2 * self._half:
            self._trim()

    def bytes(self) -> bytes:
        """Return what was kept, with a line that says how much was not."""
        self._trim()
        lost = self._seen - len(self._head) - len(self._tail)
        gap = f"\n… {size(lost)} of output left out …\n".encode() if lost else b""
        return bytes(self._head) + gap + bytes(self._tail)

    def _trim(self) -> None:
        del self._tail[: max(len(self._tail) - self._half, 0)]
