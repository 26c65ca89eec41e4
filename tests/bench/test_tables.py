"""What people see: one table for each part of a question, and nothing that acts on a terminal."""

from __future__ import annotations

import io
from typing import Any

from rich.console import Console

from bench.peers.tables import tables


def shown(*records: dict[str, Any]) -> str:
    console = Console(width=80, record=True, file=io.StringIO())
    for table in tables(records):
        console.print(table)
    return console.export_text()


def hostile(peer: str, **more: Any) -> dict[str, Any]:
    record = {"question": "hostile", "variant": "exit", "peer": peer, "load": 1.0}
    usual = {"right": 3, "of": 3, "ended": 0, "survivors": [], "best": 0.2025, "forged": False}
    return {**record, **usual, "leaked": [], "memory_mib": 80, **more}


def test_a_row_says_what_was_seen() -> None:
    text = shown(hostile("Good"), hostile("Bad", right=0, ended=None, survivors=["sleep", "sleep"]))
    good, bad = (line for line in text.splitlines() if line.strip().startswith(("Good", "Bad")))
    assert " ".join(good.split()) == "Good 3 of 3 rc 0 none 0.2025 nothing 80 1.0"
    assert "hangs" in bad
    assert "2: sleep" in bad


def test_a_forged_best_is_called_that() -> None:
    assert "1e+09, forged" in shown(hostile("Bad", best=1e9, forged=True))


def test_a_trial_that_failed_says_why() -> None:
    record = {"question": "seed", "variant": "", "peer": "Bad", "failed": "did not end"}
    assert "failed: did not end" in shown(record)


def test_the_control_is_no_table_of_its_own() -> None:
    assert shown(hostile("Good", variant="none")).strip() == ""


def test_what_others_wrote_cannot_act_on_the_terminal() -> None:
    text = shown(hostile("Bad", survivors=["\x1b[2J[red]x"]))
    assert "\x1b" not in text
    assert "\\x1b" in text.replace("\n", "").replace(" ", "")


def test_what_was_not_reached_is_a_dash() -> None:
    record = {"question": "speed", "variant": "trivial 1", "peer": "Slow", "load": 2.0}
    missing = {"per_minute": None, "processor_ms": None, "first_s": None}
    text = shown({**record, **missing, "memory_mib": 5, "evaluations": 1})
    assert [word for word in text.split() if word == "–"] == ["–"] * 3
