"""`cambrian completion`: let the shell complete commands, options, ids and tasks."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

WHERE = {
    "bash": "~/.bashrc",
    "zsh": "~/.zshrc",
    "fish": "~/.config/fish/completions/cambrian.fish",
}

MENDED = {
    'string split "," $completion': 'string split --max 1 "," $completion',
    "complete --no-files --command": "complete --no-files --keep-order --command",
    "completions_with_descriptions -U\n": "completions_with_descriptions -U -V unsorted\n",
}
"""Where click's scripts are amended: fish cut what is said at a comma, both sorted what is best."""


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
    script = made(cambrian, {}, "cambrian", COMPLETING).source()
    for written, meant in MENDED.items():
        script = script.replace(written, meant)
    click.echo(script)
