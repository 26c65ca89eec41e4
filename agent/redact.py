"""Keep keys out of everything that is written down: records, logs and error messages.

What counts as a key is the value of every environment variable that is named like one, and every
text that looks like one. It is looked up each time, because keys may be set while we run.
"""

from __future__ import annotations

import os
import re

HIDDEN = "[key]"
SHORTEST = 8

_NAMED = re.compile(r"KEY|TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL", re.IGNORECASE)
_SHAPED = re.compile(
    r"\b(?:sk|pk|rk|gsk|xai|hf|r8|ghp|pplx|nvapi)[-_][A-Za-z0-9_\-]{8,}"
    r"|\bAIza[A-Za-z0-9_\-]{20,}"
    r"|(?<=[Bb]earer )[A-Za-z0-9._\-]{8,}"
    r"|(?<=://)[^/\s@:]+:[^/\s@]+(?=@)"
)


def redacted(text: str) -> str:
    """Return the text with every key in it replaced by `[key]`."""
    for value in _known():
        text = text.replace(value, HIDDEN)
    return _SHAPED.sub(HIDDEN, text)


def _known() -> list[str]:
    """Return the keys in the environment, the longest first: one may be part of another."""
    values = {v for name, v in os.environ.items() if _NAMED.search(name) and len(v) >= SHORTEST}
    return sorted(values, key=len, reverse=True)
