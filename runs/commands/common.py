"""What commands share: their options, the database, and how results are printed."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from programs.errors import InputError

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

    from programs.kind import Kind
    from programs.program import Program
    from runs.store import Store

F = TypeVar("F", bound=Callable[..., Any])

db_option = click.option(
    "--db",
    default="cambrian.db",
    envvar="CAMBRIAN_DB",
    show_default=True,
    show_envvar=True,
    type=click.Path(path_type=Path),
    help="The database file.",
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
device_option = click.option(
    "--device", default="cpu", show_default=True, help="cpu, cuda, cuda:N or cuda:N,M."
)


class Finite(click.FloatRange):
    """A number within bounds, which infinity and what is no number are not."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Return the number."""
        number = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"expected a finite number, saw `{value}`", param, ctx)
        return number


class _Workers(click.ParamType):
    """A number of workers here, or the address of a cluster."""

    name = "N|ray:ADDRESS"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> int | str:
        """Return the number, or the address as it stands."""
        text = str(value)
        if text.startswith("ray:") and text != "ray:":
            return text
        try:
            return int(text)
        except ValueError:
            self.fail(f"expected a number, `ray:auto` or `ray:HOST:PORT`, saw `{text}`", param, ctx)


workers_option = click.option(
    "--workers",
    type=_Workers(),
    help="Candidates trained at a time, or the Ray cluster that trains them: `ray:auto` or "
    "`ray:HOST:PORT`.  [default: the cores]",
)
cores_option = click.option(
    "--workers", type=int, help="Processes at a time.  [default: the cores]"
)

inputs_option = click.option(
    "--task",
    "task_name",
    help="Read what is no candidate for this task's inputs.  [default: usual ones, or such as fit]",
)

kind_option = click.option(
    "--kind",
    help="The kind of a file, or the path to the kind's own file.  [default: by the function that "
    "the file defines]",
)

unsafe_option = click.option(
    "--unsafe-no-sandbox",
    "unsafe",
    is_flag=True,
    help="Run free-form Python even where nothing can hold it: it can do all that you can do, and "
    "its scores are ranked apart.",
)


display_option = click.option(
    "--display",
    type=click.Choice(["live", "plain", "json", "none"]),
    help="How to show progress.  [default: live on a terminal, else plain]",
)


def search_options(command: F) -> F:
    """Add the options of commands that search."""
    for option in (
        display_option,
        db_option,
        click.option("--seed", type=int, default=0, show_default=True, help="Same seed, same run."),
        device_option,
        workers_option,
    ):
        command = option(command)
    return command


@contextmanager
def existing_store(path: Path) -> Iterator[Store]:
    """Open a database that must be there."""
    from runs.store import Store

    with Store.open(path, create=False) as store:
        yield store


def out() -> Console:
    """Return the console for results."""
    return _console(stderr=False)


def talk() -> Console:
    """Return the console for everything that is not a result."""
    return _console(stderr=True)


def _console(stderr: bool) -> Console:
    from rich.console import Console

    class Plain(Console):
        """A console that leaves it to the command line to say what a reader's leaving means."""

        def on_broken_pipe(self) -> None:
            """Raise what rich would turn into the exit code of a failure."""
            raise BrokenPipeError

    return Plain(stderr=stderr, highlight=False, emoji=False)


def print_json(value: Sequence[Any] | Mapping[str, Any]) -> None:
    """Print a value as indented JSON, in which no character is lost."""
    universal = sys.stdout.encoding.lower().startswith("utf")
    json.dump(value, sys.stdout, indent=2, ensure_ascii=not universal)
    sys.stdout.write("\n")


def write_or_print(text: str, output: Path | None) -> None:
    """Write a result to the file that was named, or to stdout."""
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        output.write_text(text, "utf-8")
    except OSError as error:
        raise InputError(f"{output} cannot be written: {error.strerror}.") from None
    click.echo(f"Wrote {output}.", err=True)


def read_text(path: Path) -> str:
    """Read a user's file; `InputError` where that is impossible."""
    try:
        # Some editors put a mark of the byte order in front, which is no part of the text.
        return path.read_text("utf-8-sig")
    except FileNotFoundError:
        raise InputError(f"There is no file {path}.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read as text: {error}") from None


def read_source(path: Path) -> str:
    """Read a user's program file; of one that `cambrian export` wrote, the program in it."""
    from programs.export.recall import header_program, is_unchanged

    text = read_text(path)
    source = header_program(text)
    return source if source is not None and is_unchanged(text, source) else text


def read_file(
    path: Path, task: str | None = None, kind_name: str | None = None
) -> tuple[Program, Kind]:
    """Read a user's program file, for a task's inputs if one is named.

    Its kind is the one that is named, or shows in the function it defines.
    """
    from evaluators.task import find_task, language
    from programs.errors import Fault
    from programs.export.recall import CHANGED, header_program
    from programs.load import read_program, settled
    from programs.meant import meant_kind
    from programs.named import kind_named

    source = read_source(path)
    kind = kind_named(kind_name) if kind_name else meant_kind(source)
    kind = language(find_task(task, kind.name)) if task else settled(source, kind)
    program = read_program(source, kind)
    if isinstance(program, Fault):
        hint = f" ({CHANGED})" if header_program(source) is not None else ""
        raise InputError(f"{path} is not a program: {program}{hint}")
    return program, kind


def measures(*headings: str) -> Table:
    """Begin a table of figures: what they are of at the left, numbers at the right."""
    from rich.table import Table

    table = Table(box=None, padding=(0, 2))
    for number, heading in enumerate(headings):
        table.add_column(heading, justify="right" if number else "left", no_wrap=True)
    return table
