"""What is known of a program's worth, as it stands in the header of an exported file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

DEFAULT_LR = 1e-3


@dataclass(frozen=True, slots=True)
class Evidence:
    """Lines for a person to read, and the learning rate that did best, if one is known."""

    lines: tuple[str, ...] = ()
    lr: float = DEFAULT_LR

    @classmethod
    def of(cls, evidence: Evidence | Mapping[str, str] | None) -> Evidence:
        """Read a mapping as lines `key: value`; its `lr`, if it is a number, is the default."""
        if isinstance(evidence, Evidence):
            return evidence
        given = dict(evidence or {})
        lines = tuple(f"{key}: {value}" for key, value in given.items())
        try:
            rate = float(given.get("lr", DEFAULT_LR))
        except ValueError:
            rate = DEFAULT_LR
        return cls(lines, rate)
