"""`cambrian completion`: let the shell complete commands, options, ids and tasks."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

WHERE = {
    "bash": "~/.bashrc",
    "zsh": "~/.zshrc",
    "fish": "~/.config/fish/completions/cambrian.fish",
}


@click.command(name="completion")
@click.argument("shell", type=click.Choice(list(WHERE)))
def command(shell: str) -> None:
    """Print what makes SHELL complete commands, options, ids and tasks.

    For bash and zsh add `source <(cambrian completion SHELL)` to ~/.bashrc or ~/.zshrc; for fish
    write the output to ~/.config/fish/completions/cambrian.fish.

    Example: cambrian completion bash
    """
    from runs.cli import COMPLETING, cambrian

    made = get_completion_class(shell)
    assert made is not None
    click.echo(made(cambrian, {}, "cambrian", COMPLETING).source())
