"""`python -m bench.peers`: Cambrian and its peers on one problem, side by side.

Rivals take turns, one at a time, each trial in a network of loopback alone. Answers are written
after every trial; with `--keep FILE` an interrupted run goes on where it was.
"""

from __future__ import annotations

import json
import os
import platform
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from subprocess import CalledProcessError
from typing import Any

import click
from rich.console import Console

from bench.peers import peer, private, questions, venvs
from bench.peers.peer import Peer
from bench.peers.questions import Record
from bench.peers.tables import tables
from sandbox.text import one_line


@click.command()
@click.option(
    "--install", is_flag=True, help="Install the peers first, each in a place of its own."
)
@click.option(
    "--only",
    "names",
    multiple=True,
    type=click.Choice((*peer.RIVALS, *peer.ALSO_TIMED)),
    help="Only this rival.  [default: all]",
)
@click.option(
    "--question",
    "asked",
    multiple=True,
    type=click.Choice(questions.QUESTIONS),
    help="Only this question.  [default: all]",
)
@click.option("--quick", is_flag=True, help="Fewer proposals, one worker, three hostile programs.")
@click.option(
    "--minutes",
    type=click.FloatRange(0, min_open=True),
    default=60.0,
    show_default=True,
    help="Begin no trial after so many; the one under way ends within eight more.",
)
@click.option("--seed", default=1, show_default=True, help="Of every rival, and of the kill.")
@click.option(
    "--cache",
    type=click.Path(path_type=Path, file_okay=False),
    help="Where the peers are installed.  [default: the user's cache]",
)
@click.option(
    "--keep",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write answers here after every trial, and ask nothing that it holds.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the answers as JSON.")
def main(
    install: bool,
    names: tuple[str, ...],
    asked: tuple[str, ...],
    quick: bool,
    minutes: float,
    seed: int,
    cache: Path | None,
    keep: Path | None,
    as_json: bool,
) -> None:
    """Measure Cambrian beside its peers, from their public packages.

    Example: python -m bench.peers --install --quick
    """
    folder = cache or venvs.cache()
    chosen = names or (*peer.RIVALS, *peer.ALSO_TIMED)
    if why := private.refusal():
        raise click.ClickException(why)
    _ready(chosen, folder, install)
    effort = questions.QUICK if quick else questions.Effort()
    records = _kept(keep)
    until = time.monotonic() + 60 * minutes
    with tempfile.TemporaryDirectory(prefix="cambrian-peers-") as room:
        for question, variant in questions.agenda(asked or questions.QUESTIONS, effort):
            for name in chosen:
                rival = peer.find(name)
                mine = _of(records, question, rival)
                if any(r["variant"] == variant for r in mine) or time.monotonic() > until:
                    continue
                if not questions.fits(question, variant, rival, name in peer.ALSO_TIMED):
                    continue
                python = venvs.python_of(rival.package, folder)
                course = questions.Course(Path(room) / "trial", python, effort, seed)
                records.append(_answer(question, variant, rival, course, mine))
                _write(keep, records)
    if time.monotonic() > until:
        _say(f"Stopped after {minutes:g} minutes; --keep FILE goes on where it was.")
    _print(records, as_json)


def _answer(
    question: str, variant: str, rival: Peer, course: questions.Course, mine: Sequence[Record]
) -> Record:
    _say(f"{rival.name}: {question} {variant}".rstrip())
    try:
        return questions.ask(question, variant, rival, course, mine)
    except (TimeoutError, RuntimeError, OSError) as fault:
        told = {"question": question, "variant": variant, "peer": rival.name}
        return {**told, "failed": one_line(_last_line(fault))}


def _last_line(fault: Exception) -> str:
    """Return what a traceback from a trial's own process comes down to."""
    return (str(fault).strip().splitlines() or [type(fault).__name__])[-1]


def _ready(chosen: Sequence[str], folder: Path, install: bool) -> None:
    """Install what is missing, or say what to do."""
    packages = dict.fromkeys(peer.find(name).package for name in chosen)
    lacking = [package for package in packages if venvs.missing(package, folder)]
    if lacking and not install:
        raise click.UsageError(
            f"Not installed: {', '.join(lacking)}. Give --install, or name who is with --only."
        )
    for package in lacking:
        _say(f"installing {package} {venvs.version(package)} in {folder}")
        try:
            venvs.install(package, folder)
        except CalledProcessError as fault:
            raise click.ClickException(
                f"{package} could not be installed (pip: {fault})."
            ) from None


def _of(records: Sequence[Record], question: str, rival: Peer) -> list[Record]:
    return [r for r in records if r["question"] == question and r["peer"] == rival.name]


def _kept(keep: Path | None) -> list[Record]:
    if keep is None or not keep.exists():
        return []
    try:
        return list(json.loads(keep.read_text())["answers"])
    except (ValueError, KeyError, TypeError):
        raise click.UsageError(f"{keep} holds no answers of this benchmark.") from None


def _write(keep: Path | None, records: Sequence[Record]) -> None:
    if keep is not None:
        fresh = keep.with_name(keep.name + ".new")
        fresh.write_text(json.dumps(_whole(records), indent=1) + "\n")
        fresh.replace(keep)


def _print(records: Sequence[Record], as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(_whole(records), indent=1))
        return
    console = Console()
    for table in tables(records):
        console.print(table)
        console.print()
    for name in (*peer.RIVALS, *peer.ALSO_TIMED):
        rival = peer.find(name)
        console.print(f"{rival.name}{_version(rival)}: {rival.note}", style="dim", highlight=False)


def _whole(records: Sequence[Record]) -> dict[str, Any]:
    machine = {
        "system": f"{platform.system()} {platform.release()}",
        "processors": os.cpu_count(),
        "python": platform.python_version(),
    }
    found = [peer.find(name) for name in peer.RIVALS]
    versions = {rival.name: _version(rival).strip() for rival in found if rival.package}
    return {"machine": machine, "versions": versions, "answers": list(records)}


def _version(rival: Peer) -> str:
    return f" {venvs.version(rival.package)}" if rival.package else ""


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    os.nice(10)
    main()
