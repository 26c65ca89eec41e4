"""Every command says what it does, with an example that can be typed, and is in the docs."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from runs.cli import COMMANDS, cambrian

ROOT = Path(__file__).parents[2]
DOCS = "\n".join(p.read_text() for p in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")])


def commands() -> Iterator[tuple[str, click.Command]]:
    """Yield every command and subcommand under its whole name."""
    context = click.Context(cambrian)
    for name in COMMANDS:
        command = cambrian.get_command(context, name)
        assert command is not None
        yield name, command
        if isinstance(command, click.Group):
            yield from ((f"{name} {sub}", each) for sub, each in command.commands.items())


ALL = dict(commands())


@pytest.mark.parametrize("name", ALL)
def test_help_begins_with_a_sentence_and_ends_with_an_example(name: str) -> None:
    text = (ALL[name].help or "").strip()
    first, *_ = text.split("\n")
    assert first.endswith((".", ";", "?", ":")) or "\n" in text
    assert re.search(rf"Example: cambrian {name}\b", text)
    for option in ALL[name].params:
        assert not isinstance(option, click.Option) or option.help or option.show_default


@pytest.mark.parametrize("name", ALL)
def test_the_example_is_one_that_the_command_takes(name: str) -> None:
    example = re.search(r"Example: (cambrian .+?)(?:\n\s*\n|\Z)", ALL[name].help or "", re.DOTALL)
    assert example
    _, *words = shlex.split(" ".join(example[1].split()))
    place: click.Command = cambrian
    while isinstance(place, click.Group) and words:
        _, found, words = place.resolve_command(click.Context(place, resilient_parsing=True), words)
        assert found is not None
        place = found
    if not isinstance(place, click.Group):
        place.make_context(name, words, parent=click.Context(cambrian)).close()


@pytest.mark.parametrize("name", ALL)
def test_the_docs_speak_of_it(name: str) -> None:
    command, _, sub = name.partition(" ")
    assert f"cambrian {command}" in DOCS
    lines = [line for line in DOCS.splitlines() if f"`cambrian {command}`" in line]
    assert not sub or any(f"`{sub}`" in line for line in lines) or f"cambrian {name}" in DOCS
