"""What people and models write beside the language's own letters: `β`, `×`, a line of ```."""

from __future__ import annotations

import unicodedata

_SIGNS = {
    **dict.fromkeys("×·⋅∗⊙∙", "*"),
    **dict.fromkeys("−–—", "-"),
    **dict.fromkeys("÷∕", "/"),
    **dict.fromkeys("‘’“”", '"'),
    "≤": "<=",
    "≥": ">=",
    "≠": "!=",
    "²": "** 2",
    "³": "** 3",
    "√": "sqrt(…)",
}


def fence_in(source: str, faulty: int) -> int | None:
    """Return the line of a fence: the one that cannot be read, or one before the first function."""
    begun = False
    for number, line in enumerate(source.split("\n"), 1):
        begun = begun or line.startswith("def ")
        if line.lstrip().startswith("```") and (number == faulty or not begun):
            return number
    return None


def sign_for(text: str) -> str | None:
    """Return how a sign is written, or `None` where nothing is known."""
    return _SIGNS.get(text)


def name_for(name: str) -> str | None:
    """Return a name in ASCII: `beta1` for `β1`."""
    new = "".join(_letters(c) for c in name)
    return new if new.isidentifier() else None


def _letters(character: str) -> str:
    if character.isascii():
        return character
    said = unicodedata.name(character, "")
    if said.startswith("GREEK ") and " LETTER " in said:
        return said.rpartition(" ")[2].lower().replace("lamda", "lam")
    plain = unicodedata.normalize("NFKD", character)
    return "".join(c for c in plain if c.isascii())
