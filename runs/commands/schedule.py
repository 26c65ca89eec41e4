"""`cambrian schedule`: discovery runs that the clock starts."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from evaluators.decimals import fixed
from programs.errors import InputError
from runs.commands.common import db_option, existing_store, json_option, out, print_json

if TYPE_CHECKING:
    from runs.roster import Schedule
    from runs.store import Store

NAME = click.argument("name")


@click.group(name="schedule")
def command() -> None:
    """Start discovery runs by the clock: systemd where it is, else cron.

    Each run begins with the best known and spends a fresh budget; a digest says what is new.

    Example: cambrian schedule add nightly --every 1d --at 02:00 -- run digits --usd 2 --hours 4
    """


@command.command()
@NAME
@click.option("--every", default="1d", show_default=True, help="30m, 6h, 1d or 1w.")
@click.option("--at", default="02:00", show_default=True, help="HH:MM, or e.g. `mon HH:MM`.")
@click.option("--print", "only_print", is_flag=True, help="Show what would be written, and stop.")
@click.option(
    "--keeper",
    type=click.Choice(["systemd", "cron"]),
    help="Whose clock.  [default: systemd where it answers, else cron]",
)
@db_option
@click.argument("words", nargs=-1, required=True, metavar="-- run TASK …")
def add(
    name: str,
    every: str,
    at: str,
    only_print: bool,
    keeper: str | None,
    db: Path,
    words: tuple[str, ...],
) -> None:
    """Start `cambrian run TASK …` at due times under NAME.

    Example: cambrian schedule add nightly --every 1d --at 02:00 -- run digits --usd 2 --hours 4
    """
    from runs import roster, timers
    from runs.store import Store

    words = _checked(name, words, db)
    if only_print:
        chosen = timers.KEEPERS[keeper] if keeper else timers.keeper_for_print()
    else:
        chosen = timers.KEEPERS[keeper] if keeper else timers.keeper_here()
    schedule = roster.Schedule(name, words, every, at, chosen.name, str(Path.cwd()))
    due = schedule.rhythm.next(datetime.now())
    if only_print:
        click.echo(chosen.text(schedule, db), nl=False)
        return
    with Store.open(db) as store:
        roster.add(store, schedule)
        try:
            chosen.install(schedule, db)
        except BaseException:
            roster.remove(store, name)
            raise
    click.echo(f"{name}: every {every} at {at} by {chosen.name}, next {due:%Y-%m-%d %H:%M}")
    if chosen.name == "systemd" and not timers.lingers():
        click.echo(
            "It starts only while you are logged in, until `loginctl enable-linger`.", err=True
        )


@command.command(name="list")
@db_option
@json_option
def list_(db: Path, as_json: bool) -> None:
    """List schedules: next and last time, exit code, best so far.

    Example: cambrian schedule list --json
    """
    from runs import roster

    with existing_store(db) as store:
        found = [_facts(store, schedule) for schedule in roster.schedules(store)]
    if as_json:
        print_json(found)
        return
    if not found:
        out().print("There is no schedule yet: `cambrian schedule add` makes one.")
        return
    from rich.table import Table

    table = Table(box=None, padding=(0, 1))
    for heading in ("name", "state", "next", "last", "exit", "best", "every"):
        table.add_column(heading, no_wrap=True)
    for fact in found:
        code = "–" if fact["exit"] is None else str(fact["exit"])
        best = "–" if fact["best"] is None else fixed(fact["best"])
        times = [(fact[when] or "–")[:16].replace("T", " ") for when in ("next", "last")]
        rhythm = f"{fact['every']} {fact['at']}"
        table.add_row(fact["name"], fact["state"], *times, code, best, rhythm)
    out().print(table)
    # A command is longer than what a table on 80 columns has left for it.
    for fact in found:
        text = f" {fact['name']}: {shlex.join(fact['command'])}"
        out().print(text, style="dim", markup=False, soft_wrap=True)


@command.command()
@NAME
@click.option("--due", is_flag=True, help="Only if a run is due, or one died with its machine.")
@db_option
def run(name: str, due: bool, db: Path) -> None:
    """Run NAME now, as the clock would; exit code 75 while another run of it is at work.

    Example: cambrian schedule run nightly
    """
    from runs import roster, shifts
    from runs.bulletin import bulletin
    from runs.digest import digest, keep
    from runs.store import Store

    def say(text: str) -> None:
        click.echo(text, err=True)

    with existing_store(db) as store:
        before = len(roster.shifts(store, name))
    try:
        code = shifts.work(db, name, _start(db), say, due_only=due)
    finally:
        with Store.open(db) as store:
            if len(roster.shifts(store, name)) > before:
                made = digest(store, scope=name)
                keep(store, made)
                click.echo(bulletin(made))
    click.get_current_context().exit(code)


@command.command()
@NAME
@click.option("-n", "--lines", default=100, show_default=True, help="How many.")
@db_option
def logs(name: str, lines: int, db: Path) -> None:
    """Print what the last runs of NAME wrote.

    Example: cambrian schedule logs nightly -n 50
    """
    from runs import roster, timers

    with existing_store(db) as store:
        keeper = timers.KEEPERS[roster.named(store, name).keeper]
    click.echo(keeper.log(name, db, lines), nl=False)


@command.command()
@NAME
@db_option
def pause(name: str, db: Path) -> None:
    """Start NAME no more until it is resumed; a run at work goes on.

    Example: cambrian schedule pause nightly
    """
    from runs import roster, timers

    with existing_store(db) as store:
        timers.KEEPERS[roster.named(store, name).keeper].pause(name)
        roster.pause(store, name, True)
    click.echo(f"{name} is paused; `cambrian schedule resume {name}` starts it again.")


@command.command()
@NAME
@db_option
def resume(name: str, db: Path) -> None:
    """Start NAME again at its due times.

    Example: cambrian schedule resume nightly
    """
    from runs import roster, timers

    with existing_store(db) as store:
        schedule = roster.named(store, name)
        timers.KEEPERS[schedule.keeper].resume(schedule, db)
        roster.pause(store, name, False)
    due = schedule.rhythm.next(datetime.now())
    click.echo(f"{name} runs again, next {due:%Y-%m-%d %H:%M}.")


@command.command()
@NAME
@db_option
def remove(name: str, db: Path) -> None:
    """Forget NAME; what its runs found stays.

    Example: cambrian schedule remove nightly
    """
    from runs import roster, timers

    with existing_store(db) as store:
        timers.KEEPERS[roster.named(store, name).keeper].remove(name)
        roster.remove(store, name)
    click.echo(f"{name} is gone; what its runs found stays in {db}.")


def _checked(name: str, words: tuple[str, ...], db: Path) -> tuple[str, ...]:
    """Refuse at once what could not run at night."""
    import re

    if not re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,39}", name):
        raise InputError(f"`{name}` cannot name a schedule: use a-z, 0-9, - and _.")
    words = words[1:] if words[0] == "cambrian" else words
    if words[0] != "run":
        raise InputError(f"Only `run` can be scheduled, not `{words[0]}`: -- run TASK …")
    given = _options(words, db)
    barred = [flag for flag in ("resume", "detach", "replay") if given[flag]]
    if barred:
        raise InputError(f"A scheduled run takes no `--{barred[0]}`.")
    if given["task"] is None:
        raise InputError("Name a task to search on: -- run digits")
    _demand_fit(given)
    return words


def _demand_fit(given: dict[str, Any]) -> None:
    """Refuse a task, proposers or other settings that no run could begin with."""
    from runs.commands.run import configured
    from runs.start import fitted

    elsewhere = ("resume", "detach", "unsafe", "db", "display")
    fitted(configured(**{name: value for name, value in given.items() if name not in elsewhere}))


def _options(words: Sequence[str], db: Path) -> dict[str, Any]:
    from runs.commands.run import command as run_command

    args = [*words[1:], "--db", str(db)]
    # As under the whole command, so that its settings from files and environment count here too.
    here = click.get_current_context(silent=True)
    root = None if here is None else here.find_root()
    with run_command.make_context("run", args, parent=root) as context:
        return dict(context.params)


def _start(db: Path) -> Callable[[Sequence[str], Callable[[str], None]], int]:
    from runs.commands.run import carry_out

    def start(words: Sequence[str], ready: Callable[[str], None]) -> int:
        given = _options(words, db)
        given.pop("detach")
        return carry_out(ready, **given)

    return start


def _facts(store: Store, schedule: Schedule) -> dict[str, Any]:
    from runs import roster

    latest = roster.shifts(store, schedule.name, 1)
    last = latest[0] if latest else None
    due = None if schedule.paused else schedule.rhythm.next(datetime.now()).isoformat()
    state = "paused" if schedule.paused else "waiting"
    if last is not None and last.ended is None:
        state = "at work" if last.at_work else "died"
    started = None if last is None else datetime.fromisoformat(last.started).astimezone()
    return {
        "name": schedule.name,
        "state": state,
        "next": due,
        "last": None if started is None else started.replace(tzinfo=None).isoformat(),
        "exit": None if last is None else last.code,
        "message": "" if last is None else last.message,
        "run": None if last is None else last.run,
        "best": roster.best_of(store, schedule.name),
        "every": schedule.every,
        "at": schedule.at,
        "keeper": schedule.keeper,
        "command": list(schedule.command),
    }
