"""One message at a time over a stream socket: eight bytes of length, then the message.

Data that the process at the other end shall pass on unread travels as open files.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Sequence

from sandbox.wire import Part, length

_PREFIX = 8


class ChannelClosedError(ConnectionError):
    """Raise when the other side is gone, or speaks out of turn."""


def send(sock: socket.socket, parts: Sequence[Part], deadline: float | None = None) -> None:
    """Send one message; raise `TimeoutError` past `deadline` (of `time.monotonic`)."""
    for part in (length(parts).to_bytes(_PREFIX, "big"), *parts):
        _limit(sock, deadline)
        try:
            sock.sendall(part)
        except (BrokenPipeError, ConnectionResetError) as error:
            raise ChannelClosedError("the other side is gone") from error


def receive(sock: socket.socket, limit: int, deadline: float | None = None) -> bytearray:
    """Receive one message of at most `limit` bytes."""
    count = int.from_bytes(_exactly(sock, _PREFIX, deadline), "big")
    if count > limit:
        raise ChannelClosedError(
            f"expected a message of at most {limit} bytes, was promised {count}"
        )
    return _exactly(sock, count, deadline)


def send_files(sock: socket.socket, files: Sequence[int], deadline: float | None = None) -> None:
    """Hand over open files."""
    _limit(sock, deadline)
    try:
        socket.send_fds(sock, [b"f"], files)
    except (BrokenPipeError, ConnectionResetError) as error:
        raise ChannelClosedError("the other side is gone") from error


def receive_files(sock: socket.socket, count: int) -> list[int]:
    """Take over so many open files."""
    _limit(sock, None)
    word, files, _, _ = socket.recv_fds(sock, 1, count)
    if word != b"f" or len(files) != count:
        raise ChannelClosedError(f"expected {count} files, saw {len(files)}")
    return files


def _exactly(sock: socket.socket, count: int, deadline: float | None) -> bytearray:
    buffer = bytearray(count)
    view = memoryview(buffer)
    while view:
        _limit(sock, deadline)
        try:
            got = sock.recv_into(view)
        except ConnectionResetError:
            got = 0
        if not got:
            raise ChannelClosedError("the other side is gone")
        view = view[got:]
    return buffer


def _limit(sock: socket.socket, deadline: float | None) -> None:
    if deadline is None:
        sock.settimeout(None)
        return
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError("the deadline has passed")
    sock.settimeout(left)
