"""How the worth of training-free scores looks on a screen of 80 columns."""

from __future__ import annotations

from statistics import median

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from evaluators.decimals import signed
from evaluators.proxies import Agreement
from runs.proxies import ProxyFigures

SHOWN = 10
"""Failures that are told one by one; the rest are counted."""


def screen(found: ProxyFigures) -> RenderableType:
    """Compose the proxies, the closest first, RoBoT's weighting of them, and who failed."""
    lists = found.shortlists
    laid = Table(box=None, padding=(0, 1), pad_edge=False)
    heading = f"best of first {lists.budget}"
    for name in ("proxy", "Spearman, 95 %", "Kendall, 95 %", "networks", heading):
        laid.add_column(name, justify="left" if name == "proxy" else "right", no_wrap=True)
    order = sorted(found.agreement.items(), key=lambda item: -abs(item[1].spearman))
    for name, row in order:
        laid.add_row(name, *_cells(row), f"no. {lists.proxies[name]}")
    laid.add_row("RoBoT's weights", *_cells(found.weighted), f"no. {median(lists.robot):g}")
    return Group(laid, Text(_said(found), style="dim"), *_failures(found.failures))


def _cells(row: Agreement) -> tuple[str, str, str]:
    spearman = _figure(row.spearman, row.spearman_interval)
    return spearman, _figure(row.kendall, row.kendall_interval), str(row.networks)


def _figure(value: float, interval: tuple[float, float]) -> str:
    return f"{signed(value, 2)} ({signed(interval[0], 2)} to {signed(interval[1], 2)})"


def _said(found: ProxyFigures) -> str:
    lists = found.shortlists
    return (
        f"{found.networks} networks trained on {found.task}, ranked by their score at the middle "
        "learning rate of its sweep alone; intervals resample them. Last column: "
        f"the place among all of the best network when {lists.budget} may be trained, those that a "
        f"proxy puts first (at random: no. {lists.chance:.1f} on average). RoBoT: the median of "
        f"{len(lists.robot)} walks, no. {min(lists.robot)} to {max(lists.robot)}; its correlations "
        f"are the middle walk's, with the networks that it did not train."
    )


def _failures(failures: dict[str, str]) -> list[Text]:
    if not failures:
        return []
    shown = list(failures.items())[:SHOWN]
    lines = [Text(f"{len(failures)} more could not be trained and have no part in this:")]
    lines += [Text(f"  {name}: {reason}") for name, reason in shown]
    left = len(failures) - len(shown)
    return lines + ([Text(f"  and {left} more, see --json")] if left else [])
