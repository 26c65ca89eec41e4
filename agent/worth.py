"""One word for what a reply was worth: a program, or the way in which it holds none."""

from __future__ import annotations

import re
from enum import StrEnum

from agent.excerpts import FENCE
from programs.errors import Fault
from programs.kind import Kind


class Worth(StrEnum):
    """What a reply was worth; every word but the first names a failure."""

    PROGRAM = "program"
    EMPTY = "empty"
    REFUSED = "refused"
    CUT_OFF = "cut off"
    MALFORMED = "malformed JSON"
    SIGNATURE = "wrong signature"
    OUTSIDE = "outside the language"
    FOREIGN = "another language"
    PROSE = "no program"


_REFUSAL = re.compile(
    r"\b(?:I(?:'m| am) (?:sorry|unable)|I (?:can(?:no|')t|won't|must decline)|as an AI"
    r"|cannot (?:help|assist|comply))",
    re.IGNORECASE,
)
_FOREIGN = re.compile(
    r"#include\b|\bpublic static\b|\b(?:fn|function|func|void) \w+\s*\(|=>\s*\{|\bend\s*$",
    re.MULTILINE,
)


def shortfall(text: str, kind: Kind, cut_off: bool, source: str, fault: Fault | None) -> Worth:
    """Name what a reply without a program was worth.

    `source` is the first text in it that is meant as one, with its `fault`, if there is any.
    """
    if not text.strip():
        return Worth.EMPTY
    if cut_off:
        return Worth.CUT_OFF
    if _FOREIGN.search(text):
        return Worth.FOREIGN
    if fault is not None:
        entry = kind.entry.name
        wrong = f"`{entry}` must" in fault.message or f"def {entry}" not in text
        return Worth.SIGNATURE if wrong else _broken(text, source)
    if _REFUSAL.search(text.replace("’", "'")):
        return Worth.REFUSED
    if re.search(r'^\s*(?:```json\s*)?[\[{]\s*"', text):
        return Worth.MALFORMED
    return Worth.PROSE


def _broken(text: str, source: str) -> Worth:
    """Tell a program that stops in the middle from one that is outside the language."""
    opened = len(FENCE.findall(text)) % 2 == 1
    return Worth.CUT_OFF if opened and "return" not in source else Worth.OUTSIDE
