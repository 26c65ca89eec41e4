"""Settings as click knows them: other defaults for the options of commands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click

EVERYWHERE = {"db", "device", "workers", "display"}
"""The settings that all commands take which have the option; the others are for `run` alone."""

HELP = {"--help", "-h"}


def defaults(command: click.Command, args: list[str]) -> dict[str, Any]:
    """Return the defaults that settings give a command, those of its subcommands inside."""
    settable = dict(_settable(command, everything=command.name == "run"))
    if not settable or HELP & set(args):
        return {}
    from runs.places import anything_set

    if not anything_set():
        return {}
    # Late, for it takes longer to import than most commands take.
    from runs.settings import given

    return _chosen(settable, {name: setting.value for name, setting in given().items()})


def flag_of(option: click.Parameter) -> str:
    """Return the name of an option's flag, as settings spell it."""
    return max(option.opts, key=len).lstrip("-").replace("-", "_")


def _settable(command: click.Command, everything: bool) -> Iterator[tuple[str, Any]]:
    """Yield each option's parameter with its flag, and each subcommand with its own options."""
    if isinstance(command, click.Group):
        for name, sub in command.commands.items():
            inner = dict(_settable(sub, everything=False))
            if inner:
                yield name, inner
    for option in command.params:
        flag = flag_of(option)
        if isinstance(option, click.Option) and option.name and (everything or flag in EVERYWHERE):
            yield option.name, flag


def _chosen(settable: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    return {
        name: _chosen(flag, values) if isinstance(flag, dict) else values[flag]
        for name, flag in settable.items()
        if isinstance(flag, dict) or flag in values
    }
