"""What the shell offers for ids, tasks and kinds; it waits for the answer at every key."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial

import click
from click.shell_completion import CompletionItem

from programs.errors import CambrianError
from programs.named import library_kinds
from programs.plugins import Plugins

MOST = 50
"""Ids that are offered."""

Offer = Callable[[click.Context, str], list[CompletionItem]]

_CANDIDATES = """
    SELECT c.id, round(c.high_score, 4) || ' ' || c.proposer AS help FROM candidate c
    WHERE c.id >= ? AND c.id < ? ORDER BY c.id LIMIT ?
"""
_BEST = """
    SELECT c.id, round(c.high_score, 4) || ' ' || c.proposer AS help FROM candidate c
    WHERE c.run = (SELECT id FROM run ORDER BY started DESC LIMIT 1) AND c.status = 'scored'
    ORDER BY c.high_rung DESC, c.high_score DESC LIMIT ?
"""
_RUNS = """
    SELECT id, task || ', ' || state AS help FROM run
    WHERE id >= ? AND id < ? ORDER BY started DESC LIMIT ?
"""


def candidates(ctx: click.Context, typed: str) -> list[CompletionItem]:
    """Offer ids of candidates; before anything is typed, the best of the newest run."""
    if typed:
        return _asked(ctx, _CANDIDATES, typed, typed + "~", MOST)
    return _asked(ctx, _BEST, MOST)


def runs(ctx: click.Context, typed: str) -> list[CompletionItem]:
    """Offer ids of runs, the newest first."""
    return _asked(ctx, _RUNS, typed, typed + "~", MOST)


def tasks(ctx: click.Context, typed: str) -> list[CompletionItem]:
    """Offer the names of tasks; a task of somebody's own is a file."""
    # As `evaluators.task` lists them, without what that imports.
    there = Plugins(sort="task", package="evaluators.tasks", constant="TASK").names()
    return _named(there, typed) or files(ctx, typed)


def kinds(ctx: click.Context, typed: str) -> list[CompletionItem]:
    """Offer the kinds of program."""
    return _named(Plugins(sort="kind", package="programs.kinds", constant="KIND").names(), typed)


def known(ctx: click.Context, typed: str) -> list[CompletionItem]:
    """Offer the names of the library, once something is typed: there are too many of them."""
    return _named(library_kinds(), typed) if typed else []


def files(ctx: click.Context, typed: str) -> list[CompletionItem]:
    """Offer files."""
    return [CompletionItem(typed, type="file")]


OFFERS: dict[str, Sequence[Offer]] = {
    "ID": [candidates],
    "A": [candidates, known, files],
    "B": [candidates, known, files],
    "ID|FILE|NAME": [candidates, known, files],
    "ID|FILE|NAME...": [candidates, known, files],
    "RUN": [runs],
    "[RUN|TASK]": [runs, tasks],
    "TASK": [tasks],
    "[TASK]": [tasks],
    "KIND": [kinds],
}
"""What is offered where a command says by its metavar what it takes."""


def attach(command: click.Command) -> None:
    """Let the parameters of a command, and of those inside it, be completed."""
    for sub in getattr(command, "commands", {}).values():
        attach(sub)
    for param in command.params:
        context = click.Context(command)
        metavar = param.make_metavar(context)
        if param.name in ("task", "task_name"):
            metavar = "TASK"
        if param.opts == ["--kind"]:
            metavar = "KIND"
        if offers := OFFERS.get(metavar):
            param.shell_complete = partial(_offered, offers)


def _offered(offers: Sequence[Offer], ctx: click.Context, incomplete: str) -> list[CompletionItem]:
    return [item for offer in offers for item in offer(ctx, incomplete)]


def _named(named: Mapping[str, str], typed: str) -> list[CompletionItem]:
    return [CompletionItem(n, help=h) for n, h in named.items() if n.startswith(typed)]


def _asked(ctx: click.Context, sql: str, *values: object) -> list[CompletionItem]:
    """Ask the database the line names; where it is not there, there is nothing to offer."""
    from runs.places import database
    from runs.store import Store

    given = ctx.params.get("db")
    told = ctx.get_parameter_source("db") is click.core.ParameterSource.COMMANDLINE
    try:
        with Store.look(given if told and given else database(), patience=0.1) as store:
            rows: Sequence[dict[str, str]] = store.rows(sql, *values)
    except CambrianError:
        return []
    return [CompletionItem(row["id"], help=row["help"]) for row in rows]
