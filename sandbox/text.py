"""Text from a candidate is made harmless before anyone reads it.

What a program prints or raises reaches terminals, HTML reports and prompts. Control characters,
terminal sequences and invisible or direction-changing characters are shown as escapes instead.
"""

from __future__ import annotations

import re

MESSAGE_LENGTH = 500

_UNSAFE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    "\ud800-\udfff\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)


def plain(text: str, limit: int) -> str:
    """Escape everything but printable text, newlines and tabs, and cut to `limit` characters."""
    safe = _UNSAFE.sub(_escape, text[:limit].replace("\r\n", "\n"))
    if len(text) <= limit and len(safe) <= limit:
        return safe
    return safe[: max(limit - 1, 0)] + "…"[:limit]


def one_line(text: str, limit: int = MESSAGE_LENGTH) -> str:
    """Do the same on a single line, runs of white space becoming one space."""
    return plain(re.sub(r"\s+", " ", text[: 20 * limit]).strip(), limit)


def size(count: float) -> str:
    """Write a number of bytes for people: `size(2.1 * 2**30)` is "2.1 GiB"."""
    for unit in ("bytes", "KiB", "MiB", "GiB"):
        if abs(count) < 1024:
            return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} TiB"


def _escape(match: re.Match[str]) -> str:
    return match.group().encode("unicode_escape", "surrogatepass").decode("ascii")
