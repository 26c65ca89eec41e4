"""The `cambrian` command: finds the subcommand, and turns errors into one sentence and a code.

Exit codes: 0 done, 1 the run failed, 2 wrong usage or input, 75 another process holds the run,
130 interrupted with everything saved.
"""

from __future__ import annotations

import errno
import os
import sys
import threading
from contextlib import suppress
from importlib import import_module
from io import TextIOWrapper
from typing import Any

import click

from programs.errors import CambrianError, closest

COMPLETING = "_CAMBRIAN_COMPLETE"
"""The variable by which a shell asks what it may offer."""

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EIO)
"""What a system says where nothing more can be written."""

COMMANDS = (
    "demo",
    "run",
    "runs",
    "watch",
    "stop",
    "schedule",
    "digest",
    "top",
    "show",
    "lineage",
    "report",
    "explain",
    "export",
    "eval",
    "verify",
    "funnel",
    "hash",
    "simplify",
    "diff",
    "sql",
    "db",
    "tasks",
    "library",
    "check",
    "doctor",
    "config",
    "completion",
    "bench",
)


class Commands(click.Group):
    """Load `runs/commands/NAME.py` when NAME is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order in which people meet them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        if cmd_name not in COMMANDS:
            return None
        command = import_module(f"runs.commands.{cmd_name}").command
        if COMPLETING in os.environ:
            from runs.commands.complete import attach

            attach(command)
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Carry out a command; that who reads its output leaves (`head`, a pager) is no failure."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            _hush()
            return 0

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Name the nearest command when there is none; let settings stand in for flags."""
        if args and args[0] not in COMMANDS and not args[0].startswith("-"):
            hint = closest(args[0], COMMANDS)
            ask = f" Did you mean `{hint}`?" if hint else ""
            raise click.UsageError(f"There is no command `{args[0]}`.{ask}", ctx)
        name, command, rest = super().resolve_command(ctx, args)
        if name and command and not ctx.resilient_parsing:
            from runs.defaults import defaults

            ctx.default_map = {name: defaults(command, rest)}
        return name, command, rest


@click.command(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Begin with `cambrian demo`: a real search, no key, about a minute.",
)
@click.version_option(package_name="cambrian", prog_name="cambrian")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
def cambrian(debug: bool) -> None:
    """Discover optimisers, schedules and networks as programs; they leave as PyTorch files."""


def main() -> None:
    """Run the command line and exit with its code."""
    debug = "--debug" in sys.argv
    for stream in (sys.stdout, sys.stderr):
        # What a terminal has no character for is shown as `?`; a closed one is `None`.
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        code = cambrian.main(prog_name="cambrian", complete_var=COMPLETING, standalone_mode=False)
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        _hush()
        code = 0
    except click.exceptions.Abort:
        code = 130
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except Exception as error:
        if debug:
            raise
        code = _told(error)
    sys.exit(code)


def _told(error: Exception) -> int:
    """Say in a sentence what went wrong, and return the code; a defect of ours is raised again."""
    said, code = str(error), 1
    if isinstance(error, CambrianError):
        code = error.exit_code
    elif isinstance(error, OSError) and error.errno in FULL:
        _hush()
        said = f"the output cannot be written: {error.strerror}."
    else:
        from runs.blame import of_a_plugin

        if (blame := of_a_plugin(error)) is None:
            raise error
        said = blame
    click.echo(f"Error: {said}", err=True)
    return code


def _hush() -> None:
    """Let whatever is still to be printed go nowhere."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def program() -> None:
    """Be the command line, and gone once all is said.

    Taking down an interpreter takes a tenth of a listing's time, for nothing: the file is closed,
    and no thread is left. Where anything larger was at work, Python ends as it always does.
    """
    try:
        main()
    except SystemExit as end:
        if threading.active_count() > 1 or "numpy" in sys.modules:
            raise
        sys.stderr.flush()
        os._exit(end.code if isinstance(end.code, int) else 0)


if __name__ == "__main__":
    program()
