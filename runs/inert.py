"""Text that strangers wrote, made harmless to look at.

Sources and rationales come from models and from other people's files. A terminal would obey the
escape codes in them, and a screen of any sort would show text in another order than a compiler
reads it. Such characters are spelt out.
"""

from __future__ import annotations

import re
import unicodedata

_ACTING = re.compile(r"[^\n\t\x20-\x7e\xa1-\xac\xae-\u05ff]")
"""What may have to be spelt out: the common characters are passed over quickly."""

_SORTS = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Control and formatting characters, lone surrogates, and odd ends of lines and paragraphs."""


def inert(text: str) -> str:
    r"""Return the text with every character that acts spelt out, as in `\x1b`; lines stay lines."""
    return _ACTING.sub(_spelt, text)


def inert_line(text: str) -> str:
    """Return the text as one inert line."""
    return inert(" ".join(text.split()))


def _spelt(found: re.Match[str]) -> str:
    character = found[0]
    if unicodedata.category(character) not in _SORTS:
        return character
    return character.encode("unicode_escape").decode("ascii")
